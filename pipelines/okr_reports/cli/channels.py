"""Commands about channels that the definitions bring: `okr channel lock`."""

from __future__ import annotations

import click

from okr_reports.cli.group import main
from okr_reports.errors import OkrError, did_you_mean
from okr_reports.settings import Workspace


@main.group()
def channel() -> None:
    """Connectors that `channels` of the definitions name."""


@channel.command()
@click.argument("names", nargs=-1, metavar="[ID]...")
def lock(names: tuple[str, ...]) -> None:
    """Lock what connectors install, with hashes, beside their definitions.

    Without ID every channel of a Singer tap, an Airbyte connector or manifest. Commit the files: a refresh installs
    what they say and nothing else.
    """
    from okr_reports import okrs
    from okr_reports.channels.runners.environments import lock as write_lock
    from okr_reports.channels.runners.environments import lock_path, requirement

    sources = okrs.read(Workspace.from_environment().definitions_dir).file_sources
    packages = {
        source.id: source for source in sources if source.connector is not None and requirement(source) is not None
    }
    for name in names:
        if name not in packages:
            known = f"there are {', '.join(packages) or 'none'}"
            raise OkrError(f"no channel {name!r} has a package; {did_you_mean(name, packages, known)}")
    for name in names or packages:
        count = write_lock(packages[name])
        click.echo(f"{lock_path(packages[name])}: {count} packages")
