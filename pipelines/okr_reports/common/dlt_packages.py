"""dlt's finished load packages: every row of each load again, in files that nothing reads any more.

They also keep rows that a vendor has withdrawn since. Packages that are not finished are left: a load resumes by them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from okr_reports.settings import Workspace


def finished_packages(workspace: Workspace) -> list[Path]:
    """The folders of finished packages of all pipelines of this workspace, of every engine."""
    return sorted(workspace.dlt_dir.glob("pipelines*/*/load/loaded/*"))


def drop_finished_packages(workspace: Workspace) -> int:
    """Remove them; how many there were. The writer's lock must be held: a package may be finishing otherwise."""
    packages = finished_packages(workspace)
    for package in packages:
        shutil.rmtree(package, ignore_errors=True)
    return len(packages)
