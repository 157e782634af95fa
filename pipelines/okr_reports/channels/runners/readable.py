"""Which files a connector may read: those of the system and of its Python, its own, and those that its settings name.

Landlock allows folders whole. Where the workspace, the data folder or the home lies within a folder of the system, that
folder's other parts are allowed instead of it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from okr_reports.channels.runners.pythons import python_files
from okr_reports.channels.runners.settings import Section, texts_in
from okr_reports.file_sources import FileSource
from okr_reports.settings import settings_folder

# Links out of /etc, and the devices that hold nothing of anyone's: as root, /dev has the disks.
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/proc", "/sys", "/nix/store", "/gnu/store",
    "/etc/resolv.conf", "/etc/localtime", "/var/lib/ca-certificates", "/dev/zero", "/dev/full", "/dev/random",
    "/dev/urandom",
)  # fmt: skip
WRITABLE = ("/dev/null", "/dev/shm")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def readable_files(source: FileSource, section: Section, home: Path, python: Path, own: Sequence[Path]) -> list[Path]:
    """Files and folders, absolute.

    `python` is the connector's interpreter, `own` its package, `home` lies in the data folder.
    """
    closed = _closed(source, home)
    shared = [*map(Path, _SYSTEM), *python_files(python)]
    found = [part for folder in dict.fromkeys(shared) for part in _around(folder.resolve(), closed)]
    trusted = ssl.get_default_verify_paths()
    found += [Path(name) for name in (trusted.openssl_cafile, trusted.openssl_capath) if name]
    found += [Path(os.environ[name]).absolute() for name in _CERTIFICATES if os.environ.get(name)]
    assert source.connector is not None
    written = texts_in([json.loads(source.connector.config), dict(section.values)])
    named = [Path(text) for text in written if _is_place(text)]
    found += [path for path in named if _may_be_named(path, closed)]
    return [*found, *(path.absolute() for path in own)]


def own_python(source: FileSource, home: Path, name: str) -> list[Path]:
    """Where this program's Python finds its packages, that of `name` (`package.module`) among them."""
    closed = _closed(source, home)
    places = [Path(sys.prefix), *(Path(place) for place in sys.path if Path(place).is_absolute())]
    found = [Path(sys.executable), Path(sys.prefix) / "pyvenv.cfg"]
    found += [place for place in places if not _holds(place.resolve(), closed)]
    spec = importlib.util.find_spec(name.partition(".")[0])
    if spec is not None:
        found += [Path(place) for place in spec.submodule_search_locations or ()]
        found += [Path(spec.origin)] if spec.has_location and spec.origin else []
    return found


def _closed(source: FileSource, home: Path) -> list[Path]:
    """The workspace, the data folder and the user's home."""
    places = (settings_folder().parent, source.folder, home.parent, Path.home())
    return [place.resolve() for place in places]


def _around(folder: Path, closed: Sequence[Path]) -> Iterator[Path]:
    """The folder, or of its own files and folders those that hold none of `closed`: beside a workspace lie others."""
    if not _holds(folder, closed):
        yield folder
    elif folder not in closed:
        with suppress(OSError):
            yield from (part for part in folder.iterdir() if not part.is_symlink() and not _holds(part, closed))


def _holds(folder: Path, closed: Sequence[Path]) -> bool:
    return any(place.is_relative_to(folder) for place in closed)


def _may_be_named(path: Path, closed: Sequence[Path]) -> bool:
    """Not every text that begins with a slash is a path of this machine: an address's `/` is none."""
    with suppress(OSError):
        real = path.resolve()
        is_secrets = real == (settings_folder() / "secrets.toml").resolve()
        return path.exists() and not is_secrets and not _holds(real, closed)
    return False


def _is_place(text: str) -> bool:
    return text.startswith("/") and len(text) < 1000 and "\0" not in text
