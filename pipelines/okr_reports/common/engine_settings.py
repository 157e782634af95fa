"""Settings of an engine: a section of `.dlt/config.toml` and `.dlt/secrets.toml`, or `SECTION__NAME` set.

The environment wins over secrets, secrets over config. Read without dlt, whose import takes 1.2 s.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from okr_reports.errors import EngineError


def written_settings(section: str, known: Sequence[str], folder: Path) -> dict[str, Any]:
    """What is written of these settings, by name. Raises EngineError for a name that is none of them."""
    written: dict[str, Any] = {}
    for name in ("config.toml", "secrets.toml"):
        written |= _section_of(section, folder / name)
    for name in known:
        if value := os.environ.get(f"{section}__{name}".upper()):
            written[name] = value
    if unknown := sorted(written.keys() - set(known)):
        raise EngineError(f"[{section}] has no setting {unknown[0]}; those there are: {', '.join(known)}")
    return written


def where(section: str, name: str) -> str:
    """Where a setting is corrected, for the end of a message."""
    variable = f"{section}__{name}".upper()
    return f"write it under [{section}] in .dlt/config.toml or .dlt/secrets.toml, or as {variable}"


def _section_of(section: str, path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get(section, {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EngineError(f"{path}: it cannot be read: {error}; fix it") from None
    if not isinstance(found, dict):
        raise EngineError(f"{path}: {section} is not a table; write [{section}]")
    return found
