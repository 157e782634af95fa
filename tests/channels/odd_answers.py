"""A vendor whose answers are those of the sandbox, but for one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests


@contextmanager
def odd_vendor(sandbox_url: str, path_end: str, answer: Any) -> Iterator[str]:
    """Its URL: requests for paths with this end get the answer, all others what the sandbox says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.partition("?")[0].endswith(path_end):
                return self._send(json.dumps(answer).encode(), 200)
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            reply = requests.request(self.command, f"{sandbox_url}{self.path}", headers=headers, data=body, timeout=30)
            return self._send(reply.content, reply.status_code)

        do_POST = do_GET

        def _send(self, body: bytes, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
