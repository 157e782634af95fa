"""Commands that answer questions from the analysts' copy; `cli/` takes them in."""

from __future__ import annotations

from dataclasses import asdict

import click

from okr_reports.commands.output import json_option, print_json
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace


@click.command()
@click.argument("key_result")
@click.option(
    "--against", type=click.Choice(["previous", "last_year", "pace"]), default="previous", show_default=True,
    help="The four weeks (of monthly data the month) before, the same days a year ago, or what the pace asks for.",
)  # fmt: skip
@json_option
def why(key_result: str, against: str, as_json: bool) -> None:
    """Who moved KEY_RESULT's number: channel, account, campaign; the parts add up to the move exactly."""
    from okr_reports.commands.why import why as explain
    from okr_reports.words.moves import no_name

    found = explain(Workspace.from_environment().snapshot, key_result, against)
    if as_json:
        print_json(asdict(found))
        return
    click.echo(found.sentence)
    for warning in found.warnings:
        click.echo(f"  ({warning})")
    last = ""
    for row in found.drivers:
        if row["dimension"] != last:
            last = row["dimension"]
            click.echo(f"\n{last.replace('_', ' ')}")
        state = "" if row["member_state"] == "both" else f" ({row['member_state']})"
        rate = f", {row['rate_effect']:+,.4f} by its own rate" if row["rate_effect"] else ""
        click.echo(f"  {row['contribution']:+,.4f}  {row['member_title'] or no_name(last)}{state}{rate}")


@click.command()
@click.option("--sql", is_flag=True, help="Answer SELECTs over the marts too: fenced and bounded as those of pages.")
def mcp(sql: bool) -> None:
    """Answer assistants over the Model Context Protocol on standard input and output: read only, bounded."""
    from okr_reports.commands.assistants import server

    server(Workspace.from_environment().snapshot, sql=sql).run()


@click.command()
@click.argument("kpi")
@click.option("--period", required=True, metavar="P", help="The period of the target: 2027-Q1, or one defined.")
@json_option
def suggest(kpi: str, period: str, as_json: bool) -> None:
    """Targets that KPI's own past makes likely: what was reached before, ends with a chance of 90, 70 and 50 %."""
    from okr_reports import okrs
    from okr_reports.commands.suggest import suggest as look

    workspace = Workspace.from_environment()
    span = okrs.read(workspace.definitions_dir).span(period)
    if span is None:
        raise OkrError(f"there is no period {period!r}; write one such as 2027-Q1, 2027-01 or 2027, or define it")
    found = look(workspace.snapshot, kpi, span.start, span.end)
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.title}, {found.start} to {found.end}, known through {found.known_through}, in {found.unit}")
    for start, end, value in found.earlier:
        click.echo(f"  {start} to {end}: {value:,.4g}" if abs(value) < 100 else f"  {start} to {end}: {value:,.0f}")
    words = {90: "safe", 70: "committed", 50: "aspirational: a coin's toss"}
    for chance, value in found.likely.items():
        shown = f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
        click.echo(f"  {chance} in 100: {shown} ({words[chance]})")
    if not found.likely:
        click.echo(f"  no end is called likely: it comes by {found.grain}s, which tell no chances")


COMMANDS = (mcp, suggest, why)
