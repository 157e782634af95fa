"""A command that a signal ended says so, whatever error a library made of the signal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import click
import duckdb
import pytest
from click.testing import CliRunner

from okr_reports.commands.output import OkrGroup
from okr_reports.common.interrupts import ended_by, noted
from okr_reports.errors import OkrError

ENDLESS = "select count(*) from range(10_000_000) as a, range(10_000_000) as b where a.range * b.range % 7 = 3"


@pytest.fixture(autouse=True)
def _usual_handlers() -> Iterator[None]:
    """What a command starts with, whatever the tests before left in this process."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    if before is not None:
        signal.signal(signal.SIGINT, before)


def _in_a_query() -> None:
    with duckdb.connect() as connection:
        # DuckDB misses one signal in many, and would go on for ever; that it came is noted all the same
        giving_up = threading.Timer(5, connection.interrupt)
        giving_up.start()
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            connection.execute(ENDLESS)
        finally:
            giving_up.cancel()


def _in_a_query_whose_errors_are_words() -> None:
    try:
        _in_a_query()
    except RuntimeError as error:
        raise OkrError(f"the definitions could not be written: {error}; refresh again") from None


def _by_a_file_that_was_cut_off() -> None:
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        raise OSError(5, "Input/output error", "warehouse.duckdb") from None


def _by_itself() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def _by_a_supervisor() -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (_in_a_query, 130), (_in_a_query_whose_errors_are_words, 130), (_by_a_file_that_was_cut_off, 130),
        (_by_itself, 130), (_by_a_supervisor, 143),
    ],
)  # fmt: skip
def test_whatever_a_signal_breaks_is_an_end_and_no_failure(work, code):
    group = OkrGroup(commands={"refresh": click.Command("refresh", callback=work)})
    answer = CliRunner().invoke(group, ["refresh"])
    assert answer.output.strip() == "stopped; what was there is whole, and the command can be run again"
    assert answer.exit_code == code


def test_a_failure_after_an_earlier_command_was_ended_is_a_failure():
    def fail() -> None:
        raise OkrError("no data")

    commands = {
        "ended": click.Command("ended", callback=_by_itself),
        "refresh": click.Command("refresh", callback=fail),
    }
    group = OkrGroup(commands=commands)
    assert [CliRunner().invoke(group, [name]).exit_code for name in commands] == [130, 2]
    with noted():
        assert ended_by() is None
