"""Draws docs/architecture.svg from the code: the way of the data, and which part of the package imports which.

`make generate` writes it; a test compares it with what is committed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pipelines" / "okr_reports"
MODELS = ROOT / "dbt_project" / "models"
PICTURE = Path(__file__).parent / "architecture.svg"
WIDTH, BOX, GAP, ROW = 1180, 40, 14, 76


def parts() -> dict[str, set[str]]:
    """Each part of the package (a folder or a module at its top) with the parts that it imports."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part != "__init__":
            found.setdefault(part, set()).update(_imports(path))
    return {part: (others & set(found)) - {part} for part, others in found.items()}


def _imports(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "okr_reports":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("okr_reports."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("okr_reports."))


def ground() -> set[str]:
    """The parts that every other may import: GROUND of tests/test_house.py, which holds the rule."""
    for node in ast.parse((ROOT / "tests" / "test_house.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "GROUND":
            return set(ast.literal_eval(node.value))
    raise ValueError("tests/test_house.py has no GROUND")


def floors(imported: Mapping[str, set[str]]) -> list[list[str]]:
    """The parts above the ground, each above all that it imports; the lowest floor first."""
    left = {part: set(others) for part, others in imported.items() if part not in ground()}
    placed, found = ground(), []
    while left:
        floor = sorted(part for part, others in left.items() if others <= placed)
        if not floor:
            raise ValueError(f"imports go round in a circle: {sorted(left)}")
        found.append(floor)
        placed |= set(floor)
        left = {part: others for part, others in left.items() if part not in placed}
    return found


def way_of_the_data() -> list[tuple[str, str, list[str]]]:
    """Each station with the tool that works there and its parts; subjects of models by their depth in the graph."""
    channels = sorted(path.parent.name for path in (PACKAGE / "channels").glob("*/channel.toml"))
    layers = {folder: sorted((MODELS / folder).rglob("*.sql")) for folder in ("staging", "intermediate")}
    subjects = sorted(path.name for path in (MODELS / "intermediate").iterdir() if path.is_dir())
    by_subject = [(s, [p for p in layers["intermediate"] if p.parent.name == s]) for s in subjects]
    depth = _depths(layers["staging"] + layers["intermediate"])
    by_subject.sort(key=lambda entry: (sum(depth[p.stem] for p in entry[1]) / len(entry[1]), entry[0]))
    return [
        ("channels", "dlt", channels),
        ("staging", "dbt", sorted({p.parent.name for p in layers["staging"]})),
        ("intermediate", "dbt", [subject for subject, _ in by_subject]),
        ("marts", "dbt", ["key_results", "objectives", "facts (fct_)", "dimensions (dim_)"]),
        ("health gate", "dbt, Dagster", ["what is incomplete", "is not published"]),
        ("publication", "Dagster", ["okr.duckdb, the copy", "the site", "history/, by day"]),
        ("deliveries", "", ["copies of the site", "digests", "alerts"]),
    ]


def _depths(models: Iterable[Path]) -> dict[str, int]:
    refs = {p.stem: set(re.findall(r"ref\('(\w+)'\)", p.read_text(encoding="utf-8"))) for p in models}
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((of(other) for other in refs.get(name, ())), default=0)
        return depth[name]

    for name in refs:
        of(name)
    return depth


def drawn() -> str:
    """The picture as SVG."""
    stations = way_of_the_data()
    tall = max(len(inner) for _, _, inner in stations)
    out = [_text(20, 34, "The way of the data", "head")]
    width = (WIDTH - 40 - GAP * (len(stations) - 1) * 2) / len(stations)
    height = 62 + tall * 18
    for number, (name, how, inner) in enumerate(stations):
        x = 20 + number * (width + 2 * GAP)
        out += [_box(x, 52, width, height), _text(x + 10, 74, name, "name"), _text(x + 10, 91, how, "small")]
        out += [_text(x + 10, 114 + 18 * at, line, "small") for at, line in enumerate(inner)]
        if number:
            out.append(f'<path class="arrow" d="M{x - 2 * GAP + 3:.0f} {52 + height / 2:.0f} h{2 * GAP - 8}"/>')
    imported = parts()
    top = 52 + height + 56
    out.append(_text(20, top - 12, "Parts of the package: each imports from floors below it alone", "head"))
    storeys = floors(imported)
    for level, floor in enumerate(reversed(storeys)):
        y, wide = top + level * ROW, (WIDTH - 40 - GAP * (len(floor) - 1)) / len(floor)
        for number, part in enumerate(floor):
            x = 20 + number * (wide + GAP)
            below = sorted(imported[part] - ground())
            out += [_box(x, y, wide, ROW - GAP), _text(x + 10, y + 22, part, "name")]
            out += [
                _text(x + 10, y + 40 + 14 * at, line, "small") for at, line in enumerate(_lines(below, int(wide / 6.2)))
            ]
    y = top + len(storeys) * ROW
    out += [_box(20, y, WIDTH - 40, BOX), _text(30, y + 25, "ground: " + ", ".join(sorted(ground())), "name")]
    total = y + BOX + 20
    style = (
        "text{font-family:system-ui,sans-serif;fill:#1f2933}.head{font-size:17px;font-weight:600}"
        ".name{font-size:14px;font-weight:600}.small{font-size:11.5px}.box{fill:#f4f6f8;stroke:#7b8794}"
        ".arrow{stroke:#3e4c59;stroke-width:2;fill:none;marker-end:url(#tip)}"
    )
    tip = '<marker id="tip" markerWidth="7" markerHeight="7" refX="5" refY="3" orient="auto">'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total:.0f}" role="img"'
        f' aria-label="The way of the data, and the parts of the package">\n<style>{style}</style>\n'
        f'<defs>{tip}<path d="M0 0 L6 3 L0 6 z" fill="#3e4c59"/></marker></defs>\n'
        f'<rect width="{WIDTH}" height="{total:.0f}" fill="#fff"/>\n' + "\n".join(out) + "\n</svg>\n"
    )


def _lines(names: list[str], wide: int) -> list[str]:
    """`names` in at most two lines of `wide` characters; what does not fit is counted."""
    lines, rest = [""], list(names)
    while rest:
        longer = f"{lines[-1]}, {rest[0]}" if lines[-1] else rest[0]
        if len(longer) > wide and lines[-1]:
            if len(lines) == 2:
                lines[-1] += f" +{len(rest)}"
                break
            lines.append("")
            continue
        lines[-1] = longer
        rest.pop(0)
    return lines


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="box" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="5"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
    print(PICTURE.relative_to(ROOT))
