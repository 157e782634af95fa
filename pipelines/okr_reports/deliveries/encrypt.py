"""Locks a built site with a passphrase, for hosts without access control: pages ask for it and open in the browser.

AES-256-GCM with a key by PBKDF2-HMAC-SHA256. What stays visible: how many files there are, their paths (ids) and about
how long they are. It keeps readers of the host out; a host that changes the pages could also take the passphrase from
whoever types it.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import os
import posixpath
import secrets
import shutil
import unicodedata
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from okr_reports.deliveries.configuration import TargetSettings
from okr_reports.deliveries.self_contained import LOCKED_SUFFIX, referenced_scripts, self_contained
from okr_reports.deliveries.site_files import CONTENT_TYPES
from okr_reports.deliveries.templating import rendered
from okr_reports.errors import DeliveryError

# OWASP's figure for PBKDF2-HMAC-SHA256 (2023); half a second in a browser.
ITERATIONS = 600_000
SALT_BYTES = 16
# Whoever has the files may guess for ever, so short ones are no protection.
SHORTEST_PASSPHRASE = 12
# Only of use inside pages, where they are put; everything else becomes a locked page that saves the file.
INSIDE_PAGES = {".css", ".js", ".svg", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".ico", ".woff2"}
# A script that pages load on demand (the search index) is put into every page, up to this size.
LARGEST_ON_DEMAND = 100_000


@dataclass(frozen=True)
class _Seal:
    """One key, and what a page must know to derive it."""

    salt: bytes
    key: bytes
    nonce_key: bytes

    @classmethod
    def of(cls, passphrase: str, salt: bytes) -> _Seal:
        typed = unicodedata.normalize("NFC", passphrase.strip()).encode()
        # The browser derives the first 32 bytes alone; the second half never leaves this machine.
        derived = hashlib.pbkdf2_hmac("sha256", typed, salt, ITERATIONS, dklen=64)
        return cls(salt, derived[:32], derived[32:])

    def close(self, name: str, content: bytes) -> bytes:
        """The nonce, then the ciphertext of the packed content.

        The nonce is a keyed hash of name and content: never the same for two contents, and the same for the same one,
        so that an unchanged page is an unchanged file at the target.
        """
        packed = gzip.compress(content, 9, mtime=0)
        nonce = hmac.digest(self.nonce_key, name.encode() + b"\0" + packed, "sha256")[:12]
        return nonce + AESGCM(self.key).encrypt(nonce, packed, None)


def encrypt_site(release: Path, out_dir: Path, passphrase: str, *, salt: bytes | None = None) -> int:
    """Write the locked form of the site in `release` to `out_dir`, replacing it; the number of files.

    Each page becomes one file that holds everything it needs. Any other file `x` becomes a page `x.html` that saves it
    once unlocked; links are turned there. `salt` is random unless given: with the same one an unchanged file keeps its
    bytes. Raises DeliveryError for a passphrase of less than 12 characters.
    """
    if len(passphrase.strip()) < SHORTEST_PASSPHRASE:
        raise DeliveryError(
            f"the passphrase has less than {SHORTEST_PASSPHRASE} characters, which can be guessed by whoever has the "
            "files; take five random words"
        )
    seal = _Seal.of(passphrase, salt or secrets.token_bytes(SALT_BYTES))
    files = {
        path.relative_to(release).as_posix(): path.read_bytes() for path in sorted(release.rglob("*")) if path.is_file()
    }
    building = out_dir.with_name(f".{out_dir.name}.{os.getpid()}.building")
    shutil.rmtree(building, ignore_errors=True)
    locked = _lock_all(files, seal)
    for name, content in locked.items():
        target = building / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    shutil.rmtree(out_dir, ignore_errors=True)
    building.replace(out_dir)
    return len(locked)


def encrypt_for_target(target: TargetSettings, release: Path, work_dir: Path) -> Path:
    """The locked form of `release` for a target with a passphrase. Its salt stays the same from run to run."""
    folder = work_dir / "encrypted" / quote(target.name, safe="").replace(".", "%2E")
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "salt"
    if not kept.is_file() or len(kept.read_bytes()) != SALT_BYTES:
        kept.write_bytes(secrets.token_bytes(SALT_BYTES))
    encrypt_site(release, folder / "site", target.passphrase or "", salt=kept.read_bytes())
    return folder / "site"


def _lock_all(files: Mapping[str, bytes], seal: _Seal) -> dict[str, str]:
    named = referenced_scripts(files)
    on_demand = [
        name
        for name, content in files.items()
        if name.endswith(".js") and name not in named and len(content) <= LARGEST_ON_DEMAND
    ]
    locked: dict[str, str] = {}
    language = "en"
    for name in files:
        if name.endswith(".html"):
            page, language = self_contained(name, files, on_demand)
            locked[name] = _locked_page(seal, name, page.encode(), language, kind="page")
    for name, content in files.items():
        suffix = posixpath.splitext(name)[1].lower()
        if suffix != ".html" and suffix not in INSIDE_PAGES:
            if name + LOCKED_SUFFIX in files:
                raise DeliveryError(f"the site has both {name} and {name}{LOCKED_SUFFIX}; rename one of them")
            locked[name + LOCKED_SUFFIX] = _locked_page(seal, name, content, language, kind="file")
    return locked


def _locked_page(seal: _Seal, name: str, content: bytes, language: str, *, kind: str) -> str:
    suffix = posixpath.splitext(name)[1].lower()
    return rendered(
        "locked.html.j2",
        language,
        kind=kind,
        name=posixpath.basename(name),
        content_type=CONTENT_TYPES.get(suffix, "application/octet-stream"),
        salt=seal.salt.hex(),
        iterations=ITERATIONS,
        sealed=b64encode(seal.close(name, content)).decode(),
    )
