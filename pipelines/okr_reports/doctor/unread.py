"""Settings that nothing reads: a name misspelled is a setting that is silently not set.

Settings of a channel are looked at by `okr check` (channels/unread_settings.py), those of deliveries are refused. Here:
those, variables of the environment, and sections of the files. dlt reads sections of its own, so that of other sections
only those are named that look like ours.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from okr_reports.errors import OkrError, did_you_mean

VARIABLES = (
    "OKR_DAGSTER_URL", "OKR_DATA_DIR", "OKR_DEBUG", "OKR_DEFINITIONS_DIR", "OKR_ENGINE", "OKR_MEMORY_LIMIT",
    "OKR_MODELS_DIR", "OKR_PARSED_DIR", "OKR_REPORTS_DIR", "OKR_SANDBOX", "OKR_TODAY",
)  # fmt: skip
# Set by okr for the programs it starts.
_HANDED_ON = ("OKR_WAREHOUSE", "OKR_DBT_PACKAGES", "OKR_SPARK_", "OKR_GIT_")
SECTIONS = ("sources", "deliveries", "ducklake", "spark", "files_roots")


def unread_settings(folder: Path) -> Iterator[str]:
    """Each setting that nothing reads, and what may be meant; `folder` holds config.toml and secrets.toml."""
    yield from _of_channels()
    for name in sorted(os.environ):
        if name.startswith("OKR_") and name not in VARIABLES and not name.startswith(_HANDED_ON):
            hint = did_you_mean(name, VARIABLES, f"unset it; there are {', '.join(VARIABLES)}")
            yield f"nothing reads the variable {name}; {hint}"
    for path in (folder / "config.toml", folder / "secrets.toml"):
        try:
            written = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # said with the configuration
        for section in written:
            if section not in SECTIONS and (near := get_close_matches(section, SECTIONS, n=1, cutoff=0.8)):
                yield f"{path}: nothing reads [{section}]; did you mean [{near[0]}]?"


def _of_channels() -> Iterator[str]:
    from okr_reports.channels.load import check_settings

    try:
        found = check_settings()
    except OkrError:
        return  # said with the configuration
    yield from (str(finding) for finding in found if finding.severity == "warning")
