"""Commands about workspaces: init, clear-demo, clean, extension, check, diff, doctor, sandbox and their like."""

from __future__ import annotations

import shlex
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_reports.commands.extension import KINDS, make_extension
from okr_reports.commands.output import json_option, number_of, print_json
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace, quiet_environment

if TYPE_CHECKING:
    from collections.abc import Sequence


from okr_reports.cli.group import PORT, host_names_option, main


@main.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--empty", is_flag=True, help="Without the demo's definitions: settings and report pages alone.")
def init(directory: Path, empty: bool) -> None:
    """Make a new workspace in DIR: definitions, report pages, settings."""
    from okr_reports.commands.init import DEMO_DAY, make_workspace

    make_workspace(directory, empty=empty)
    click.echo(f"{directory} is ready; next:")
    click.echo(f"  cd {shlex.quote(str(directory))}")
    if not empty:
        click.echo(f"  OKR_TODAY={DEMO_DAY} okr sandbox -- okr refresh")
        click.echo("                 try it: every channel answered by the sandbox, on a day of the demo's quarter")
    click.echo("  okr add FILE   makes a spreadsheet or an export a source; channels have their settings in .dlt/")
    click.echo("  okr check      after each change of okr_definitions/ or reports/")
    click.echo("  okr refresh    loads, scores and publishes")


@main.command("migrate-evidence")
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--into", type=click.Path(path_type=Path), help="The new workspace; DIR with -okr behind it otherwise.")
@json_option
def migrate_evidence(source: Path, into: Path | None, as_json: bool) -> None:
    """Make a workspace of the Evidence project in DIR: pages, queries, sources, pictures. DIR stays as it is.

    What has no like here is listed with file, line and why; then the new workspace is checked. Exit code 0, or 1 where
    that finds errors.
    """
    from okr_reports.adding.evidence import migrate
    from okr_reports.commands.init import make_workspace
    from okr_reports.findings import examine
    from okr_reports.report_site.renderer.client import get_ready

    get_ready()
    target = into or source.resolve().with_name(f"{source.resolve().name}-okr")
    make_workspace(target, empty=True, pages=False)
    done = migrate(source.resolve(), target)
    found = examine(Workspace(target / "okr_definitions", target / "reports", target / ".okr")).findings
    errors = [finding for finding in found if finding.severity == "error"]
    left = [f"{path.relative_to(source.resolve())}:{line}: {what}: {why}" for path, line, what, why in done.left]
    if as_json:
        print_json(
            {"workspace": str(target), "pages": done.pages, "tables": done.tables, "left": left,
             "findings": [asdict(finding) for finding in found]}
        )  # fmt: skip
    else:
        for line in left:
            click.echo(f"left: {line}")
        for finding in found:
            click.echo(str(finding))
        click.echo(
            f"{target}: {number_of(len(done.pages), 'page')}, {number_of(len(done.tables), 'table')}; next:", err=True
        )
        click.echo(f"  cd {shlex.quote(str(target))} && okr check && okr refresh", err=True)
    sys.exit(1 if errors else 0)


@main.group()
def extension() -> None:
    """Packages that bring components, presets, types of key results or deliveries."""


@extension.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it brings.")
@click.option("--into", type=click.Path(path_type=Path), default=".", help="The folder that it is made in.")
def extension_new(name: str, kind: str, into: Path) -> None:
    """Make the package NAME with one working example and its test."""
    folder = make_extension(name, kind, into)
    click.echo(f"{folder} is ready; next:")
    click.echo(f"  pip install -e {shlex.quote(str(folder))}")
    click.echo(f"  okr extension check {name} && python -m pytest {shlex.quote(str(folder / 'tests'))}")


@extension.command("check")
@click.argument("package", required=False)
def extension_check(package: str | None) -> None:
    """Try what installed packages bring as it will be used; of PACKAGE alone, or of all."""
    from okr_reports.commands.extension_check import check_extensions

    tried, wrong = check_extensions(package)
    for whose in tried:
        if not any(fault.startswith(f"{whose}: ") for fault in wrong):
            click.echo(f"ok    {whose}")
    for fault in wrong:
        click.echo(f"error {fault}")
    sys.exit(1 if wrong else 0)


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
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option("--caches", is_flag=True, help="Also what the next refresh makes again: rendered pages, dbt's target.")
@json_option
def clean(dry_run: bool, caches: bool, as_json: bool) -> None:
    """Remove what is no longer needed in the data folder: old runs, releases, load packages, logs.

    Numbers, history and what was sent to whom are never touched.
    """
    from okr_reports.commands.clean import removable, remove
    from okr_reports.warehouse.lock import writer_lock

    workspace = Workspace.from_environment()
    if not workspace.data_dir.is_dir():
        raise OkrError(f"{workspace.data_dir} is not there; run okr clean in a workspace that was refreshed")
    quiet_environment(workspace, only_look=True)
    with nullcontext() if dry_run else writer_lock(workspace, wait_seconds=0):
        found = [(part.what, part.count, part.size, part) for part in removable(workspace, caches=caches)]
        if not dry_run:
            remove(workspace, [part for *_, part in found])
    total = sum(size for _, _, size, _ in found)
    if as_json:
        parts = [{"what": what, "count": count, "bytes": size} for what, count, size, _ in found]
        print_json({"dry_run": dry_run, "removed" if not dry_run else "removable": parts, "bytes": total})
        return
    for what, count, size, _ in found:
        click.echo(f"{size / 1e6:8.1f} MB  {count:5}  {what}")
    verb = "would go" if dry_run else "removed"
    click.echo(f"{total / 1e6:8.1f} MB  {verb}" + ("" if found else "; nothing is old enough"))


@main.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option(
    "--site", "target", type=click.Path(path_type=Path), metavar="OUT",
    help="Write the portfolio, a page over all of them, into this folder, which it replaces.",
)  # fmt: skip
@click.option("--locale", default="en-GB", show_default=True, metavar="L", help="The language and dates of that page.")
@click.option("--refresh", "refreshes", is_flag=True, help="Refresh each of them first; exit 1 if one fails.")
@click.option("--at-once", default=3, show_default=True, type=click.IntRange(1), help="How many are refreshed at once.")
@json_option
def workspaces(folder: Path, target: Path | None, locale: str, refreshes: bool, at_once: int, as_json: bool) -> None:
    """List the workspaces below DIR with their last refresh, verdicts and sources; exit 1 if one cannot be read."""
    from okr_reports.commands.workspaces import line, write_page
    from okr_reports.commands.workspaces import workspaces as listed
    from okr_reports.common.locales import known_locale

    if known_locale(locale) is None:
        raise click.UsageError(f"--locale {locale} is no locale; write one such as es-ES")

    ended_well = True
    if refreshes:
        from okr_reports.commands.refresh_many import refresh_many
        from okr_reports.commands.workspaces import places

        def say(path: Path, code: int, last: str) -> None:
            click.echo(f"{path}: refreshed" if not code else f"{path}: exit {code}: {last}", err=True)

        ended_well = refresh_many(places(folder), at_once, say)
    rows = []
    for row in listed(folder):
        rows.append(row)
        if not as_json:
            click.echo(line(row, folder))
    if as_json:
        print_json([asdict(row) for row in rows])
    if target is not None:
        page = write_page(rows, folder, target, locale)
        click.echo(page.absolute().as_uri(), err=as_json)
    sys.exit(1 if any(row.error for row in rows) or not ended_well else 0)


@main.command()
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@json_option
def check(strict: bool, as_json: bool) -> None:
    """Validate definitions, report pages and channel settings; one line a finding."""
    from okr_reports.commands.closed_lines import changed_after_close
    from okr_reports.commands.targets import unusual_targets
    from okr_reports.findings import examine, translation_note
    from okr_reports.report_site.renderer.client import get_ready

    get_ready()
    workspace = Workspace.from_environment()
    examined = examine(workspace)
    known = workspace.snapshot, examined.definitions
    found = [*examined.findings, *unusual_targets(*known), *changed_after_close(*known)]
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


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=PORT, default=8765, show_default=True, help="0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same company and faults.")
@click.option(
    "--faults", type=click.FloatRange(0, 1), default=0.0, show_default=True, metavar="RATE",
    help="Share of requests that go wrong.",
)  # fmt: skip
@host_names_option
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


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands and options: eval "$(okr completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # click knows these three
    click.echo(kind(main, {}, "okr", "_OKR_COMPLETE").source())
