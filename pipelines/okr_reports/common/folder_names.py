"""Names of folders for what people write: ids, names of persons, values of data."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


def segment(value: object) -> str:
    """One folder name for a value. Ids stay as they are; anything else becomes a slug with a short hash.

    So no value can leave the site's folder, and two values never share a folder.
    """
    return _segment(str(value))


@lru_cache(maxsize=4096)
def _segment(text: str) -> str:
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED:
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40].lower() or "x"
    return f"{slug}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def person_id(name: str) -> str:
    """The person whom a name means, as a folder name: spellings that differ in case, blanks or code points are one."""
    return segment(" ".join(unicodedata.normalize("NFKC", name).split()).casefold())
