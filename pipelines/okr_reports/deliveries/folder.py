"""Copies the site to a folder, in one step where the folder may be a link."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from okr_reports.deliveries.answering import Answering
from okr_reports.deliveries.site_files import SiteFile, lock_of, lock_of_site, seal
from okr_reports.deliveries.sync import sync
from okr_reports.errors import DeliveryError, LockedPlaceError
from okr_reports.settings import KEEP_RELEASES

# How a file or release that is not whole yet ends.
BUILDING = ".okr-building"
# What FAT and some network shares answer where a link is asked for.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


def publish_folder(
    folder: Path,
    files: Sequence[SiteFile],
    *,
    journal: Path,
    answering: Answering,
    advance: Callable[[int, int], None],
    accept_readable: bool = False,
) -> str:
    """Make `folder` show these files; in words what was done.

    Where they are locked, no release stays that is readable or locked with another key; a readable site does not
    replace a locked one unless that is accepted.

    Where nothing is at `folder`, or our own link: a release beside it in `.<name>.releases/` and a link moved over the
    old one, so that a reader sees the old site or the new one. A folder that is really there (a mount, a web root) is
    brought up to date file by file. Raises DeliveryError or OSError.
    """
    if not folder.parent.is_dir():
        raise DeliveryError(f"the folder {folder.parent} is not there; make it first")
    releases, lock = folder.with_name(f".{folder.name}.releases"), lock_of_site(files)
    shown = folder / "index.html"
    if not lock and not accept_readable and shown.is_file() and lock_of(shown.read_bytes()):
        raise LockedPlaceError(str(folder))
    how = (journal, answering, advance, accept_readable)
    done = _put(folder, files, releases, lambda store: str(sync(store, files, *how)))
    removed = _remove_others(releases, lock) if lock else 0
    return f"{done}; {removed} earlier releases that this passphrase does not lock were removed" if removed else done


def _put(folder: Path, files: Sequence[SiteFile], releases: Path, bring_up_to_date: Callable[[_Folder], str]) -> str:
    own_link = folder.is_symlink() and folder.readlink().parent == Path(releases.name)
    if own_link or not os.path.lexists(folder):
        release = releases / seal(list(files))[:16]
        if not _is_whole(release, files):
            if release.exists():  # somebody took files out of it, and it may be the one being read
                release = release.with_name(f"{release.name}-{os.getpid()}")
            _copy(release, files)
        elif own_link and folder.resolve() == release.resolve():
            _prune(releases, keep=release)
            return f"{len(files)} files unchanged"
        if _link(folder, Path(releases.name) / release.name, required=own_link):
            _prune(releases, keep=release)
            return f"{len(files)} files in a new release, linked"
        shutil.rmtree(releases)  # nothing links to it
        folder.mkdir()
    if not folder.is_dir():
        raise DeliveryError(f"{folder} is not a folder; name another place")
    return bring_up_to_date(_Folder(folder))


def _remove_others(releases: Path, lock: str) -> int:
    """Take away every release that is not locked with this key; how many."""
    others = [
        path
        for path in (releases.iterdir() if releases.is_dir() else ())
        if not (path / "index.html").is_file() or lock_of((path / "index.html").read_bytes()) != lock
    ]
    for path in others:
        shutil.rmtree(path)
    return len(others)


def _is_whole(release: Path, files: Sequence[SiteFile]) -> bool:
    return all((release / file.name).is_file() and (release / file.name).stat().st_size == file.size for file in files)


def _copy(release: Path, files: Sequence[SiteFile]) -> None:
    """A release is there whole or not at all."""
    building = release.with_name(f".{release.name}.{os.getpid()}{BUILDING}")
    shutil.rmtree(building, ignore_errors=True)
    for file in files:
        target = building / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)
    building.replace(release)


def _link(folder: Path, target: Path, *, required: bool) -> bool:
    """Move a link over the old one; False where the file system knows no links, unless one was `required`."""
    linking = folder.parent / target.parent / f".link.{os.getpid()}{BUILDING}"
    linking.unlink(missing_ok=True)
    try:
        linking.symlink_to(target, target_is_directory=True)
    except OSError as error:
        if required or error.errno not in _NO_LINKS:
            raise
        return False
    linking.replace(folder)
    return True


def _prune(releases: Path, keep: Path) -> None:
    """The last releases stay for readers in the middle of a visit; what a killed copy left goes."""
    for path in releases.glob(f".*{BUILDING}"):
        path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
    old = sorted((path for path in releases.iterdir() if path != keep), key=lambda path: path.stat().st_mtime)
    for path in old[: max(len(old) - KEEP_RELEASES + 1, 0)]:
        shutil.rmtree(path, ignore_errors=True)


class _Folder:
    """A folder as a store of `sync`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for unfinished in folder.rglob(f".*{BUILDING}"):
            unfinished.unlink()

    def sizes(self) -> Mapping[str, int]:
        return {
            path.relative_to(self.folder).as_posix(): path.stat().st_size
            for path in self.folder.rglob("*")
            if path.is_file()
        }

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes, content_type: str, cache_control: str) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        building = target.with_name(f".{target.name}{BUILDING}")
        building.write_bytes(content)
        building.replace(target)

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            path = self.folder / name
            path.unlink()
            for parent in path.parents:
                if parent == self.folder or any(parent.iterdir()):
                    break
                parent.rmdir()

    def forget_versions(self, names: Sequence[str]) -> str:
        return ""
