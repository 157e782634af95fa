"""`okr clean`: what of the data folder may go, how large it is, and its removal.

Nothing that a source cannot give again is on the list: neither warehouse, history, what was sent to whom, nor anything
that was moved aside as damaged. Sizes are bytes on this machine's disk.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from okr_reports.common.dlt_packages import finished_packages
from okr_reports.report_site.output.publish import old_releases
from okr_reports.settings import KEEP_RELEASES, KEEP_RUN_DAYS, KEEP_RUNS, Workspace

# Dagster's log files and a digest's trial mails are looked at for weeks.
KEEP_LOG_DAYS = 30
_DAY = 86_400.0


@dataclass(frozen=True)
class Removable:
    """One kind of things that may go: `paths` are files and folders, `runs` ids of Dagster's runs."""

    what: str
    paths: list[Path] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many things these are, a folder being one."""
        return len(self.runs) or len(self.paths)

    @property
    def size(self) -> int:
        """Bytes of all files of it."""
        return sum(_size(path) for path in self.paths)


def removable(workspace: Workspace, *, caches: bool = False) -> list[Removable]:
    """What may go, each kind with its size, those of nothing left out. With `caches` also what is made again."""
    found = [
        Removable("finished load packages of dlt", finished_packages(workspace)),
        Removable(
            f"releases of the site but the last {KEEP_RELEASES}", old_releases(workspace.site_dir, KEEP_RELEASES)
        ),
        *_runs(workspace),
        Removable(
            f"logs and trial mails of more than {KEEP_LOG_DAYS} days",
            [path for path in _logs(workspace) if _age(path) > KEEP_LOG_DAYS],
        ),
    ]
    if caches:
        found.append(Removable("caches, made again by the next refresh", list(_caches(workspace))))
    return [group for group in found if group.count]


def remove(workspace: Workspace, found: list[Removable]) -> None:
    """Remove what `removable` found. The writer's lock must be held. Raises OSError."""
    for group in found:
        if group.runs:
            from okr_reports.defs.instance import open_instance
            from okr_reports.defs.retention import forget

            with open_instance(workspace.dagster_home) as instance:
                for run_id in group.runs:
                    forget(instance, run_id)
        for path in group.paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _runs(workspace: Workspace) -> Iterator[Removable]:
    """Old runs, and what runs printed that are gone: version 0.1.0 left it."""
    home = workspace.dagster_home
    if not home.is_dir():
        return
    from okr_reports.defs.event_log import folder_of_events
    from okr_reports.defs.instance import open_instance
    from okr_reports.defs.retention import old_runs, outputs_of

    with open_instance(home) as instance:
        runs = old_runs(instance)
        stored = [path for run in runs if (path := outputs_of(instance, run)).exists()]
        known = set(instance.get_run_ids())
        # in a Dagster of others it may be theirs
        is_ours = home == workspace.own_dagster_home
        folders = sorted(Path(instance.storage_directory()).glob("*")) if is_ours else []
    ownerless = [path for path in folders if _is_run(path) and path.name not in known]
    files = [path for run in runs for path in folder_of_events(home).glob(f"{run}.db*")]
    what = f"runs of Dagster but the last {KEEP_RUNS} of a job, or of more than {KEEP_RUN_DAYS} days"
    yield Removable(what, [*files, *stored], runs)
    yield Removable("what runs printed that Dagster has no more", ownerless)


def _is_run(path: Path) -> bool:
    """Whether Dagster may have named this folder after a run."""
    try:
        return path.is_dir() and str(UUID(path.name)) == path.name
    except ValueError:
        return False


def _logs(workspace: Workspace) -> Iterator[Path]:
    for place, pattern in (
        (workspace.own_dagster_home / "logs", "**/*"),
        (workspace.dbt_dir / "logs", "**/*"),
        (workspace.data_dir / "deliveries" / "outbox", "*.eml"),
    ):
        yield from (path for path in sorted(place.glob(pattern)) if path.is_file())


def _caches(workspace: Workspace) -> Iterator[Path]:
    for path in (workspace.page_cache_dir, workspace.dbt_dir / "target", workspace.data_dir / "preview"):
        if path.exists():
            yield path


def _age(path: Path) -> float:
    """Days since the file was written."""
    return (time.time() - path.stat().st_mtime) / _DAY


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return sum(_size(inner) for inner in path.iterdir())
    return path.lstat().st_size if path.exists() or path.is_symlink() else 0
