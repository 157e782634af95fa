"""A workspace that tests look at or spoil, and how its refresh ended."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

# The columns of a truth file of advertising.
AD_MEASURES = (
    "impressions", "clicks", "link_clicks", "spend", "conversions", "conversion_value", "leads", "video_views",
)  # fmt: skip
ROOT = Path(__file__).parent.parent
OKR = str(Path(sys.executable).with_name("okr"))
DEMO_DAY = "2026-11-23"

# One page for each KPI, key result, objective and channel: nine tenths of the demo's site, and of the time it takes.
ONE_PAGE_EACH = ("kpis/[id].md", "key-results/[id].md", "objectives/[id].md", "channels/[channel].md")


@dataclass
class Refreshed:
    """A workspace and how its refresh ended."""

    data_dir: Path
    environment: dict[str, str]
    exit_code: int
    stdout: str
    stderr: str
    sandbox_url: str = ""

    def okr(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `okr` in this workspace with the sandbox still there."""
        return subprocess.run(
            [OKR, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
        )


def copy_pages(to: Path, left_out: Collection[str] = ()) -> None:
    """The demo's pages in a workspace to spoil, without those that its test says nothing about."""
    shutil.copytree(ROOT / "reports", to, dirs_exist_ok=True)
    for name in left_out:
        (to / "pages" / name).unlink()


def made_once(folder: Path, name: str, make: Callable[[Path], Any]) -> Any:
    """What `make` returns after it has made something in `folder / name`; of several processes the first makes it."""
    made = folder / f"{name}.made"
    with FileLock(folder / f"{name}.lock"):
        if not made.exists():
            (folder / name).mkdir(exist_ok=True)
            made.write_bytes(pickle.dumps(make(folder / name)))
    return pickle.loads(made.read_bytes())


def outer_environment(*beginnings: str) -> dict[str, str]:
    """The environment without what begins so. What other tests have had dbt parse stays at hand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(beginnings)}
    return kept | {name: value for name, value in os.environ.items() if name == "OKR_PARSED_DIR"}


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python_with_package(
    folder: Path, files: Mapping[str, str], entry_points: str, code: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Python in the repository with a package `brought` of these files installed that has these entry points."""
    for name, text in files.items():
        path = folder / "packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    info = folder / "packages" / "brought-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    code = f"import sys; sys.path.append({str(folder / 'packages')!r})\n{code}"
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
