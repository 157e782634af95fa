"""The command `okr`. Each command imports what it needs when it runs, so that `okr --help` answers at once."""

from __future__ import annotations

import atexit
import os
import shlex
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okr_reports.commands.answers import COMMANDS
from okr_reports.commands.older_workspace import bring_over
from okr_reports.commands.output import OkrGroup, json_option, number_of, print_json
from okr_reports.common.isolated import IsolatingStream
from okr_reports.errors import OkrError
from okr_reports.settings import ENGINES, Workspace, quiet_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr_reports.deliveries.commands import Done

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_DAY = click.DateTime(formats=["%Y-%m-%d"])
_PORT = click.IntRange(0, 65_535)
_host_names = click.option(
    "--host-name", "host_names", multiple=True, metavar="NAME",
    help="Answer to this name too, not to 127.0.0.1 and localhost alone; may be repeated.",
)  # fmt: skip
NOT_IN_A_WORKSPACE = ("init", "completion")


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


@main.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--empty", is_flag=True, help="Without the demo's definitions: settings and report pages alone.")
def init(directory: Path, empty: bool) -> None:
    """Make a new workspace in DIR: definitions, report pages, settings."""
    from okr_reports.commands.init import DEMO_DAY, make_workspace

    make_workspace(directory, empty=empty)
    click.echo(f"{directory} is ready; next:")
    click.echo(f"  cd {shlex.quote(str(directory))}")
    if empty:
        click.echo("  okr add FILE   makes a spreadsheet or an export a source; channels have their settings in .dlt/")
        click.echo("  okr check      after each change of okr_definitions/ or reports/")
        click.echo("  okr refresh    loads, scores and publishes")
        return
    click.echo(f"  OKR_TODAY={DEMO_DAY} okr sandbox -- okr refresh")
    click.echo("                 try it: every channel answered by the sandbox, on a day of the demo's quarter")
    click.echo("  okr check      after each change of okr_definitions/ or reports/")
    click.echo("  okr refresh    with your channels, once their settings are in .dlt/")


@main.command("clear-demo")
def clear_demo() -> None:
    """Empty what the sandbox loaded and what was published of it; definitions and pages stay."""
    from okr_reports.warehouse import origins
    from okr_reports.warehouse.lock import writer_lock

    workspace = Workspace.from_environment()
    with writer_lock(workspace, wait_seconds=0):
        channels = origins.clear_demo(workspace)
    click.echo(f"emptied: what the sandbox answered for {', '.join(channels)}, and every report made of it")
    click.echo("okr_definitions/ and reports/ stay; next: settings of your channels in .dlt/, then okr refresh")


@main.command()
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@json_option
def check(strict: bool, as_json: bool) -> None:
    """Validate definitions, report pages and channel settings; one line a finding."""
    from okr_reports.findings import examine, translation_note
    from okr_reports.report_site.renderer.client import get_ready

    get_ready()
    workspace = Workspace.from_environment()
    examined = examine(workspace)
    found = examined.findings
    if as_json:
        print_json([asdict(finding) for finding in found])
    for finding in () if as_json else found:
        click.echo(str(finding))
    errors = [finding for finding in found if finding.severity == "error"]
    warnings = len(found) - len(errors)
    for sentence in () if as_json else examined.notes:
        click.echo(f"note: {sentence}", err=True)
    if not errors and not as_json:
        from okr_reports.commands.diff import uncommitted

        for sentence in uncommitted(workspace):
            click.echo(f"not committed yet: {sentence}", err=True)
    if note := translation_note(workspace, examined.locale):
        click.echo(note, err=True)
    click.echo(f"{number_of(len(errors), 'error')}, {number_of(warnings, 'warning')}", err=True)
    sys.exit(1 if errors or (strict and warnings) else 0)


@main.command()
@click.argument("reference", metavar="[REF]", default="HEAD")
@click.option("--exit-code", is_flag=True, help="Exit 3 if anything changes.")
@json_option
def diff(reference: str, exit_code: bool, as_json: bool) -> None:
    """What the definitions change against git revision REF (the last commit by default), as Markdown.

    Texts and owners are left out: only what moves a number, a verdict or a record.
    """
    from okr_reports.commands.diff import as_markdown
    from okr_reports.commands.diff import diff as run

    lines = run(Workspace.from_environment(), reference)
    print_json(lines) if as_json else click.echo(as_markdown(lines, reference), nl=False)
    sys.exit(3 if lines and exit_code else 0)


@main.command()
@click.option("--channel", "channels", multiple=True, metavar="C", help="Load this channel only; may be repeated.")
@click.option("--from", "from_day", type=_DAY, help="Load account days from this one on.")
@click.option("--to", "to_day", type=_DAY, help="Load account days up to this one.")
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

        sys.exit(refresh_elsewhere(dagster, list(channels), _day(from_day), _day(to_day), wait, as_json))
    if engine:
        os.environ["OKR_ENGINE"] = engine
    workspace = Workspace.from_environment()
    from okr_reports.commands.refresh_here import run_refresh, without_collection

    with without_collection():
        errors = _refused(workspace, channels, _day(from_day), into_the_past)
    if errors:
        click.echo("\n".join(errors), err=True)
        click.echo("nothing was published; mend the lines above and run `okr refresh` again", err=True)
        if as_json:
            print_json({"published": False, "errors": errors})
        sys.exit(2)
    quiet_environment(workspace)
    sys.exit(run_refresh(workspace, list(channels), _day(from_day), _day(to_day), wait, as_json, into_the_past))


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


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@main.command()
@click.option("--as-of", type=_DAY, metavar="D", help="As it was known at the end of day D (YYYY-MM-DD).")
@click.option("--rollback", is_flag=True, help="Put the release before the current one back in place.")
@click.option(
    "--pdf", is_flag=False, flag_value="", metavar="[FILE]", help="Also print all pages; to pdf/ of the data folder."
)
@click.option(
    "--page", "pages", multiple=True, metavar="ROUTE", help="Print this page, such as objectives/<id>, index."
)
@json_option
def report(as_of: datetime | None, rollback: bool, pdf: str | None, pages: tuple[str, ...], as_json: bool) -> None:
    """Build the site again from the warehouse.

    Exit code 0; 1 if pages could not be made (the others are published); 2 if nothing was published.
    """
    if pages and pdf is None:
        raise click.UsageError("--page goes with --pdf")
    if as_of and rollback:
        raise click.UsageError("--as-of and --rollback exclude each other")
    from okr_reports.report_site.renderer.client import get_ready

    get_ready()
    workspace = Workspace.from_environment()
    answer = {"release_id": _rolled_back(workspace)} if rollback else _reported(workspace, _day(as_of))
    if pdf is not None:
        from okr_reports.report_site.pdf import all_routes, write_pdf

        release = workspace.site_dir / "current"
        name = pages[0].strip("/") or "index" if len(pages) == 1 else "pages" if pages else "site"
        target = Path(pdf) if pdf else workspace.data_dir / "pdf" / f"{name}.pdf"
        answer["pdf"] = str(write_pdf(release, pages or all_routes(release), target))
    if as_json:
        print_json(answer)
    elif "site" in answer:
        click.echo(f"{answer['pages']} pages: {answer['site']}")
    else:
        click.echo(f"now in place: {answer['release_id']}")
    if pdf is not None and not as_json:
        click.echo(f"printed: {answer['pdf']}")
    sys.exit(1 if "faults" in answer else 0)


def _rolled_back(workspace: Workspace) -> str:
    from okr_reports.report_site.publish import rollback

    return rollback(workspace.site_dir).name


def _reported(workspace: Workspace, as_of: date | None) -> dict[str, Any]:
    from okr_reports.common.progress import shown
    from okr_reports.refresh import publish_as_of, publish_site, settings_not_reported

    if not as_of and (changed := settings_not_reported(workspace)):
        click.echo(changed, err=True)
    with shown():
        published = publish_as_of(workspace, as_of) if as_of else publish_site(workspace)
    for fault in published.faults:
        click.echo(fault, err=True)
    site = (workspace.site_dir / "current" / "index.html").absolute().as_uri()
    answer = {"release_id": published.release_id, "pages": published.pages, "site": site}
    if published.faults:
        answer["faults"] = list(published.faults)
    if published.missing:
        answer["missing"] = list(published.missing)
        what = f"what was kept for {as_of} is of an older version and has no {', '.join(published.missing)}"
        click.echo(f"{what}; their places are empty, names and thresholds are today's", err=True)
    return answer


@main.command()
@click.option("--port", type=_PORT, default=8080, show_default=True, help="0 takes a free one.")
@click.option("--watch", is_flag=True, help="A preview of the pages, built again whenever one of them changes.")
@_host_names
def serve(port: int, watch: bool, host_names: Sequence[str]) -> None:
    """Serve the published site on 127.0.0.1."""
    workspace = Workspace.from_environment()
    if watch:
        from okr_reports.report_site.watch import serve_watching

        preview = workspace.data_dir / "preview"
        serve_watching(workspace.snapshot, workspace.reports_dir, preview, port, click.echo, names=host_names)
        return
    from okr_reports.report_site.serve import serve as serve_site

    serve_site(workspace.site_dir, port, click.echo, host_names)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen here; others need --person-header.")
@click.option("--port", type=_PORT, default=8090, show_default=True, help="0 takes a free one.")
@click.option("--commit", is_flag=True, help="Commit what is written, as the person who wrote it.")
@click.option("--push", is_flag=True, help="Push each commit; with --commit.")
@click.option("--person-header", metavar="NAME", help="The header in which your proxy says who is logged in.")
@click.option(
    "--trusted-proxy", "proxies", multiple=True, metavar="ADDRESS", default=("127.0.0.1", "::1"), show_default=True,
    help="Who may set that header; may be repeated.",
)  # fmt: skip
@_host_names
def desk(host: str, port: int, commit: bool, push: bool, host_names: Sequence[str], **given: Any) -> None:
    """Forms in the browser for check-ins, next steps and notes; they become files in okr_definitions/."""
    if push and not commit:
        raise click.UsageError("--push pushes commits: give --commit too")
    from okr_reports.desk import DeskOptions, serve_desk

    named = tuple(host_names)
    options = DeskOptions(commit, push, given["person_header"], tuple(given["proxies"]), named)
    serve_desk(Workspace.from_environment(), host, port, options, click.echo)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
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
    file: Path,
    source_id: str | None,
    preset: str | None,
    given: Sequence[str],
    okrs: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Read a spreadsheet or export, show what it is understood as, write its file source and KPIs.

    With --okrs it is a sheet of objectives and key results, which become definitions. With --json it asks nothing.
    """
    workspace = Workspace.from_environment()
    if okrs:
        if source_id or preset:
            raise click.UsageError("--id and --preset are for sources of numbers, not for --okrs")
        from okr_reports.adding.dialog import choose, somebody_is_there
        from okr_reports.adding.okrs import add_okrs, lines

        ask = choose if not (yes or as_json) and somebody_is_there() else None
        told = add_okrs(workspace.definitions_dir, file, given, ask)
        for line in () if as_json else lines(told):
            click.echo(line)
    else:
        from okr_reports.adding.command import add as run

        told = run(workspace, file, source_id=source_id, preset=preset, given=given, yes=yes, quiet=as_json)
    if as_json:
        print_json(told)


@main.command("check-in")
@click.argument("key_result", required=False)
@click.option("--date", type=_DAY, help="Its day; today by default.")
@click.option("--author", help="Who says it; $USER by default.")
@click.option("--confidence", help="How sure that it will be reached: 0.7 or 70%.")
@click.option("--value", help="The value now, for a key result without a KPI.")
@click.option("--done", help="Ids of the milestones done by now, with commas.")
@click.option("--met", type=bool, help="For a binary key result.")
@click.option("--grade", help="For a qualitative key result: 0 to 1.")
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
            {"key_result": one.result.id, "title": one.title, "owner": one.owner, "overdue": one.is_overdue,
             "last_check_in": None if one.last_day is None else one.last_day.isoformat()}
            for one in waiting(Workspace.from_environment())
        ]  # fmt: skip
        if as_json:
            print_json(listed)
            return
        for one in listed:
            last = f"last {one['last_check_in']}" if one["last_check_in"] else "never"
            owner = f" ({one['owner']})" if one["owner"] else ""
            click.echo(f"{'overdue ' if one['overdue'] else '        '}{one['key_result']}{owner}: {last}")
        click.echo("check in with: okr check-in KEY_RESULT" if listed else "no key result is running today", err=True)
        return
    path = run(
        Workspace.from_environment(), key_result, {"date": _day(date), "next": next_, **answers}, ask=not as_json
    )
    if as_json:
        print_json({"path": str(path)})
        return
    click.echo(f"{path}: written; commit it, and the next `okr refresh` shows it")


@main.command()
@click.option("--team", metavar="T", help="This team only.")
@click.option("--dry-run", is_flag=True, help="Write .eml files instead of sending.")
@json_option
def digest(team: str | None, dry_run: bool, as_json: bool) -> None:
    """Mail each team what it needs before its check-in."""
    from okr_reports.refresh import send_digests

    _say(send_digests(Workspace.from_environment(), team=team, dry_run=dry_run), as_json)


def _say(done: Sequence[Done], as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in done])
    for one in () if as_json else done:
        click.echo(str(one))


@main.command()
@click.option("--target", "targets", multiple=True, metavar="NAME", help="This target only; may be repeated.")
@json_option
def publish(targets: Sequence[str], as_json: bool) -> None:
    """Copy the published site to the targets of [deliveries.targets]: folder, object store, git branch.

    Encrypted where a target has a passphrase. `okr refresh` does this by itself once there are targets.
    """
    from okr_reports.common.progress import shown
    from okr_reports.refresh import copy_site

    with shown():
        done = copy_site(Workspace.from_environment(), targets)
    if not done:
        click.echo("no target is set; give one a url under [deliveries.targets.NAME] in .dlt/config.toml", err=True)
    _say(done, as_json)


@main.command()
@click.option(
    "--parquet", "folder", metavar="DIR", type=click.Path(file_okay=False),
    help="Every mart as a Parquet file, to this folder; it is made if it is not there.",
)  # fmt: skip
@click.option(
    "--okrs", "workbook", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
    help="Objectives and key results as one .xlsx, which `okr add --okrs` reads again.",
)  # fmt: skip
@json_option
def export(folder: str | None, workbook: Path | None, as_json: bool) -> None:
    """Write the marts to DIR as Parquet files, with columns.csv saying what each column means, or the OKRs to FILE."""
    if (folder is None) == (workbook is None) or folder == "":
        raise click.UsageError("name a folder with --parquet, or a workbook with --okrs")
    if workbook is not None:
        from okr_reports import okrs
        from okr_reports.adding.okr_export import export_okrs

        count = export_okrs(okrs.read(Workspace.from_environment().definitions_dir), workbook)
        print_json([str(workbook)]) if as_json else click.echo(f"{workbook}: {number_of(count, 'key result')}")
        return
    from okr_reports.warehouse.export import export_parquet

    written = export_parquet(Workspace.from_environment().snapshot, Path(str(folder)))
    print_json([str(path) for path in written]) if as_json else click.echo(f"{folder}: {len(written)} files")


@main.command()
@click.option(
    "--behind-proxy", is_flag=True, help="Dagster's UI listens on the network, and a proxy asks who is there."
)
@click.option("--history", is_flag=True, help="Check every kept day, every part of it: .okr/history/ is read whole.")
@json_option
def doctor(behind_proxy: bool, history: bool, as_json: bool) -> None:
    """Look at everything a refresh needs; exit 1 on a fault."""
    from okr_reports.doctor import examine

    workspace = Workspace.from_environment()
    quiet_environment(workspace, only_look=True)
    found = []
    for diagnosis in examine(workspace, behind_proxy=behind_proxy, history=history):
        found.append(diagnosis)
        if not as_json:
            click.echo(f"{'FAULT' if diagnosis.fault else 'ok':<6}{diagnosis.subject}: {diagnosis.text}")
    if as_json:
        print_json([asdict(diagnosis) for diagnosis in found])
    sys.exit(1 if any(diagnosis.fault for diagnosis in found) else 0)


def _chance(probability: float) -> str:
    from okr_reports.words.chances import chance_words

    return chance_words(lambda text, **values: text % values, lambda share: f"{share:.0%}", probability)


for _command in COMMANDS:
    main.add_command(_command)


@main.command()
@click.argument("key_result")
@click.option("--target", type=float, metavar="X", help="Another target.")
@click.option("--daily", type=float, metavar="X", help="Another daily rate for the days left.")
@json_option
def simulate(key_result: str, target: float | None, daily: float | None, as_json: bool) -> None:
    """What KEY_RESULT needs from here; its score and chance under another target or rate."""
    from okr_reports.commands.simulate import simulate as run

    result = run(Workspace.from_environment().snapshot, key_result, target=target, daily=daily)
    if as_json:
        print_json(asdict(result))
        return
    lines = [
        ("now", f"{result.value:,.2f} of {result.target:,.2f} {result.unit}, {result.days_left} days left"),
        ("so far", None if result.daily_so_far is None else f"{result.daily_so_far:,.2f} a day"),
        ("needed", None if result.needed_daily is None else f"{result.needed_daily:,.2f} a day from here"),
        ("assumed", None if result.daily is None else f"{result.daily:,.2f} a day from here"),
        ("end", f"{result.end:,.2f}, score {result.score:.0%}"),
        ("chance", None if result.probability is None else f"{_chance(result.probability)} to meet the target"),
    ]
    click.echo(result.title)
    for name, text in lines:
        if text is not None:
            click.echo(f"  {name:<8}{text}")


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands and options: eval "$(okr completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # click knows these three
    click.echo(kind(main, {}, "okr", "_OKR_COMPLETE").source())


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=_PORT, default=8765, show_default=True, help="0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same company and faults.")
@click.option(
    "--faults", type=click.FloatRange(0, 1), default=0.0, show_default=True, metavar="RATE",
    help="Share of requests that go wrong.",
)  # fmt: skip
@_host_names
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sandbox(port: int, seed: int, faults: float, host_names: Sequence[str], command: Sequence[str]) -> None:
    """Serve local stand-ins of the channel APIs over one synthetic company.

    With a COMMAND (after --) serve on a free port, run it with every channel pointed here, and end with its exit code.
    """
    from okr_reports.sandbox.serve import run_with_sandbox
    from okr_reports.sandbox.serve import serve as serve_sandbox

    if command:
        sys.exit(run_with_sandbox(list(command), seed, faults, host_names))
    serve_sandbox(port, seed, faults, host_names)
