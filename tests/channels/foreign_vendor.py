"""A vendor that answers what a file says: bodies that others recorded or documented, by the end of the path asked."""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = {"access_token": "t", "expires_in": 3600, "token_type": "Bearer", "refresh_token": "r"}


@contextmanager
def foreign_vendor(answers: Mapping[str, Any]) -> Iterator[str]:
    """Its URL. A list is answered one after the other, its last one from then on; a token to who asks for one.

    An answer with `status` or `body` says all of itself; `csv` is a report in a ZIP; any other is a JSON body. In texts
    `{url}` is the vendor's own address.
    """
    asked: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            ending = next((one for one in answers if path.endswith(one)), None)
            if ending is None:
                return self._send(*((200, TOKEN) if "oken" in path else (404, {"message": f"no {path}"})))
            listed = answers[ending]
            if isinstance(listed, list):
                listed = listed[min(asked[ending], len(listed) - 1)]
            asked[ending] += 1
            if isinstance(listed, dict) and "csv" in listed:
                return self._send_bytes(200, {}, _zipped(listed["csv"]))
            if isinstance(listed, dict) and {"status", "body"} >= listed.keys() - {"headers"}:
                return self._send(listed.get("status", 200), listed.get("body"), listed.get("headers", {}))
            return self._send(200, listed)

        do_POST = do_GET

        def _send(self, status: int, body: Any, headers: Mapping[str, str] = {}) -> None:
            text = body if isinstance(body, str) else json.dumps(body)
            self._send_bytes(status, headers, text.replace("{url}", url).encode() if body is not None else b"")

        def _send_bytes(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield url
        server.shutdown()


def _zipped(rows: list[dict[str, str]]) -> bytes:
    """As Microsoft sends it: a byte order mark, every cell quoted, one file."""
    written, packed = io.StringIO(), io.BytesIO()
    out = csv.DictWriter(written, list(rows[0]), quoting=csv.QUOTE_ALL)
    out.writeheader()
    out.writerows(rows)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.csv", b"\xef\xbb\xbf" + written.getvalue().encode())
    return packed.getvalue()
