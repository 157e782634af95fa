"""Commands that bring numbers in and ask about them: refresh, add, simulate."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okr_reports.commands.output import json_option, print_json
from okr_reports.errors import OkrError
from okr_reports.settings import ENGINES, Workspace, quiet_environment

if TYPE_CHECKING:
    from collections.abc import Sequence


from okr_reports.cli.group import DAY, day_of, main


class _Amount(click.ParamType[float]):
    """A number as definitions take it: `12%` is 0.12."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        digits, percent, rest = str(value).partition("%")
        try:
            return float(digits) / (100 if percent else 1) if not rest else float(value)
        except ValueError:
            self.fail(f"{value!r} is no number; write it such as 3.5 or 12%", param, ctx)


@main.command()
@click.option("--channel", "channels", multiple=True, metavar="C", help="Load this channel only; may be repeated.")
@click.option("--from", "from_day", type=DAY, help="Load account days from this one on.")
@click.option("--to", "to_day", type=DAY, help="Load account days up to this one.")
@click.option(
    "--wait", type=click.FloatRange(min=0), default=3600.0, show_default=True,
    help="Seconds to wait for another refresh to end.",
)  # fmt: skip
@click.option("--engine", type=click.Choice(ENGINES), help="What runs the models; else OKR_ENGINE, else duckdb.")
@click.option(
    "--dagster", metavar="URL", envvar="OKR_DAGSTER_URL",
    help="Start the run at this Dagster webserver, by its queue, and watch it; else OKR_DAGSTER_URL, else run it here.",
)  # fmt: skip
@click.option(
    "--into-the-past", is_flag=True,
    help="Withdraw the reports of days after today (OKR_TODAY or the clock) instead of refusing to run.",
)  # fmt: skip
@json_option
def refresh(
    channels: Sequence[str],
    from_day: datetime | None,
    to_day: datetime | None,
    wait: float,
    engine: str | None,
    dagster: str | None,
    into_the_past: bool,
    as_json: bool,
) -> None:
    """Load, score, check, publish: one Dagster run.

    Exit code 0; 1 if a source failed (the rest is published, stamped stale); 2 if nothing was published.
    """
    if (from_day is None) != (to_day is None):
        raise click.UsageError("--from and --to go together")
    if from_day and to_day and from_day > to_day:
        raise click.UsageError("--from is after --to")
    if dagster:
        if engine:
            raise click.UsageError("--engine is for runs here; where Dagster runs, OKR_ENGINE says it")
        if into_the_past:
            raise click.UsageError("--into-the-past is for runs here; at Dagster, set into_the_past of `definitions`")
        from okr_reports.commands.refresh_elsewhere import refresh_elsewhere

        sys.exit(refresh_elsewhere(dagster, list(channels), day_of(from_day), day_of(to_day), wait, as_json))
    if engine:
        os.environ["OKR_ENGINE"] = engine
    workspace = Workspace.from_environment()
    from okr_reports.commands.refresh_here import run_refresh, without_collection

    with without_collection():
        errors = _refused(workspace, channels, day_of(from_day), into_the_past)
    if errors:
        click.echo("\n".join(errors), err=True)
        click.echo("nothing was published; correct the lines above and run `okr refresh` again", err=True)
        if as_json:
            print_json({"published": False, "errors": errors})
        sys.exit(2)
    quiet_environment(workspace)
    sys.exit(run_refresh(workspace, list(channels), day_of(from_day), day_of(to_day), wait, as_json, into_the_past))


def _refused(workspace: Workspace, channels: Sequence[str], from_day: date | None, into_the_past: bool) -> list[str]:
    """Why a refresh would fail, asked before it takes its time."""
    from okr_reports.distributed import reachable
    from okr_reports.findings import errors
    from okr_reports.refresh import check_request

    try:
        found = [str(finding) for finding in errors(workspace, bind=False)]
        if not found:
            check_request(workspace, channels, from_day, into_the_past=into_the_past)
            reachable(workspace)
    except OkrError as error:
        return [str(error)]
    return found


@main.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--channel", metavar="[NAME]", is_flag=False, flag_value="",
    help="A vendor's channel from the gallery instead of a file; without a name: which there are.",
)  # fmt: skip
@click.option(
    "--id", "source_id", metavar="ID", help="The source's id and channel; by default the vendor's or the file's name."
)
@click.option("--preset", metavar="P", help="The vendor's export it is, instead of a guess.")
@click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE",
    help="A key of the source that the file does not say, such as timezone=Europe/Madrid; may be repeated.",
)  # fmt: skip
@click.option("--okrs", is_flag=True, help="It is a sheet of OKRs: one row a key result.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what the file says, and say what was taken for granted.")
@json_option
def add(
    file: Path | None,
    channel: str | None,
    source_id: str | None,
    preset: str | None,
    given: Sequence[str],
    okrs: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Read a spreadsheet or export, show what it is understood as, write its file source and KPIs.

    With --okrs it is a sheet of objectives and key results, which become definitions. With --json it asks nothing.
    With --channel a vendor's declaration, mapping and KPIs are written.
    """
    workspace = Workspace.from_environment()
    if (file is None) == (channel is None):
        raise click.UsageError("name a file, or a vendor with --channel")
    answer: Any
    if channel is not None:
        if okrs or source_id or preset or given:
            raise click.UsageError("--okrs, --id, --preset and --set are for files, not for --channel")
        from okr_reports.adding import gallery

        answer = gallery.add_channel(workspace, channel) if channel else gallery.listed()
        if not as_json and channel:
            gallery.say(answer)
        for line in gallery.lines() if not (as_json or channel) else ():
            click.echo(line)
    elif file is not None and okrs:
        if source_id or preset:
            raise click.UsageError("--id and --preset are for sources of numbers, not for --okrs")
        from okr_reports.adding.dialog import choose, somebody_is_there
        from okr_reports.adding.okrs import add_okrs, lines

        ask = choose if not (yes or as_json) and somebody_is_there() else None
        answer = add_okrs(workspace.definitions_dir, file, given, ask)
        for line in () if as_json else lines(answer):
            click.echo(line)
    elif file is not None:
        from okr_reports.adding.command import add as run

        answer = run(workspace, file, source_id=source_id, preset=preset, given=given, yes=yes, quiet=as_json)
    if as_json:
        print_json(answer)


@main.command()
@click.argument("channel")
@click.option(
    "--export", type=click.Path(path_type=Path), required=True, help="What the vendor's own screen exports, by day."
)
@click.option("--preset", metavar="P", help="The vendor's export it is; by default the channel's.")
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="A key the file does not say, as for add.")
@json_option
def compare(channel: str, export: Path, preset: str | None, given: Sequence[str], as_json: bool) -> None:
    """CHANNEL's days beside an export of the vendor's screen: what differs (exit code 3), and why it may."""
    from okr_reports.adding.command import given_keys
    from okr_reports.adding.compare import compare as run
    from okr_reports.adding.compare import lines

    found = run(Workspace.from_environment().snapshot, channel, export, preset, given_keys(given))
    if as_json:
        print_json(asdict(found))
    for line in () if as_json else lines(found):
        click.echo(line)
    sys.exit(3 if found.differences else 0)


@main.command()
@click.argument("key_result")
@click.option("--target", type=_Amount(), metavar="X", help="Another target, such as 3.5 or 12%.")
@click.option("--daily", type=float, metavar="X", help="Another daily rate for the days left.")
@click.option("--spend", type=float, metavar="X", help="Four weeks with so much more money on the channel of --on.")
@click.option("--on", "channel", metavar="CHANNEL", help="The channel of --spend.")
@json_option
def simulate(
    key_result: str, target: float | None, daily: float | None, spend: float | None, channel: str | None, as_json: bool
) -> None:
    """What KEY_RESULT needs from here; its score and chance under another target or rate; what more money may bring."""
    from okr_reports.commands.simulate import simulate as run

    if (spend is None) != (channel is None) or (spend is not None and (target is not None or daily is not None)):
        raise click.UsageError(
            "--spend and --on go together, and with nothing else: okr simulate KR --spend 1000 --on CHANNEL"
        )
    if spend is not None and channel is not None:
        from okr_reports.commands.budget import lines as in_lines
        from okr_reports.commands.budget import more_on

        found = more_on(Workspace.from_environment().snapshot, key_result, channel, spend)
        print_json(asdict(found)) if as_json else click.echo("\n".join(in_lines(found)))
        return
    result = run(Workspace.from_environment().snapshot, key_result, target=target, daily=daily)
    if as_json:
        print_json(asdict(result))
        return
    weeks = result.weeks
    aim = f"{result.target:,.2f}" + ("" if result.high is None else f" to {result.high:,.2f}")
    lines = [
        ("now", f"{result.value:,.2f} of {aim} {result.unit}, {result.days_left} days left"),
        ("kept", weeks and f"{weeks.kept} of {weeks.observed} {weeks.unit}s so far, {weeks.allowed} may be missed"),
        ("left", weeks and f"{weeks.left} {weeks.unit}s"),
        ("so far", None if result.daily_so_far is None else f"{result.daily_so_far:,.2f} a day"),
        ("needed", None if result.needed_daily is None else f"{result.needed_daily:,.2f} a day from here"),
        ("assumed", None if result.daily is None else f"{result.daily:,.2f} a day from here"),
        (
            "score" if weeks else "end",
            f"{result.score:.0%}" if weeks else f"{result.end:,.2f}, score {result.score:.0%}",
        ),
        ("chance", None if result.probability is None else f"{_chance(result.probability)} to meet the target"),
    ]
    click.echo(result.title)
    for name, text in lines:
        if text is not None:
            click.echo(f"  {name:<8}{text}")


def _chance(probability: float) -> str:
    from okr_reports.words.chances import chance_words

    return chance_words(lambda text, **values: text % values, lambda share: f"{share:.0%}", probability)
