"""The published site over HTTP, for this machine only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from okr_reports.errors import PublishError

HOST = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    """Serves the release that is current when it is asked; nothing is written to the terminal for each request."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return


def make_server(site_dir: Path, port: int) -> ThreadingHTTPServer:
    """A server of `site_dir/current` for this machine. Raises PublishError without a site, or if the port is taken."""
    current = site_dir / "current"
    if not (current / "index.html").is_file():
        raise PublishError(f"{current}: nothing has been published yet; run `okr refresh`")
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Handler, directory=str(current)))
    except OSError as error:
        raise PublishError(f"port {port} cannot be had: {error.strerror}; name another with --port") from error


def serve(site_dir: Path, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted. Raises PublishError as make_server does."""
    with make_server(site_dir, port) as server:
        say(f"http://{HOST}:{server.server_address[1]}/  (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")
