"""`okr add FILE` from start to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from okr_reports import okrs, settings
from okr_reports.adding import preview
from okr_reports.adding.dialog import Added, choose, somebody_is_there, understand
from okr_reports.adding.guess import spacing
from okr_reports.adding.write import kpis_kept, write
from okr_reports.errors import OkrError, shown_path
from okr_reports.settings import Workspace


def add(
    workspace: Workspace,
    file: Path,
    *,
    source_id: str | None,
    preset: str | None,
    given: Sequence[str] = (),
    yes: bool,
    quiet: bool,
) -> dict[str, Any]:
    """Understand the file, ask, write; what was done, as JSON. With `quiet` nothing is printed and nothing asked.

    Raises OkrError with the reason where the file cannot be read; then nothing is written.
    """
    if not file.is_file():
        raise OkrError(f"there is no file {file}; check its name")
    _check_names(source_id, preset)
    defined = okrs.read(workspace.definitions_dir)
    chosen = defined.settings
    asks = not yes and not quiet and somebody_is_there()
    keys = given_keys(given)

    def understood(name: str | None, more: Mapping[str, Any]) -> Added:
        today, ask = settings.today(chosen.timezone), choose if asks else None
        return understand(file, preset, name, today, chosen.currency, chosen.timezone, ask, {**keys, **more})

    added = understood(source_id, {})
    answer = _finish(workspace, added, source_id, asks=asks, quiet=quiet)
    if added.plan:
        name = f"{added.entry['id']}_plan"
        given_wide = {"wide": added.entry["wide"]}
        answer["plan"] = _finish(workspace, understood(name, added.plan | given_wide), name, asks=asks, quiet=quiet)
    if not quiet:
        click.echo("next: okr check, then okr refresh")
        channels = [said["entry"]["channel"] for said in (answer, answer.get("plan")) if said]
        pages = " and ".join(f"channels/{channel}/" for channel in channels)
        click.echo(f"      its numbers stand on {pages} and kpis/ of the site")
    return answer


def _finish(workspace: Workspace, added: Added, source_id: str | None, *, asks: bool, quiet: bool) -> dict[str, Any]:
    """Show what was understood, and write it."""
    defined = okrs.read(workspace.definitions_dir)
    try:
        _take_grain(added, asks)
        _take_id(added, source_id, {source.id for source in defined.file_sources})
        answer = preview.as_json(added)
        if not quiet:
            for line in preview.lines(added):
                click.echo(line)
        if asks and not click.confirm("Write this", default=True):
            raise OkrError(
                "nothing was written; `--preset`, `--id` change what is taken, and the entry can be written by hand"
            )
        path = write(added, workspace.definitions_dir, defined)
    finally:
        added.rows.close()
    kept = kpis_kept(added, defined)
    answer |= {"entry": added.entry, "written": str(shown_path(path)), "kpis_kept": kept, "next": "okr refresh"}
    if not quiet:
        click.echo(
            f"{shown_path(path)}: written, the source {added.entry['id']} and its KPIs; a wrong guess is one line there"
        )
        for name in kept:
            click.echo(f"the KPI {name} is there already and stays; no other was written for it")
    return answer


def _check_names(source_id: str | None, preset: str | None) -> None:
    from pydantic_core import PydanticCustomError

    from okr_reports.okrs.models.file_sources import FileSourceEntry
    from okr_reports.okrs.presets import find_preset

    try:
        if preset is not None:
            find_preset(preset)
        if source_id is not None:
            FileSourceEntry.model_validate(
                {"id": source_id, "path": "x.csv", "channel": source_id, "date": "d", "measures": {"m": "m"}}
            )
    except PydanticCustomError as refused:
        context = refused.context or {}
        raise OkrError(f"{context.get('what')}; {context.get('todo')}") from None
    except ValueError:
        raise OkrError(f"{source_id!r} is no id; use small letters a-z, digits and _, starting with a letter") from None


def given_keys(pairs: Sequence[str]) -> dict[str, Any]:
    """Keys of the entry from KEY=VALUE, values as in YAML. Raises OkrError."""
    from okr_reports.okrs.models.file_sources import FileMapping
    from okr_reports.okrs.words import nearest
    from okr_reports.okrs.yaml_reader import read_yaml

    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or key not in FileMapping.model_fields:
            raise OkrError(
                f"--set {pair!r}: {nearest(key, FileMapping.model_fields)}, as in --set timezone=Europe/Madrid"
            )
        content, findings = read_yaml(f"{key}: {text}\n".encode(), "--set")
        if findings:
            raise OkrError(f"--set {pair!r}: {findings[0].what}; {findings[0].todo}")
        found[key] = content[key]
    return found


def _take_id(added: Added, wanted: str | None, taken: set[str]) -> None:
    """An id that is free, unless one was asked for; a second export of a vendor is a source of the same channel."""
    name = added.entry["id"]
    if wanted is not None or name not in taken:
        return
    number = next(at for at in range(2, 10_000) if f"{name}_{at}" not in taken)
    added.entry["id"] = f"{name}_{number}"


def _take_grain(added: Added, asks: bool) -> None:
    """Days that are a week or a month apart say another grain than a day: asked, or taken and said."""
    if added.entry.keys() & {"grain", "end_date", "wide"} or (added.preset and added.preset.wide):
        return
    days = [day for (day,) in added.rows.connection.execute("select distinct date from rows order by 1").fetchall()]
    grain = spacing(days)
    if grain is None:
        return
    question = f"Its {len(days)} dates are a {grain} apart. What does a row hold"
    answers = [f"the sum of its {grain}", "a reading on that day (a stock)", "what happened on that day alone"]
    if asks:
        added.entry["grain"] = (grain, "reading", "day")[choose(question, answers)]
    else:
        added.entry["grain"] = grain
        added.assumed.append(f"a row holds the sum of its {grain}, since its {len(days)} dates are a {grain} apart")
