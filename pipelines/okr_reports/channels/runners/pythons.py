"""The files that a Python needs to start: wherever it was built to look for its libraries, which need not be below its
prefix. The Python itself is asked, so this file runs as a program of it (`python -I pythons.py`) and imports nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

_SECONDS = 60


@cache
def python_files(python: Path) -> tuple[Path, ...]:
    """Folders and files, absolute, of that interpreter; of one that cannot say it those of this program's."""
    try:
        command = [str(python), "-I", str(Path(__file__).absolute())]
        said = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, env={}).stdout
        return tuple(map(Path, json.loads(said)))
    except (OSError, ValueError, subprocess.SubprocessError):
        return (Path(sys.base_prefix), Path(sys.executable).resolve().parent)


def _own() -> list[str]:
    """Its prefixes, the folders of its modules, and the libraries that it and its own extensions have loaded."""
    import importlib
    import os
    import sysconfig
    from contextlib import suppress

    found = [sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.path.realpath(sys.executable)), *sys.path]  # noqa: PTH120
    found += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    for name in ("_bz2", "_ctypes", "_dbm", "_hashlib", "_lzma", "_sqlite3", "_ssl", "_uuid", "readline", "zlib"):
        with suppress(ImportError):
            importlib.import_module(name)
    with suppress(OSError), open("/proc/self/maps", encoding="utf-8") as maps:  # noqa: PTH123
        lines = [line.split(maxsplit=5) for line in maps]
        found += [line[5].strip() for line in lines if len(line) == 6 and ".so" in line[5]]
    return [path for path in dict.fromkeys(found) if os.path.isabs(path)]  # noqa: PTH117


if __name__ == "__main__":
    print(json.dumps(_own()))
