"""Commands by which people say how it stands, and which alerts they do not need: check-in, desk, mute."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from okr_reports.commands.output import json_option, print_json
from okr_reports.settings import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence


from okr_reports.cli.group import DAY, PORT, day_of, host_names_option, main


@main.command("check-in")
@click.argument("key_result", required=False)
@click.option("--date", type=DAY, help="Its day; today by default.")
@click.option("--author", help="Who says it; $USER by default.")
@click.option("--confidence", help="How sure that it will be reached: 0.7 or 70%.")
@click.option("--value", help="The value now, for a key result without a KPI.")
@click.option("--done", help="Ids of the milestones done by now, with commas.")
@click.option("--met", type=bool, help="For a binary key result.")
@click.option("--grade", help="For a qualitative key result: 0 to 1.")
@click.option("--evidence", help="How many users or tests it rests on, where the key result asks for evidence.")
@click.option("--note", help="What happened.")
@click.option("--next", "next_", help="What is next.")
@click.option(
    "--previous-next", type=click.Choice(["done", "open", "dropped"]), help="What became of the step announced before."
)
@json_option
def check_in(key_result: str | None, date: datetime | None, next_: str | None, as_json: bool, **answers: Any) -> None:
    """Check in on KEY_RESULT: shows the numbers, asks, writes a file in okr_definitions/check_ins/.

    Without a name it lists what waits, and for whom. With --json it asks nothing.
    """
    from okr_reports.commands.check_in import check_in as run
    from okr_reports.commands.check_in import waiting

    if key_result is None:
        listed = [
            {"key_result": item.result.id, "title": item.title, "owner": item.owner, "overdue": item.is_overdue,
             "last_check_in": None if item.last_day is None else item.last_day.isoformat()}
            for item in waiting(Workspace.from_environment())
        ]  # fmt: skip
        if as_json:
            print_json(listed)
            return
        for entry in listed:
            last = f"last {entry['last_check_in']}" if entry["last_check_in"] else "never"
            owner = f" ({entry['owner']})" if entry["owner"] else ""
            click.echo(f"{'overdue ' if entry['overdue'] else '        '}{entry['key_result']}{owner}: {last}")
        click.echo("check in with: okr check-in KEY_RESULT" if listed else "no key result is running today", err=True)
        return
    path = run(
        Workspace.from_environment(), key_result, {"date": day_of(date), "next": next_, **answers}, ask=not as_json
    )
    if as_json:
        print_json({"path": str(path)})
        return
    click.echo(f"{path}: written; commit it, and the next `okr refresh` shows it")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen here; others need --person-header.")
@click.option("--port", type=PORT, default=8090, show_default=True, help="0 takes a free one.")
@click.option("--commit", is_flag=True, help="Commit what is written, as the person who wrote it.")
@click.option("--push", is_flag=True, help="Push each commit; with --commit.")
@click.option("--branch", is_flag=True, help="Push each change to a branch of its own, for review, instead.")
@click.option("--person-header", metavar="NAME", help="The header in which your proxy says who is logged in.")
@click.option(
    "--trusted-proxy", "proxies", multiple=True, metavar="ADDRESS", default=("127.0.0.1", "::1"), show_default=True,
    help="Who may set that header; may be repeated.",
)  # fmt: skip
@host_names_option
def desk(host: str, port: int, commit: bool, push: bool, host_names: Sequence[str], **given: Any) -> None:
    """Forms in the browser for check-ins, notes, objectives, key results and KPIs; they write okr_definitions/."""
    if push and not commit:
        raise click.UsageError("--push pushes commits: give --commit too")
    if commit and given["branch"]:
        raise click.UsageError("--branch leaves the folder as it is and --commit commits in it: give one of them")
    from functools import partial

    from okr_reports.commands.diff import compared
    from okr_reports.desk import DeskOptions, serve_desk

    workspace = Workspace.from_environment()
    options = DeskOptions(
        commit,
        push,
        given["branch"],
        given["person_header"],
        tuple(given["proxies"]),
        tuple(host_names),
        partial(compared, workspace),
    )
    serve_desk(workspace, host, port, options, click.echo)


@main.command()
@click.argument("kpi")
@click.option("--until", type=DAY, metavar="DAY", help="The last day that raises no alert; without it none does.")
@click.option("--reason", metavar="TEXT", help="Why, for those who review it.")
@json_option
def mute(kpi: str, until: datetime | None, reason: str | None, as_json: bool) -> None:
    """Raise no alerts of KPI: writes a file in okr_definitions/mutes/; remove it to get alerts again."""
    from okr_reports import settings
    from okr_reports.findings import read_definitions
    from okr_reports.okrs.mute import write_mute

    workspace = Workspace.from_environment()
    defined = read_definitions(workspace)
    today = settings.today(defined.settings.timezone)
    path = write_mute(
        workspace.definitions_dir, defined, kpi=kpi, until=day_of(until), reason=reason, today=today
    )  # fmt: skip
    if as_json:
        print_json({"path": str(path)})
        return
    click.echo(f"{path}: written; commit it, and the next `okr refresh` knows it")
