"""A whole project of Evidence, of either kind: its pages, queries, sources and pictures as a workspace."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from okr_reports.adding.evidence.core import CorePage
from okr_reports.adding.evidence.elsewhere import add_tables_elsewhere
from okr_reports.adding.evidence.named import Project
from okr_reports.adding.evidence.pages import Page
from okr_reports.adding.evidence.queries import name_of, rewritten
from okr_reports.adding.evidence.sources import read_sources, routes_of
from okr_reports.errors import OkrError

PICTURES = (".png", ".jpg", ".jpeg", ".svg", ".webp", ".gif")
CORE = re.compile(r"\{%-?\s*[a-z_]+[^%]*%\}")


@dataclass
class Migrated:
    """What was made: the addresses of pages, ids of tables, and `left`: (path, line, what, why)."""

    pages: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    left: list[tuple[Path, int, str, str]] = field(default_factory=list)

    def note(self, path: Path, line: int, what: str, why: str) -> None:
        """Something of the project that is left out or otherwise than it was."""
        self.left.append((path, line, what, why))


def migrate(source: Path, workspace: Path) -> Migrated:
    """Write the project at `source` into a new, empty workspace. Raises OkrError where there is no project."""
    if not (source / "pages").is_dir():
        raise OkrError(f"{source}: there is no folder pages/; name the folder of an Evidence project")
    done = Migrated()
    definitions, reports = workspace / "okr_definitions", workspace / "reports"
    sources = read_sources(source, definitions, done.note)
    add_tables_elsewhere(source, sources, done.note)
    if sources.entries:
        text = yaml.safe_dump({"tables": sources.entries}, allow_unicode=True, sort_keys=False)
        (definitions / "tables.yml").write_text(text, encoding="utf-8")
    done.tables = [entry["id"] for entry in sources.entries]
    routes = dict(routes_of(source / "pages"))
    project = Project(
        tables=sources.named,
        routes={_written(path, source): _address(route) for path, route in routes.items()} | {"": ""},
        images=_pictures(source, reports, done),
        partials={path.stem: name_of(path.stem) for path in (source / "partials").glob("*.md")},
    )
    project.is_core = any(CORE.search(path.read_text(encoding="utf-8", errors="replace")) for path in routes)
    project.queries, project.shared, project.bound = _queries(source, reports, project)
    for path in sorted((source / "partials").glob("*.md")):
        _write(reports / "partials" / f"{name_of(path.stem)}.md", _text(path, project, done, None))
    for path, route in routes.items():
        route = route.removesuffix("/index") if route.endswith("]/index") else route
        parameters = re.findall(r"\[(\w+)\]", route)
        if len(parameters) > 1 or (parameters and not route.endswith("]")):
            done.note(path, 1, f"[{parameters[0]}] in its address", "a page has one parameter, in the name of its file")
            continue
        _write(reports / "pages" / f"{route}.md", _text(path, project, done, parameters[0] if parameters else None))
        done.pages.append(route)
    for path in sorted((source / "components").rglob("*.svelte")):
        done.note(path, 1, f"the component {path.stem!r}", "is code; write it as reports/components/<name>.html")
    _theme(source, reports, done)
    return done


def _written(path: Path, source: Path) -> str:
    """A page's address in the project, as its links write it."""
    address = path.relative_to(source / "pages").with_suffix("").as_posix().lower()
    return address.removesuffix("index").rstrip("/")


def _address(route: str) -> str:
    return route.removesuffix("index").rstrip("/")


def _text(path: Path, project: Project, done: Migrated, parameter: str | None) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    title = re.sub(r"^[\d.\s]+|[-_\[\]]+", " ", path.stem).strip().capitalize() or "Page"
    title = "Home" if path.stem == "index" and path.parent.name == "pages" else title
    if project.is_core and not re.search(r"<[A-Z]\w+", text):
        return CorePage(project, lambda line, what, why: done.note(path, line, what, why)).translated(text)
    return Page(project, title, parameter, lambda line, what, why: done.note(path, line, what, why)).translated(text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _queries(source: Path, reports: Path, project: Project) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The shared queries: as they are written in pages, their SQL by their names here, and those that pages bind."""
    named: dict[str, str] = {}
    found = [path.relative_to(source / "queries").with_suffix("").parts for path in (source / "queries").rglob("*.sql")]
    for parts in sorted(found):
        named |= dict.fromkeys(("_".join(parts), "/".join(parts)), name_of("_".join(parts)))
    for parts in sorted(found):
        named.setdefault(parts[-1], name_of("_".join(parts)))
    written: dict[str, str] = {}
    for path in sorted((source / "queries").rglob("*.sql")):
        name = name_of("_".join(path.relative_to(source / "queries").with_suffix("").parts))
        written[name] = path.read_text(encoding="utf-8", errors="replace").strip().rstrip(";")
    bound: dict[str, str] = {}
    while more := {n: sql for n, sql in written.items() if n not in bound and _is_bound(sql, named, bound)}:
        bound |= more
    shared = {name: rewritten(sql, project.tables, named, ()) for name, sql in written.items() if name not in bound}
    for name, sql in shared.items():
        _write(reports / "queries" / f"{name}.sql", sql + "\n")
    return named, shared, bound


def _is_bound(sql: str, named: dict[str, str], bound: dict[str, str]) -> bool:
    references = {named.get(reference, name_of(reference)) for reference in re.findall(r"\$\{\s*([\w-]+)\s*\}", sql)}
    return (
        re.search(r"\$\{\s*(inputs|params)\b", sql) is not None
        or not references.isdisjoint(bound)
        or not references <= set(named.values())  # a name that only a page gives
    )


def _pictures(source: Path, reports: Path, done: Migrated) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((source / "static").rglob("*")):
        if path.suffix.lower() in PICTURES and path.is_file():
            name = f"{name_of(path.stem)}{path.suffix.lower()}"
            if path.suffix.lower() == ".svg" and re.search(
                r"<script|on\w+=|href=.http", path.read_text("utf-8", "replace")
            ):
                done.note(path, 1, path.name, "the picture holds code or loads something")
                continue
            (reports / "theme" / "images").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, reports / "theme" / "images" / name)
            found[path.name] = name
    return found


def _theme(source: Path, reports: Path, done: Migrated) -> None:
    """The main colour of the project; others are listed."""
    path = source / "evidence.config.yaml"
    if not path.is_file():
        return
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        colours = (config.get("theme") or {}).get("colors") or {}
    except (yaml.YAMLError, AttributeError, UnicodeDecodeError):
        done.note(path, 1, path.name, "is not YAML")
        return
    usual = {"light": "#0b5fff", "dark": "#8ab4ff"}
    primary = colours.get("primary") or colours.get("accent")
    brand = {
        mode: colour
        for mode, colour in (primary.items() if isinstance(primary, dict) else ())
        if mode in usual and re.fullmatch(r"#[0-9a-fA-F]{6}", str(colour)) and _is_readable(str(colour), mode == "dark")
    }
    if brand:
        _write(reports / "theme.yaml", yaml.safe_dump({"brand": {**usual, **brand}}, sort_keys=False))
    for name in sorted(colours):
        if name != "primary" or len(brand) < 2:
            done.note(path, 1, f"the colour {name!r}", "colours are in reports/theme.yaml, and must be readable")


def _is_readable(colour: str, on_dark: bool) -> bool:
    """WCAG's 4.5:1 against the page."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (light + 0.05) / 0.0642 >= 4.6 if on_dark else 1.0 / (light + 0.05) >= 4.6
