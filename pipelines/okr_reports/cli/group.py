"""The group `okr`, what runs it, and the options that several commands share."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from okr_reports.commands.older_workspace import bring_over
from okr_reports.commands.output import OkrGroup
from okr_reports.common.isolated import IsolatingStream
from okr_reports.settings import Workspace

if TYPE_CHECKING:
    pass

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
DAY = click.DateTime(formats=["%Y-%m-%d"])
PORT = click.IntRange(0, 65_535)
host_names_option = click.option(
    "--host-name", "host_names", multiple=True, metavar="NAME",
    help="Answer to this name too, not to 127.0.0.1 and localhost alone; may be repeated.",
)  # fmt: skip
NOT_IN_A_WORKSPACE = ("init", "completion", "workspaces")


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from okr_reports.common.installed import version_line

        click.echo(f"okr, version {version_line()}")
        ctx.exit()


@click.group(cls=OkrGroup, context_settings=CONTEXT)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Marketing OKRs as code, scored from the channels themselves, published as a static site."""
    if ctx.invoked_subcommand not in NOT_IN_A_WORKSPACE:
        for line in bring_over(Workspace.from_environment()):
            click.echo(line, err=True)


def run() -> None:
    """The program `okr`: `main`, and out at once.

    Python would first take down every object of Dagster, dlt and dbt, 1.4 s of a refresh. Nothing needs it: what is
    to be closed at the end has said so to atexit.
    """
    code: str | int | None = 1
    sys.stdout, sys.stderr = IsolatingStream(sys.stdout), IsolatingStream(sys.stderr)
    try:
        main()
    except SystemExit as end:
        code = end.code
    if threading.active_count() > 1 or isinstance(code, str):
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code or 0)


def day_of(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
