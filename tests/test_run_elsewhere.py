"""Watching a run elsewhere: a webserver that hangs is given up in good time."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from okr_reports.commands import refresh_elsewhere as run_elsewhere
from okr_reports.errors import OkrError


def test_a_webserver_that_hangs_is_given_up_by_the_clock_and_not_by_questions(monkeypatch):
    monkeypatch.setattr(run_elsewhere, "TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(run_elsewhere, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(run_elsewhere, "PATIENCE_SECONDS", 0.5)
    # the system takes the connections, and nobody ever reads them
    with socket.create_server(("127.0.0.1", 0), backlog=99) as hanging:
        server = run_elsewhere.Webserver(f"http://127.0.0.1:{hanging.getsockname()[1]}")
        with pytest.raises(OkrError, match=r"no answer \(ReadTimeout\)"):
            run_elsewhere._watch(server, "a-run")
        hanging.setblocking(False)
        questions = 0
        with suppress(BlockingIOError):
            while True:
                hanging.accept()[0].close()
                questions += 1
    assert 1 <= questions <= 4
