"""The portfolio: one static page over many workspaces, in the look of their sites; it works from disk, offline.

Each row is of one workspace's copy alone, so that what is wrong with one changes no other.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

from babel.dates import format_date
from markupsafe import Markup, escape

from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.formats.words import status_word
from okr_reports.report_site.views.assets import load_assets
from okr_reports.report_site.views.theme import Theme

_ENDED = ("missed", "achieved", "scheduled")


@dataclass(frozen=True)
class Client:
    """One workspace: its `name` among the others, its site's folder if it has one, and what its report says.

    `key_results` counts them by status; `fresh` of `sources` are; with `error` nothing else is known.
    """

    name: str
    site: Path | None = None
    organisation: str | None = None
    refreshed_at: datetime | None = None
    data_through: date | None = None
    key_results: Mapping[str, int] = field(default_factory=dict)
    sources: int = 0
    fresh: int = 0
    error: str | None = None


def write_portfolio(clients: Sequence[Client], folder: Path, locale: str) -> Path:
    """Write `index.html` and its assets into `folder`, replacing it whole; what needs somebody first. Its path.

    Raises OSError where it cannot be written, and ValueError where `folder` holds something else.
    """
    if folder.exists() and any(path.name not in ("index.html", "assets") for path in folder.iterdir()):
        raise ValueError(f"{folder} holds other files; name a folder for the page alone")
    assets = load_assets(Path(os.devnull), Theme())
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    for name, content in assets.files.items():
        path = building / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    page = _page(sorted(clients, key=_urgency), folder, Language(locale, []), locale, assets.css, assets.marks)
    (building / "index.html").write_text(page, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    building.replace(folder)
    return folder / "index.html"


def _urgency(client: Client) -> tuple[bool, int, int, int, str]:
    counts = client.key_results
    late = client.sources - client.fresh
    return client.error is None, -counts.get("off_track", 0), -counts.get("at_risk", 0), -late, client.name


def _page(clients: Sequence[Client], folder: Path, language: Language, locale: str, css: str, marks: Markup) -> str:
    title = language.text("Workspaces")
    heads = (title, language.text("Key results"), language.text("Sources"), language.text("Refreshed"))
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(head) for head in heads)
    rows = Markup("\n").join(_row(client, folder, language, locale) for client in clients)
    return str(
        Markup(
            '<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n'
            '<link rel="icon" href="assets/icon.svg" type="image/svg+xml">\n<link rel="stylesheet" href="{css}">\n'
            '</head>\n<body>\n{marks}\n<main id="content">\n<h1>{title}</h1>\n<div class="table-block"><table>\n'
            "<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>\n</main>\n</body>\n</html>\n"
        ).format(code=language.code, title=title, css=css, marks=marks, head=head, rows=rows)
    )


def _row(client: Client, folder: Path, language: Language, locale: str) -> Markup:
    name: str | Markup = client.organisation or client.name
    if client.site is not None:
        way = quote(Path(os.path.relpath(client.site / "index.html", folder)).as_posix())
        name = Markup('<a href="{}">{}</a>').format(way, name)
    beside = Markup("<br><small>{}</small>").format(client.name) if client.organisation else ""
    first = Markup('<th scope="row">{}{}</th>').format(name, beside)
    if client.error is not None:
        return Markup('<tr>{}<td colspan="3" lang="en">{}</td></tr>').format(first, client.error)
    verdicts = Markup(" ").join(_verdicts(client.key_results, language)) or escape(language.text("No key results."))
    through = (
        language.text("data through %(day)s", day=_day(client.data_through, locale)) if client.data_through else ""
    )
    sources = language.plural(
        "%(n)s of %(all)s source", "%(n)s of %(all)s sources", client.sources, n=client.fresh, all=client.sources
    )
    refreshed = _day(client.refreshed_at.date(), locale) if client.refreshed_at else ""
    return Markup("<tr>{}<td>{}</td><td>{}<br><small>{}</small></td><td>{}</td></tr>").format(
        first, verdicts, sources, through, refreshed
    )


def _verdicts(counts: Mapping[str, int], language: Language) -> Iterator[Markup]:
    """What runs, by status; what has ended says nothing of today."""
    for status, number in counts.items():
        if status not in _ENDED:
            yield Markup(
                '<span class="status st-{0}"><svg class="mark" aria-hidden="true" focusable="false">'
                '<use href="#st-{0}"/></svg>{1} {2}</span>'
            ).format(status, number, status_word(language, status))


def _day(day: date, locale: str) -> str:
    return str(format_date(day, "medium", locale=locale.replace("-", "_")))
