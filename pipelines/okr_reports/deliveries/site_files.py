"""The files of a built site, in the order in which a host that is not atomic must get them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Said outright: the tables of `mimetypes` differ from machine to machine.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".pdf": "application/pdf",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Of the site: what says how far the data goes and when it was built, whatever page it is on.
MOMENT = "assets/moment.css"
IMMUTABLE = "public, max-age=31536000, immutable"
NO_CACHE = "no-cache"
# In every locked page; the second is that of version 0.1.0.
SEALED_MARKS = (b'<meta name="okr-sealed"', b'<script type="text/plain" id="sealed"')
_SALT = re.compile(rb'id="sealed"[^>]* data-salt="([0-9a-f]+)"')
_MARK = re.compile(r"(?<![0-9a-z])[0-9a-f]{8,64}(?![0-9a-z])")


@dataclass(frozen=True)
class SiteFile:
    """One file: `name` is its path below the site, with slashes; `digest` the SHA-256 of its content."""

    name: str
    path: Path
    size: int
    digest: str

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(self.path.suffix.lower(), "application/octet-stream")

    @property
    def cache_control(self) -> str:
        """For ever only for a name that carries its own content's hash: a date such as 20261123 is hexadecimal too."""
        marks = _MARK.findall(self.path.name)
        return IMMUTABLE if any(self.digest.startswith(mark) for mark in marks) else NO_CACHE

    @property
    def stage(self) -> int:
        """0 what pages point at, 1 pages, 2 the front page and the moment of all.

        No page is there before what it needs, none says that it is newer than it is.
        """
        if self.name in ("index.html", MOMENT):
            return 2
        return 1 if self.path.suffix == ".html" else 0


def site_files(release: Path) -> list[SiteFile]:
    """Every file below `release`, by stage and name."""
    found = []
    for path in sorted(release.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            name = path.relative_to(release).as_posix()
            found.append(SiteFile(name, path, len(content), hashlib.sha256(content).hexdigest()))
    return sorted(found, key=lambda file: (file.stage, file.name))


def seal(files: list[SiteFile]) -> str:
    """One digest of all names and contents."""
    return hashlib.sha256("".join(f"{file.name}\0{file.digest}\n" for file in files).encode()).hexdigest()


def is_sealed(page: bytes) -> bool:
    """Whether a page is locked with a passphrase."""
    return any(mark in page for mark in SEALED_MARKS)


def lock_of(page: bytes) -> str:
    """What tells the key that a page is locked with from others, which is no secret; '' where anybody can read it."""
    found = _SALT.search(page)
    return (found[1].decode() if found else "unknown") if is_sealed(page) else ""


def lock_of_site(files: Sequence[SiteFile]) -> str:
    """The same of a site, by its front page."""
    return next((lock_of(file.path.read_bytes()) for file in files if file.name == "index.html"), "")
