"""The desk's web server."""

from __future__ import annotations

import socket
from collections.abc import Callable

from okr_reports.common.loopback import is_loopback_name
from okr_reports.desk.app import DeskOptions, make_app
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace


def serve_desk(workspace: Workspace, host: str, port: int, options: DeskOptions, say: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Raises OkrError for an address that others reach while nothing says who is asking, or that cannot be had.
    """
    import uvicorn

    if not is_loopback_name(host) and not options.person_header:
        raise OkrError(
            f"others could write check-ins in any name at {host}; put a proxy with a login before it and name the"
            " header that says who is there with --person-header, or leave --host out"
        )
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise OkrError(f"{host} port {port} cannot be had: {error.strerror}; name another with --port") from error
    with listening:
        shown = f"[{host}]" if ":" in host else host
        say(f"http://{shown}:{listening.getsockname()[1]}/  (Ctrl-C ends it)")
        settings = uvicorn.Config(
            make_app(workspace, options), log_level="warning", proxy_headers=False, server_header=False,
            timeout_keep_alive=5, h11_max_incomplete_event_size=16_384, limit_concurrency=64,
        )  # fmt: skip
        uvicorn.Server(settings).run(sockets=[listening])
