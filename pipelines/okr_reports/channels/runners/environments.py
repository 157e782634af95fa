"""Environments of connectors: one a channel, below the data folder, of exactly what its lock file says.

The lock is `<channel>.lock` beside the definition, written by `okr channel lock`: versions and hashes, no addresses. It
holds the files that fit the platform and Python it was written on.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from okr_reports.errors import ChannelError
from okr_reports.file_sources import FileSource

_SECONDS = 900
# Accounts of one channel are asked at once, in one environment.
_making = threading.Lock()
# Older taps import pkg_resources without naming the package that has it.
_OFTEN_MISSING = "setuptools<81"
# What runs a manifest, where no package does.
_MANIFEST_RUNNER = "airbyte-cdk"


def lock_path(source: FileSource) -> Path:
    """Where the lock of a source's connector is."""
    return source.folder / f"{source.channel}.lock"


def requirement(source: FileSource) -> str | None:
    """The package that its connector needs, None for one that needs none of its own."""
    assert source.connector is not None
    if source.connector.runner == "airbyte" and source.connector.path is not None:
        return _MANIFEST_RUNNER
    return source.connector.name if source.connector.runner in ("singer", "airbyte") else None


def lock(source: FileSource) -> int:
    """Write the lock anew; how many packages it has. Runs pip, which may run a package's setup. Raises ChannelError."""
    wanted = requirement(source)
    if wanted is None:
        raise ChannelError(source.channel, "its connector is no package", "there is nothing to lock")
    with tempfile.TemporaryDirectory(prefix="okr-lock-") as folder:
        report = Path(folder) / "report.json"
        pip = _made(source, Path(folder) / "env")
        look = [*pip, "install", "--dry-run", "--ignore-installed", "--report", str(report), wanted]
        try:
            _run(source, [*look, _OFTEN_MISSING])
        except ChannelError:
            _run(source, look)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    lines = sorted(_pinned(source, package) for package in found)
    head = f"# {wanted} and what it needs, by okr channel lock on Python {sys.version_info[0]}.{sys.version_info[1]}\n"
    lock_path(source).write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def _pinned(source: FileSource, package: dict[str, Any]) -> str:
    name, version = package["metadata"]["name"], package["metadata"]["version"]
    digest = package["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
    if not digest:
        raise ChannelError(source.channel, f"the index gives no hash of {name} {version}", "use an index that does")
    return f"{name.lower()}=={version} --hash=sha256:{digest}"


def environment(source: FileSource, home: Path) -> Path:
    """The folder of programs of the environment that the lock describes, made where it is not there yet.

    Raises ChannelError without a lock, or with one of another package.
    """
    wanted, path = requirement(source), lock_path(source)
    todo = f"run `okr channel lock {source.channel}` and commit the file beside the definition"
    if not path.is_file():
        raise ChannelError(source.channel, f"{wanted} is not locked", todo)
    text = path.read_text(encoding="utf-8")
    locked = [line.partition(" ")[0] for line in text.splitlines() if line and not line.startswith("#")]
    name, _, version = str(wanted).partition("==")
    plain = name.partition("[")[0].lower().replace("_", "-")
    known = {pin.partition("==")[0].replace("_", "-"): pin.partition("==")[2] for pin in locked}
    if plain not in known or (version and known[plain] != version):
        raise ChannelError(source.channel, f"{path.name} locks another version than {wanted}", todo)
    digest = hashlib.blake2b(f"{sys.version}{text}".encode(), digest_size=8).hexdigest()
    place = home / source.channel / digest
    with _making:
        if not (place / ".ready").exists():
            shutil.rmtree(home / source.channel, ignore_errors=True)
            pip = _made(source, place)
            _run(source, [*pip, "install", "--require-hashes", "--no-deps", "-r", str(path.absolute())])
            (place / ".ready").touch()
    return place / "bin"


def _made(source: FileSource, place: Path) -> list[str]:
    """A new environment; how pip is called for it: ours where there is one, else one of its own, which takes longer."""
    place.parent.mkdir(parents=True, exist_ok=True)
    has_pip = importlib.util.find_spec("pip") is not None
    _run(source, [sys.executable, "-m", "venv", *(["--without-pip"] if has_pip else []), str(place)])
    python = str(place / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python] if has_pip else [python, "-m", "pip"]
    return [*pip, "--disable-pip-version-check", "-q", "--no-input"]


def _run(source: FileSource, command: list[str]) -> None:
    # pip reads its index from the operator's own settings; no secret of a channel is in its environment
    kept = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TMPDIR")
    given = {name: text for name, text in os.environ.items() if name in kept or name.startswith(("PIP_", "UV_"))}
    given |= {name: text for name, text in os.environ.items() if name.lower().endswith("_proxy")}
    try:
        done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ChannelError(source.channel, f"pip took longer than {_SECONDS} s", "try again") from None
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
        what = f"the environment of {requirement(source)} cannot be made: {said[:300]}"
        raise ChannelError(source.channel, what, "look at the package's name and version, and at pip's index")
