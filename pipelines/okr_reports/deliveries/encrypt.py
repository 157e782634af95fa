"""Locks a built site with a passphrase, for hosts without access control: pages ask for it and open in the browser.

AES-256-GCM with a key by PBKDF2-HMAC-SHA256. A page is bound to its address and to its release, so that one put at
another's place, or one of an older release, does not pass for what it is not. What stays visible: how many files there
are, their paths (ids), about how long they are and when they were locked. It keeps readers of the host out; a host that
changes the script of the pages could also take the passphrase from whoever types it.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import posixpath
import secrets
import shutil
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from okr_reports.deliveries.configuration import TargetSettings
from okr_reports.deliveries.passphrase import judge, typed
from okr_reports.deliveries.self_contained import LOCKED_SUFFIX, referenced_scripts, self_contained
from okr_reports.deliveries.site_files import CONTENT_TYPES, seal, site_files
from okr_reports.deliveries.templating import rendered
from okr_reports.errors import DeliveryError

# OWASP asks for 600,000 (2023). Browsers have no Argon2 of their own: docs/decisions/0095.
ITERATIONS = 1_000_000
SALT_BYTES = 16
# Before the address and the release in what a page is bound to; another form of pages takes another word.
FORMAT = "okr-sealed-2"
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
    release: int = 0

    @classmethod
    def of(cls, passphrase: str, salt: bytes, release: int = 0) -> _Seal:
        # The browser derives the first 32 bytes alone; the second half never leaves this machine.
        derived = hashlib.pbkdf2_hmac("sha256", typed(passphrase).encode(), salt, ITERATIONS, dklen=64)
        return cls(salt, derived[:32], derived[32:], release)

    @property
    def check(self) -> str:
        """What tells another passphrase from this one, and tells nothing of it without its 1,000,000 rounds."""
        return hmac.digest(self.nonce_key, b"check", "sha256").hex()

    def close(self, address: str, content: bytes) -> bytes:
        """The nonce, then the ciphertext of the packed content, bound to the page's address and release.

        The nonce is a keyed hash of all of them: never the same for two, and the same for the same ones, so that a
        release that is published again is the same files.
        """
        packed = gzip.compress(content, 9, mtime=0)
        bound = f"{FORMAT}\0{address}\0{self.release}".encode()
        nonce = hmac.digest(self.nonce_key, bound + b"\0" + packed, "sha256")[:12]
        return nonce + AESGCM(self.key).encrypt(nonce, packed, bound)


def encrypt_site(
    release: Path, out_dir: Path, passphrase: str, *, salt: bytes | None = None, number: int | None = None
) -> int:
    """Write the locked form of the site in `release` to `out_dir`, replacing it; the number of files.

    Each page becomes one file that holds everything it needs. Any other file `x` becomes a page `x.html` that saves it
    once unlocked; links are turned there. `salt` is random unless given, `number` of the release the seconds since
    1970: with the same two the same site becomes the same bytes. Raises DeliveryError for a passphrase that can be
    guessed.
    """
    judge(passphrase)
    sealing = _Seal.of(passphrase, salt or secrets.token_bytes(SALT_BYTES), number or int(time.time()))
    _write(release, out_dir, sealing)
    return sum(1 for path in out_dir.rglob("*") if path.is_file())


def encrypt_for_target(target: TargetSettings, release: Path, work_dir: Path) -> Path:
    """The locked form of `release` for a target with a passphrase.

    Its salt stays from run to run while the passphrase does, and a release that is published again keeps its number; a
    later one, also one that was rolled back to, has a higher one.
    """
    passphrase = target.passphrase or ""
    judge(passphrase, target.name)
    folder = work_dir / "encrypted" / quote(target.name, safe="").replace(".", "%2E")
    folder.mkdir(parents=True, exist_ok=True)
    noted = _noted(folder / "sealing.json")
    digest = seal(site_files(release))
    salt = bytes.fromhex(noted.get("salt", "")) or secrets.token_bytes(SALT_BYTES)
    number = (
        noted.get("number", 0) if noted.get("site") == digest else max(noted.get("number", 0) + 1, int(time.time()))
    )
    sealing = _Seal.of(passphrase, salt, number)
    if noted and noted.get("check") != sealing.check:
        # Of another passphrase: readers who hold its key must be asked for the new one.
        sealing = _Seal.of(passphrase, secrets.token_bytes(SALT_BYTES), number)
    _write(release, folder / "site", sealing)
    kept = {"salt": sealing.salt.hex(), "check": sealing.check, "site": digest, "number": number}
    (folder / "sealing.json").write_text(json.dumps(kept), encoding="utf-8")
    (folder / "salt").unlink(missing_ok=True)  # where version 0.1.0 kept it
    return folder / "site"


def _noted(path: Path) -> dict[str, Any]:
    """What was locked last for a target; nothing where that is not known, and then all pages get another key."""
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        return noted if len(bytes.fromhex(noted["salt"])) == SALT_BYTES and noted["number"] > 0 else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(release: Path, out_dir: Path, sealing: _Seal) -> None:
    """The locked files of the site in `release`, put in the place of `out_dir` in one step."""
    files = {
        path.relative_to(release).as_posix(): path.read_bytes() for path in sorted(release.rglob("*")) if path.is_file()
    }
    building = out_dir.with_name(f".{out_dir.name}.{os.getpid()}.building")
    shutil.rmtree(building, ignore_errors=True)
    for name, content in _lock_all(files, sealing).items():
        target = building / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    shutil.rmtree(out_dir, ignore_errors=True)
    building.replace(out_dir)


def _lock_all(files: Mapping[str, bytes], sealing: _Seal) -> dict[str, str]:
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
            locked[name] = _locked_page(sealing, name, page.encode(), language, kind="page")
    for name, content in files.items():
        suffix = posixpath.splitext(name)[1].lower()
        if suffix != ".html" and suffix not in INSIDE_PAGES:
            if name + LOCKED_SUFFIX in files:
                raise DeliveryError(f"the site has both {name} and {name}{LOCKED_SUFFIX}; rename one of them")
            locked[name + LOCKED_SUFFIX] = _locked_page(sealing, name, content, language, kind="file")
    return locked


def _locked_page(sealing: _Seal, name: str, content: bytes, language: str, *, kind: str) -> str:
    suffix = posixpath.splitext(name)[1].lower()
    address = name if kind == "page" else name + LOCKED_SUFFIX
    return rendered(
        "locked.html.j2",
        language,
        kind=kind,
        name=posixpath.basename(name),
        content_type=CONTENT_TYPES.get(suffix, "application/octet-stream"),
        salt=sealing.salt.hex(),
        iterations=ITERATIONS,
        format=FORMAT,
        address=address,
        release=sealing.release,
        sealed=b64encode(sealing.close(address, content)).decode(),
    )
