"""Other static builders with the same key results: one page each, three charts and a table, rows written in.

Observable Framework draws in the reader's browser; Eleventy draws lines by a filter of ours, without axes. What is
compared is what a builder of pages waits for.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

# Seconds for npm to fetch the packages, and for a build.
PATIENCE = 300


@dataclass(frozen=True)
class Builder:
    """A builder from npm: its packages, the command of a build, the files beside the pages, and a page.

    A page is a text with `{title}`, and as JSON `{name}` (the title), `{days}` and `{said}`.
    """

    title: str
    packages: Mapping[str, str]
    command: tuple[str, ...]
    files: Mapping[str, str]
    page: str


FRAMEWORK = Builder(
    "Observable Framework",
    {"@observablehq/framework": "1.13.4", "@observablehq/inputs": "0.12.0", "@observablehq/plot": "0.6.17"},
    ("npx", "observable", "build"),
    {},
    """# {title}

```js
import * as Inputs from "@observablehq/inputs";
import * as Plot from "@observablehq/plot";
const days = {days}.map(d => ({{...d, date: new Date(d.date)}}));
const line = y => Plot.lineY(days, {{x: "date", y}});
display(Plot.plot({{height: 220, marks: [line("value")]}}));
display(Plot.plot({{height: 180, marks: [line("score"), line("expected")]}}));
display(Plot.plot({{height: 180, marks: [Plot.barY(days, {{x: "date", y: "value"}})]}}));
display(Inputs.table({said}));
```
""",
)
ELEVENTY = Builder(
    "Eleventy",
    {"@11ty/eleventy": "3.1.8"},
    ("npx", "eleventy", "--quiet", "--input=src", "--output=dist"),
    {
        "eleventy.config.js": """export default function (config) {
  config.addFilter("points", (days, name) => {
    const values = days.map(day => day[name] ?? 0), most = Math.max(...values, 1);
    return values.map((value, at) => `${at * 1000 / values.length},${200 - 200 * value / most}`).join(" ");
  });
}
""",
        "src/_includes/page.njk": """<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1>
{% for names in [["value"], ["score", "expected"], ["value"]] %}<svg viewBox="0 0 1000 200">
{% for name in names %}<polyline points="{{ days | points(name) }}"/>{% endfor %}</svg>{% endfor %}
<table>{% for row in said %}<tr><td>{{ row.date }}<td>{{ row.author }}<td>{{ row.note }}</tr>{% endfor %}</table>
""",
    },
    """---json
{{"layout": "page.njk", "title": {name}, "days": {days}, "said": {said}}}
---
""",
)
BUILDERS = (FRAMEWORK, ELEVENTY)


def build_with_peers(snapshot: Path, folder: Path, pages: int = 100) -> Iterator[str]:
    """A line for each builder: seconds of wall and processor for the pages, or why there is no figure."""
    for builder in BUILDERS:
        if shutil.which("npm"):
            yield _build(builder, snapshot, folder / builder.title.replace(" ", "_"), pages)
        else:
            yield f"{builder.title}: not measured, npm is not installed"


def _build(builder: Builder, snapshot: Path, folder: Path, pages: int) -> str:
    written = _write_pages(builder, snapshot, folder, pages)
    environment = {**os.environ, "OBSERVABLE_TELEMETRY_DISABLE": "true"}
    try:
        _run(("npm", "install", "--silent", "--no-audit", "--no-fund"), folder, environment)
        # Once before: the first build also bundles the libraries.
        _run(builder.command, folder, environment)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        _run(builder.command, folder, environment)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or error.stdout or "").strip()[-200:]
        return f"{builder.title}: not measured, {' '.join(error.cmd)} failed: {said}"
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    made = len(list((folder / "dist").rglob("*.html")))
    version = next(iter(builder.packages.values()))
    return (
        f"{builder.title} {version}: {made} of {written} pages in {wall:.1f} s"
        f" (processor {used:.1f} s, {used / written * 1000:.0f} ms a page)"
    )


def _run(command: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
    subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE
    )  # fmt: skip


def _write_pages(builder: Builder, snapshot: Path, folder: Path, pages: int) -> int:
    source = folder / "src"
    source.mkdir(parents=True)
    (folder / "package.json").write_text(
        json.dumps({"private": True, "type": "module", "dependencies": dict(builder.packages)})
    )
    for name, content in builder.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    (source / "index.md").write_text("# Overview\n")
    with duckdb.connect(str(snapshot), read_only=True) as connection:

        def rows(sql: str, key_result: str) -> list[dict[str, Any]]:
            found = connection.execute(sql, [key_result])
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

        chosen = connection.execute(
            "select key_result_id, title from marts.key_results order by 1 limit ?", [pages]
        ).fetchall()
        for key_result, title in chosen:
            days = rows(
                "select date, value, score, expected from marts.fct_key_result_daily where key_result_id = ?"
                " order by 1",
                key_result,
            )
            said = rows(
                "select date, author, note from marts.fct_check_in where key_result_id = ? order by 1", key_result
            )
            text = builder.page.format(
                title=title,
                name=json.dumps(title),
                days=json.dumps(days, default=_plain),
                said=json.dumps(said, default=_plain),
            )
            (source / f"{key_result}.md").write_text(text, encoding="utf-8")
    return len(chosen) + 1


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else float(value)
