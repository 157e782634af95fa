"""A real Postgres on the loopback, for the tests that need one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import free_port


def program(name: str) -> str:
    """One of Postgres' own, which Debian keeps off the PATH."""
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        pytest.skip(f"there is no {name}; on Debian: apt-get install postgresql")
    return found


@contextmanager
def postgres_server(name: str) -> Iterator[int]:
    """A server of its own, with a role and a database of this name; its port."""
    # Postgres will not run as root, and its user must reach its folder, which pytest's own are closed to.
    folder, port = Path(tempfile.mkdtemp(prefix="okr-postgres-")), free_port()
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    subprocess.run(
        [*prefix, program("initdb"), "-D", data, "-U", name, "-A", "trust"], check=True, stdout=subprocess.DEVNULL
    )
    options = f"-p {port} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    server = [*prefix, program("pg_ctl"), "-D", data, "-w"]
    log = str(folder / "data" / "server.log")
    subprocess.run([*server, "-o", options, "-l", log, "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        subprocess.run([program("createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", name, name], check=True)
        yield port
    finally:
        subprocess.run([*server, "-m", "fast", "stop"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)
