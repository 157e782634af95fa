"""The run environment in figures: how many packages `requirements-run.lock` names, how large they are, whose licences.

`make sbom` prints it. Sizes are megabytes of the files of each package as it is installed in this environment; packages
of other systems (Windows) are counted and not measured. The limits are those that docs/dependencies.md states.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = Path(__file__).parent / "dependencies.md"
# What each way of writing it means; the first that is found counts.
LICENCES = {
    "MPL": r"\bMPL|Mozilla",
    "Artistic or GPL": r"Artistic",
    "Apache-2.0": r"Apache",
    "BSD": r"BSD",
    "PSF": r"PSF|Python Software Foundation",
    "ISC": r"ISC",
    "MIT": r"MIT",
}
_MIT_TEXT = "Permission is hereby granted, free of charge"


@dataclass(frozen=True)
class Package:
    """One package of the lock; `megabytes` is 0 where it is not installed on this system."""

    name: str
    megabytes: float
    licence: str


def packages() -> Iterator[Package]:
    """Those of requirements-run.lock, in its order."""
    lock = (ROOT / "requirements-run.lock").read_text(encoding="utf-8")
    for name in sorted(set(re.findall(r"(?m)^([A-Za-z0-9][A-Za-z0-9._-]*)==", lock))):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            yield Package(name, 0, "not for this system")
            continue
        files = [Path(str(file.locate())) for file in found.files or []]
        yield Package(name, sum(path.stat().st_size for path in files if path.is_file()) / 1e6, _licence(found))


def _licence(found: Distribution) -> str:
    classifiers = [value for value in found.metadata.get_all("Classifier") or [] if value.startswith("License ::")]
    written = found.metadata.get("License-Expression") or " ".join([found.metadata.get("License") or "", *classifiers])
    for licence, pattern in LICENCES.items():
        if re.search(pattern, written[:2000]):
            return licence
    texts = [file for file in found.files or [] if "LICEN" in file.name.upper()]
    return "MIT" if any(_MIT_TEXT in file.read_text() for file in texts) else "unknown"


def limits() -> tuple[int, float]:
    """The most packages and megabytes, as docs/dependencies.md states them."""
    stated = re.search(r"at most (\d+) packages and (\d+) MB", PAGE.read_text(encoding="utf-8"))
    if not stated:
        raise ValueError(f"{PAGE} states no limits")
    return int(stated[1]), float(stated[2])


def main() -> int:
    """Print the figures; 1 if a limit is exceeded or a licence is unknown."""
    found = list(packages())
    size, (most, most_size) = sum(package.megabytes for package in found), limits()
    print(f"{len(found)} packages (at most {most}), {size:.0f} MB (at most {most_size:.0f})")
    for package in sorted(found, key=lambda package: -package.megabytes)[:10]:
        print(f"{package.megabytes:7.1f} MB  {package.name}")
    for licence in sorted({package.licence for package in found}):
        names = [package.name for package in found if package.licence == licence]
        print(f"{len(names):4}  {licence}" + (f": {', '.join(names)}" if len(names) < 8 else ""))
    return int(len(found) > most or size > most_size or any(package.licence == "unknown" for package in found))


if __name__ == "__main__":
    sys.exit(main())
