"""Observable Framework building the same key results: one page each, three charts and a table, rows written in.

It draws in the reader's browser; what is compared is what a builder of pages waits for.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import duckdb

PACKAGES = {
    "@observablehq/framework": "1.13.4",
    "@observablehq/inputs": "0.12.0",
    "@observablehq/plot": "0.6.17",
}
# Seconds for npm to fetch the packages, and for a build.
PATIENCE = 300
PAGE = """# {title}

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
"""


def build_with_framework(snapshot: Path, folder: Path, pages: int = 100) -> str:
    """One line: seconds of wall and processor for the pages, or why there is no figure."""
    if not shutil.which("npm"):
        return "Observable Framework: not measured, npm is not installed"
    written = _write_pages(snapshot, folder, pages)
    environment = {**os.environ, "OBSERVABLE_TELEMETRY_DISABLE": "true"}
    try:
        _run(["npm", "install", "--silent", "--no-audit", "--no-fund"], folder, environment)
        # Once before: the first build also bundles the libraries.
        _run(["npx", "observable", "build"], folder, environment)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        _run(["npx", "observable", "build"], folder, environment)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or error.stdout or "").strip()[-200:]
        return f"Observable Framework: not measured, {' '.join(error.cmd)} failed: {said}"
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        f"Observable Framework {PACKAGES['@observablehq/framework']}: {written} pages in {wall:.1f} s"
        f" (processor {used:.1f} s, {wall / written * 1000:.0f} ms a page)"
    )


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE
    )  # fmt: skip


def _write_pages(snapshot: Path, folder: Path, pages: int) -> int:
    source = folder / "src"
    source.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module", "dependencies": PACKAGES}))
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
            text = PAGE.format(
                title=title, days=json.dumps(days, default=_plain), said=json.dumps(said, default=_plain)
            )
            (source / f"{key_result}.md").write_text(text, encoding="utf-8")
    return len(chosen) + 1


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else float(value)
