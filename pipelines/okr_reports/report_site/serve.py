"""The published site over HTTP, for this machine only."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from okr_reports.common.loopback import is_for, not_for
from okr_reports.errors import PublishError

HOST = "127.0.0.1"


class Handler(SimpleHTTPRequestHandler):
    """Serves the release that is current when it is asked; nothing is written to the terminal for each request.

    Only to who asks for this machine by name, and no lists of folders.
    """

    def __init__(self, *arguments: Any, names: Collection[str] = (), **named: Any) -> None:
        self._names = names
        super().__init__(*arguments, **named)

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if len(self.headers.get_all("Host", [])) == 1 and is_for(self.headers["Host"].strip(), self._names):
            return True
        self.send_error(HTTPStatus.FORBIDDEN, explain=not_for(self._names))
        return False

    def send_head(self) -> Any:
        """Nothing but files of the release: no link that leads out of it, no name that no file can have."""
        try:
            inside = Path(self.translate_path(self.path)).resolve().is_relative_to(Path(self.directory).resolve())
        except (ValueError, OSError, RuntimeError):
            inside = False
        if inside:
            return super().send_head()
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return


def make_server(
    site_dir: Path, port: int, names: Collection[str] = (), handler: type[Handler] = Handler, **more: Any
) -> ThreadingHTTPServer:
    """A server of `site_dir/current` for this machine, which answers to `names` too; `more` is for its handler.

    Raises PublishError without a site, or if the port is taken.
    """
    current = site_dir / "current"
    if not (current / "index.html").is_file():
        raise PublishError(f"{current}: nothing has been published yet; run `okr refresh`")
    try:
        return ThreadingHTTPServer((HOST, port), partial(handler, directory=str(current), names=names, **more))
    except OSError as error:
        raise PublishError(f"port {port} cannot be had: {error.strerror}; name another with --port") from error


def serve(site_dir: Path, port: int, say: Callable[[str], None], names: Collection[str] = ()) -> None:
    """Serve until interrupted. Raises PublishError as make_server does."""
    with make_server(site_dir, port, names) as server:
        say(f"http://{HOST}:{server.server_address[1]}/  (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")
