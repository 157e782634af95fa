"""A small site to be copied, and what a copy of it holds."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from okr_reports.deliveries.sync import MANIFEST


def write_site(folder: Path, version: str, pages: int = 3) -> Path:
    """A site whose every page says `version`; the style sheet's name holds its content's hash."""
    shutil.rmtree(folder, ignore_errors=True)
    style = f"/* {version} */".encode()
    files = {
        "index.html": f"<h1>{version}</h1>",
        f"assets/site.{hashlib.sha256(style).hexdigest()[:10]}.css": style.decode(),
        "data/key_results.csv": f"id,version\nk,{version}\n",
        "data/20261123.json": json.dumps(version),
        "data/objectives.xlsx": "PK",
        "same.html": "never changes",
        **{f"key-results/k{number}/index.html": f"<p>{version} {number}</p>" for number in range(pages)},
        **{f"only-in-{version}/index.html": version},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }
