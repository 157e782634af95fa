"""A real MariaDB on the loopback, for the tests that need one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import free_port


@contextmanager
def mariadb_server(name: str, password: str) -> Iterator[int]:
    """A server of its own, with a user and a database of this name; its port."""
    if shutil.which("mariadbd") is None:
        pytest.skip("there is no mariadbd; on Debian: apt-get install mariadb-server")
    # MariaDB will not run as root, and its user must reach its folder, which pytest's own are closed to.
    folder, port = Path(tempfile.mkdtemp(prefix="okr-mariadb-")), free_port()
    prefix = ["runuser", "-u", "mysql", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, "mysql")
    data, socket = f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}"
    made = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", data]
    subprocess.run([*prefix, *made], check=True, capture_output=True)
    listening = [f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}"]
    server = subprocess.Popen(
        [*prefix, "mariadbd", "--no-defaults", data, socket, *listening],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ask = ["mariadb", "--no-defaults", socket, "-u", "root", "-e"]
    try:
        for _ in range(300):
            if subprocess.run([*ask, "select 1"], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        user = f"{name}@'127.0.0.1'"
        told = f"create database {name}; create user {user} identified by '{password}'; grant all on {name}.* to {user}"
        subprocess.run([*ask, told], check=True, capture_output=True)
        yield port
    finally:
        subprocess.run(["mariadb-admin", "--no-defaults", socket, "-u", "root", "shutdown"], capture_output=True)
        server.wait(timeout=60)
        shutil.rmtree(folder)
