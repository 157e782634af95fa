"""Commands that give the report out: report, serve, digest, publish, export."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okr_reports.commands.output import json_option, number_of, print_json
from okr_reports.settings import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr_reports.deliveries.commands import Done

from okr_reports.cli.group import DAY, PORT, day_of, host_names_option, main


@main.command()
@click.option("--as-of", type=DAY, metavar="D", help="As it was known at the end of day D (YYYY-MM-DD).")
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
    answer = {"release_id": _rolled_back(workspace)} if rollback else _reported(workspace, day_of(as_of))
    if pdf is not None:
        from okr_reports.report_site.output.pdf import all_routes, write_pdf

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
    from okr_reports.report_site.output.publish import rollback

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
        what = f"what was kept for {as_of} is of an older version and has no {_in_short(published.missing)}"
        click.echo(f"{what}; their places are empty, names and thresholds are today's", err=True)
    return answer


def _in_short(missing: Sequence[str]) -> str:
    """Tables by name, and of the others how many columns: an old version lacks dozens."""
    tables = [name for name in missing if "." not in name]
    columns = Counter(name.partition(".")[0] for name in missing if "." in name)
    return ", ".join([*tables, *(f"{number_of(count, 'column')} of {table}" for table, count in columns.items())])


@main.command()
@click.option("--port", type=PORT, default=8080, show_default=True, help="0 takes a free one.")
@click.option("--watch", is_flag=True, help="A preview of the pages, built again whenever one of them changes.")
@host_names_option
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


@main.group(invoke_without_command=True)
@click.option("--schema", is_flag=True, help="The language of pages as JSON, for editors: tags, tables, columns.")
@click.pass_context
def pages(context: click.Context, schema: bool) -> None:
    """Report pages: a description for editors, and new ones."""
    if schema:
        from okr_reports.report_site.pages.editor import page_schema

        workspace = Workspace.from_environment()
        print_json(page_schema(workspace.reports_dir, workspace.snapshot))
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())


@pages.command("new")
@click.argument("route", metavar="ROUTE")
@click.option(
    "--template", default="overview", show_default=True, type=click.Choice(["comparison", "explorer", "overview"]),
    help="What it begins with.",
)  # fmt: skip
@click.option("--title", help="Its title; the last part of ROUTE otherwise.")
def pages_new(route: str, template: str, title: str | None) -> None:
    """Write reports/pages/ROUTE.md, a page that works at once; change it under `okr serve --watch`."""
    import re

    from okr_reports.report_site.pages.editor import new_page

    if not re.fullmatch(r"[a-z0-9_-]+(/[a-z0-9_-]+)*", route):
        raise click.UsageError(f"{route!r} is no address; use small letters, digits, - and _, such as teams/spend")
    said = title or route.rpartition("/")[2].replace("-", " ").replace("_", " ").capitalize()
    try:
        path = new_page(Workspace.from_environment().reports_dir, route, template, said)
    except FileExistsError as error:
        raise click.UsageError(f"{error.filename} is there; name another page") from None
    click.echo(f"{path} is ready; next: okr serve --watch")


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
        print_json([asdict(outcome) for outcome in done])
    for outcome in () if as_json else done:
        click.echo(str(outcome))


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
