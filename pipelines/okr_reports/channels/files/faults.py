"""What is wrong with a file, and the limits that no file may pass."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable, Sequence

from okr_reports.channels.files.rows import Fault

LARGEST_FILE = 2 * 1024**3
LARGEST_SHEET = 300 * 1024**2
MOST_ROWS = 50_000_000
MOST_MEMBERS = 1_000
# A real sheet shrinks 5 to 50 times in its zip; a bomb a thousand times.
LARGEST_ZIP_RATIO = 200
SHOWN = 5


class Refused(Exception):
    """A file that is not read, with all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = list(faults)


class NoTable(Refused):
    """Nothing in it is a table with any of the columns that are named."""


def refused(what: str, todo: str, *, shown: Iterable[str] = ()) -> Refused:
    """Of one fault of the whole file."""
    return Refused([Fault(what, todo, shown=tuple(shown))])


def out_of_reach(error: OSError) -> Refused:
    """What the system says of a file or folder that it does not hand out."""
    todo = "give this user the right to read it, or bring the file back"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        todo = f"make room in {tempfile.gettempdir()}, where files are unpacked and decoded"
    return refused(f"cannot be read ({error.strerror or error})", todo)


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names in a sentence, the first of many."""
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
