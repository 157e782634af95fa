"""What a folder holds, as one word."""

from __future__ import annotations

import hashlib
from pathlib import Path


def folder_digest(folder: Path, but: str = "") -> str:
    """A digest of every file's place and content; the same files give the same one. `but`: a folder in it left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).parts
        if path.is_file() and "__pycache__" not in within and within[0] != but:
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
