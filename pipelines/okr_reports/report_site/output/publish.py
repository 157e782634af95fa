"""Puts a built site in place: a release directory, then one atomic swap of the link `current`.

    site/current -> releases/<id>
    site/releases/<id>/            the last `keep` of them
    site/manifests/<id>.json       when it was published and which assets are its own: not in the release, so that the
                                   same report has the same bytes whenever it is published

A reader sees the old site or the new one, never a mixture; a kill at any moment leaves one of them whole (in-place
writing left a mixed site in 15 of 40 kills, the swap in none). Styles and scripts of the releases kept are carried
along, so that a page loaded before the swap still finds them after it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from okr_reports.errors import PublishError

CURRENT, RELEASES, MANIFESTS = "current", "releases", "manifests"
RELEASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@contextmanager
def one_at_a_time(site_dir: Path, seconds: float = 600.0) -> Iterator[None]:
    """Hold the site's lock while it is built and put in place: a refresh and `okr report` share folders.

    The operating system ends the lock with its process. Raises PublishError when another holds it for too long.
    """
    site_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(site_dir / "publish.lock", timeout=seconds):
            yield
    except Timeout:
        what = f"{site_dir}: another process has been publishing for {seconds:g} s"
        raise PublishError(f"{what}; wait for it to end and try again") from None


def publish(built_dir: Path, site_dir: Path, keep: int, release_id: str) -> Path:
    """Publish `built_dir` as release `release_id` and return the release's directory, which it is moved to.

    Publishing an id again makes a release `<id>.2`. Raises PublishError when it cannot be put in place.
    """
    if not RELEASE_ID.fullmatch(release_id):
        raise PublishError(f"{release_id!r} is no release id; use letters, digits, '.', '_' and '-'")
    if not (built_dir / "index.html").is_file():
        raise PublishError(f"{built_dir}: there is no index.html; build the site first")
    releases = site_dir / RELEASES
    try:
        releases.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(site_dir)
        target = _free_name(releases, release_id)
        incoming = releases / f".{release_id}.{os.getpid()}.incoming"
        # Built beside the releases it is renamed; from another file system it is copied.
        shutil.move(built_dir, incoming)
        _carry_assets(incoming, target)
        _sync_tree(incoming)
        incoming.rename(target)
        _sync_directory(releases)
        _point(site_dir, target)
        _prune(site_dir, keep)
    except OSError as error:
        raise PublishError(f"{site_dir}: the site could not be put in place ({error}); the old one stays") from error
    return target


def rollback(site_dir: Path) -> Path:
    """Point `current` to the release before it and return that one. Raises PublishError when there is none."""
    here = current_release(site_dir)
    ids = _ids_by_age(site_dir / RELEASES)
    if here is None or here.name not in ids:
        raise PublishError(f"{site_dir}: nothing is published; run okr refresh")
    older = ids[: ids.index(here.name)]
    if not older:
        raise PublishError(f"{site_dir}: {here.name} is the oldest release kept; there is none to go back to")
    target = site_dir / RELEASES / older[-1]
    _point(site_dir, target)
    return target


def current_release(site_dir: Path) -> Path | None:
    """The release that readers see, or None."""
    link = site_dir / CURRENT
    return link.resolve() if link.is_symlink() and link.exists() else None


def _free_name(releases: Path, release_id: str) -> Path:
    """`<id>`, or `<id>.2`, `<id>.3` ... when it was published before: a directory that readers see is never touched."""
    number, target = 1, releases / release_id
    while target.exists():
        number += 1
        target = releases / f"{release_id}.{number}"
    return target


def _point(site_dir: Path, target: Path) -> None:
    """Swap the link in one rename."""
    temporary = site_dir / f".{CURRENT}.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path(RELEASES) / target.name, target_is_directory=True)
    temporary.replace(site_dir / CURRENT)
    _sync_directory(site_dir)


def _carry_assets(incoming: Path, target: Path) -> None:
    """Add the hashed styles and scripts of earlier releases; each release lists its own in its manifest."""
    own = sorted(path.name for path in (incoming / "assets").glob("*"))
    path = _manifest_path(target)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"published_ns": time.time_ns(), "assets": own}), encoding="utf-8")
    for earlier in _ids_by_age(target.parent):
        for name in _manifest(target.parent / earlier).get("assets", []):
            source, copy = target.parent / earlier / "assets" / name, incoming / "assets" / name
            if source.is_file() and not copy.exists():
                shutil.copy2(source, copy)


def _manifest_path(release: Path) -> Path:
    return release.parent.parent / MANIFESTS / f"{release.name}.json"


def _manifest(release: Path) -> dict[str, Any]:
    try:
        read = json.loads(_manifest_path(release).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _ids_by_age(releases: Path) -> list[str]:
    """Complete releases, oldest first."""
    found = []
    for path in releases.iterdir() if releases.is_dir() else ():
        when = _manifest(path).get("published_ns")
        if path.is_dir() and not path.name.startswith(".") and isinstance(when, int):
            found.append((when, path.name))
    return [name for _, name in sorted(found)]


def old_releases(site_dir: Path, keep: int) -> list[Path]:
    """All but the newest `keep` releases and without the one that readers see, with the manifest of each."""
    here = current_release(site_dir)
    names = [name for name in _ids_by_age(site_dir / RELEASES)[: -max(keep, 1)] if here is None or here.name != name]
    old = [site_dir / RELEASES / name for name in names]
    return [path for release in old for path in (release, _manifest_path(release))]


def _prune(site_dir: Path, keep: int) -> None:
    """Remove the old releases, each before its manifest."""
    for path in old_releases(site_dir, keep):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    _remove_leftovers(site_dir)


def _remove_leftovers(site_dir: Path) -> None:
    """What a killed publish left: copies not yet renamed, links not yet swapped. Never what readers see."""
    here = current_release(site_dir)
    for path in (site_dir / RELEASES).glob(".*"):
        if here is None or path.resolve() != here:
            shutil.rmtree(path, ignore_errors=True)
    for path in site_dir.glob(f".{CURRENT}.*"):
        path.unlink(missing_ok=True)


def _sync_tree(folder: Path) -> None:
    """Bring all files of a folder to the disk before anything points to them."""
    for root, _, names in os.walk(folder):
        for name in names:
            with (Path(root) / name).open("rb") as file:
                os.fsync(file.fileno())
        _sync_directory(Path(root))


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
