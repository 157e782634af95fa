"""`okr serve --watch`: the pages as they are being written, built again at every change.

The preview lies in a site folder of its own, so that what readers see stays as it was published. Pages that a change
does not touch come from the cache; a mistake is shown in its page, at its place (preview.py), and an open page loads
itself again when the preview has changed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from okr_reports.common.folder_digest import FileState, files_state
from okr_reports.errors import OkrError, PublishError
from okr_reports.report_site.build import build_site
from okr_reports.report_site.output.publish import publish
from okr_reports.report_site.serve import HOST, Handler, make_server

SECONDS = 0.2
SCRIPT, STATE = "/okr-watch.js", "/okr-watch-state.js"
# The policy of the pages allows scripts of the same place and nothing else: what is new comes as one.
RELOAD = """(function () {
  var seen = null;
  function ask() {
    var script = document.createElement("script");
    script.src = "STATE?" + Date.now();
    script.onload = function () {
      script.remove();
      if (seen !== null && window.okrWatch.version !== seen) location.reload();
      seen = window.okrWatch.version;
      setTimeout(ask, 250);
    };
    script.onerror = function () { script.remove(); setTimeout(ask, 1000); };
    document.head.appendChild(script);
  }
  ask();
})();
""".replace("STATE", STATE)


class Version:
    """The number of the preview that is in place."""

    def __init__(self) -> None:
        self.number = 0


class _WatchedHandler(Handler):
    """The preview's pages with the script that loads them again."""

    def __init__(self, *arguments: Any, version: Version, **named: Any) -> None:
        self._version = version
        super().__init__(*arguments, **named)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == SCRIPT:
            self._answer(RELOAD.encode(), "text/javascript")
        elif path == STATE:
            state = json.dumps({"version": self._version.number})
            self._answer(f"window.okrWatch={state};\n".encode(), "text/javascript")
        else:
            file = Path(self.translate_path(self.path))
            file = file / "index.html" if file.is_dir() and path.endswith("/") else file
            if file.suffix == ".html" and file.is_file():
                script = f'<script src="{SCRIPT}" async></script></head>'.encode()
                self._answer(file.read_bytes().replace(b"</head>", script, 1), "text/html; charset=utf-8")
            else:
                super().do_GET()

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def serve_watching(
    snapshot: Path, reports_dir: Path, preview_dir: Path, port: int, say: Callable[[str], None],
    stop: threading.Event | None = None, names: Collection[str] = (),
) -> None:  # fmt: skip
    """Serve a preview of `reports_dir` over `snapshot` until interrupted (or `stop` is set).

    While there is nothing to show at all its mistakes are reported and nothing is served. Raises PublishError without
    a snapshot or if the port is taken.
    """
    stop, version = stop or threading.Event(), Version()
    if not snapshot.is_file():
        raise PublishError(f"{snapshot} is not there; run `okr refresh` first")
    seen = files_state(snapshot, reports_dir)
    try:
        while not _tried(snapshot, reports_dir, preview_dir, say, version) and not stop.is_set():
            seen = _next_state(snapshot, reports_dir, seen, stop)
        if stop.is_set():
            return
        with make_server(preview_dir, port, names, _WatchedHandler, version=version) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            say(f"http://{HOST}:{server.server_address[1]}/  (built again when {reports_dir} changes; Ctrl-C ends it)")
            try:
                while not stop.is_set():
                    seen = _next_state(snapshot, reports_dir, seen, stop)
                    if not stop.is_set():
                        _tried(snapshot, reports_dir, preview_dir, say, version)
            finally:
                server.shutdown()
    except KeyboardInterrupt:
        say("")


def _next_state(
    snapshot: Path, reports_dir: Path, seen: frozenset[FileState], stop: threading.Event
) -> frozenset[FileState]:
    """Wait until something changed (or `stop` is set) and return what it is now."""
    now = seen
    while now == seen and not stop.wait(SECONDS):
        now = files_state(snapshot, reports_dir)
    return now


def _tried(snapshot: Path, reports_dir: Path, preview_dir: Path, say: Callable[[str], None], version: Version) -> bool:
    """Whether the preview could be built; mistakes are reported."""
    try:
        rebuild(snapshot, reports_dir, preview_dir, say)
    except OkrError as error:
        shown = (
            "the last good pages stay" if (preview_dir / "current").exists() else "waiting for the pages to be fixed"
        )
        say(f"{error}\n{shown}")
        return False
    version.number += 1
    return True


def rebuild(snapshot: Path, reports_dir: Path, preview_dir: Path, say: Callable[[str], None]) -> None:
    """Build the preview and put it in place."""
    result = build_site(
        snapshot, reports_dir, preview_dir / "building", cache_dir=preview_dir / "cache",
        strict=lambda: False, purpose="preview",
    )  # fmt: skip
    publish(result.out_dir, preview_dir, 1, "preview")
    for fault in result.faults:
        say(str(fault))
    say(f"{result.pages} pages in {result.seconds:.1f} s")
