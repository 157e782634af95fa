"""One writer at a time, over real processes."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from threading import Timer

import pytest

from okr_reports.commands.init import make_workspace
from okr_reports.doctor import storage
from okr_reports.errors import LockedError, OkrError
from okr_reports.refresh import check_request
from okr_reports.settings import Workspace
from okr_reports.warehouse import origins
from okr_reports.warehouse.lock import reader_lock, writer_lock

HOLD = """
import sys, time
from pathlib import Path
from okr_reports.settings import Workspace
from okr_reports.warehouse.lock import writer_lock
with writer_lock(Workspace(Path("d"), Path("r"), Path(sys.argv[1])), wait_seconds=0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "okr_definitions", tmp_path / "reports", tmp_path / "data")


@pytest.fixture
def holder(workspace):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(workspace.data_dir)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_which_process_holds_the_lock_and_since_when(workspace, holder):
    with pytest.raises(LockedError) as caught, writer_lock(workspace, wait_seconds=0):
        pass
    assert f"process {holder.pid}" in str(caught.value)
    assert " since 20" in str(caught.value)


def test_a_waiting_writer_says_so_once_and_goes_on_when_the_other_ends(workspace, holder):
    said = []
    began = time.monotonic()
    killer = Timer(1.0, holder.kill)
    killer.start()
    with writer_lock(workspace, wait_seconds=20, on_wait=said.append):
        waited = time.monotonic() - began
    killer.join()
    assert waited >= 0.8
    assert len(said) == 1
    assert f"process {holder.pid}" in said[0]


def test_a_killed_writer_leaves_no_lock(workspace, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with writer_lock(workspace, wait_seconds=0):
        assert (workspace.data_dir / "warehouse.lock.json").exists()
    assert not (workspace.data_dir / "warehouse.lock.json").exists()


# A file that another process reads cannot be written: DuckDB refuses the refresh that is running.
def test_a_command_that_looks_into_the_warehouse_leaves_it_alone_while_another_process_writes_it(
    workspace, monkeypatch, request
):
    make_workspace(workspace.definitions_dir.parent, empty=True)
    workspace.data_dir.mkdir()
    monkeypatch.setenv(origins.VARIABLE, "http://127.0.0.1:8765")
    origins.mark(workspace.warehouse, ["ga4"])
    monkeypatch.delenv(origins.VARIABLE)
    with pytest.raises(OkrError, match="sandbox"):
        check_request(workspace, (), None)
    holder = request.getfixturevalue("holder")
    check_request(workspace, (), None)
    os.truncate(workspace.warehouse, workspace.warehouse.stat().st_size // 2)
    (writing,) = storage.warehouse(workspace)
    assert "being written by" in writing.text
    holder.kill()
    holder.wait()
    assert any("is damaged" in diagnosis.text for diagnosis in storage.warehouse(workspace))


def test_a_reader_keeps_writers_out_only_for_its_moment(workspace):
    with writer_lock(workspace, wait_seconds=0), reader_lock(workspace) as nobody_writes:
        assert not nobody_writes
    reading = ExitStack()
    assert reading.enter_context(reader_lock(workspace))
    end = Timer(0.5, reading.close)
    end.start()
    with writer_lock(workspace, wait_seconds=0):
        assert not reading.enter_context(reader_lock(workspace))
    end.join()
