"""`okr serve --watch`: the pages as they are being written, built again at every change.

The preview lies in a site folder of its own, so that what readers see stays as it was published. Pages that a change
does not touch come from the cache; a mistake is reported and the last good preview stays.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path

from okr_reports.common.folder_digest import FileState, files_state
from okr_reports.errors import OkrError, PublishError
from okr_reports.report_site.build import build_site
from okr_reports.report_site.publish import publish
from okr_reports.report_site.serve import HOST, make_server

SECONDS = 0.5


def serve_watching(
    snapshot: Path, reports_dir: Path, preview_dir: Path, port: int, say: Callable[[str], None],
    stop: threading.Event | None = None, names: Collection[str] = (),
) -> None:  # fmt: skip
    """Serve a preview of `reports_dir` over `snapshot` until interrupted (or `stop` is set).

    While the first build fails its mistakes are reported and nothing is served. Raises PublishError without a snapshot
    or if the port is taken.
    """
    stop = stop or threading.Event()
    if not snapshot.is_file():
        raise PublishError(f"{snapshot} is not there; run `okr refresh` first")
    seen = files_state(snapshot, reports_dir)
    try:
        while not _tried(snapshot, reports_dir, preview_dir, say) and not stop.is_set():
            seen = _next_state(snapshot, reports_dir, seen, stop)
        if stop.is_set():
            return
        with make_server(preview_dir, port, names) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            say(f"http://{HOST}:{server.server_address[1]}/  (built again when {reports_dir} changes; Ctrl-C ends it)")
            try:
                while not stop.is_set():
                    seen = _next_state(snapshot, reports_dir, seen, stop)
                    if not stop.is_set():
                        _tried(snapshot, reports_dir, preview_dir, say)
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


def _tried(snapshot: Path, reports_dir: Path, preview_dir: Path, say: Callable[[str], None]) -> bool:
    """Whether the preview could be built; mistakes are reported."""
    try:
        rebuild(snapshot, reports_dir, preview_dir, say)
    except OkrError as error:
        shown = (
            "the last good pages stay" if (preview_dir / "current").exists() else "waiting for the pages to be fixed"
        )
        say(f"{error}\n{shown}")
        return False
    return True


def rebuild(snapshot: Path, reports_dir: Path, preview_dir: Path, say: Callable[[str], None]) -> None:
    """Build the preview and put it in place."""
    result = build_site(snapshot, reports_dir, preview_dir / "building", cache_dir=preview_dir / "cache")
    publish(result.out_dir, preview_dir, 1, "preview")
    say(f"{result.pages} pages in {result.seconds:.1f} s")
