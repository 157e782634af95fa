"""The process that renderers are forked from: one thread, no environment, everything imported.

`client` starts it once and talks to it through a socket: a request is a line of JSON. `start` brings a job with two
pipes and is answered with the process id of a fork that does it; `wait` is answered with how that fork ended. This
process ends when its client does.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import socket
import sys
import traceback
import warnings
from typing import Any

from okr_reports.report_site.renderer import job
from okr_reports.report_site.renderer.wire import send

DIE_WITH_PARENT = 1  # prctl
# A renderer keeps nearly all that it makes: looking for cycles in it was 4 % of its time, and is 2 %.
COLLECTING = (20_000, 20, 50)


def main(descriptor: int) -> None:
    """Answer requests until the client is gone."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the client's: it ends us
    job.import_all()
    gc.freeze()
    gc.set_threshold(*COLLECTING)
    with socket.socket(fileno=descriptor) as client:
        while received := _received(client):
            request, pipes = received
            if request["ask"] == "start":
                child = os.fork()
                if child == 0:
                    client.detach()
                    os.close(descriptor)
                    _work(request["job"], *pipes)
                answer = {"process": child}
            else:
                answer = {"status": os.waitpid(int(request["process"]), 0)[1]}
            for pipe in pipes:
                os.close(pipe)
            client.sendall(json.dumps(answer).encode() + b"\n")
    # Ended like this by a client that left before it could kill it: at Python's own end libraries print what they leak.
    os._exit(0)


def _received(client: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    line, pipes, _, _ = socket.recv_fds(client, 1 << 16, 2)
    while line and not line.endswith(b"\n"):
        line += client.recv(1 << 16)
    return (json.loads(line), list(pipes)) if line else None


def _work(work: dict[str, Any], messages: int, faults: int) -> None:
    """Do the job and never come back."""
    code = 1
    try:
        if sys.platform == "linux":
            import ctypes

            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        os.dup2(faults, 2)
        faulthandler.enable(2, all_threads=False)
        faulthandler.register(signal.SIGUSR1, 2, all_threads=False)
        job.run(work, lambda message, *blobs: send(messages, message, *blobs))
        code = 0
    except BaseException:
        traceback.print_exc(limit=-8)  # a pipe holds no more than 64 kB that nobody reads
    finally:
        os._exit(code)
