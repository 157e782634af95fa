"""Has a site rendered: starts renderers, gathers what they send, ends those that go over their limits.

A renderer that is ended is replaced by another one that goes on behind the page that ended it. That page has a fault at
the line it was at, with the query it was in.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from okr_reports.errors import Finding, PublishError
from okr_reports.report_site.limits import Limits
from okr_reports.report_site.output.page_cache import keep_templates, templates_to_compile
from okr_reports.report_site.renderer.walls import WALLS
from okr_reports.report_site.renderer.wire import Ended, Inbox, Message, Silent

logger = logging.getLogger("okr")
# how long a renderer may go on after its own watch should have stopped it
GRACE_SECONDS = 1.0
OPENING_SECONDS = 30.0
START = (
    "import json,sys; sys.path[:] = json.loads(sys.argv[2]);"
    "from okr_reports.report_site.renderer.server import main; main(int(sys.argv[1]))"
)
FRAME = re.compile(r'File "(.*)", line (\d+) in ')


@dataclass(frozen=True)
class Job:
    """What to render: a whole `site`, one to `preview` with mistakes in their places, or its pages to `check` them.

    Or one `query`, of `sql`; or `compile` its templates, without a snapshot. `blank` says what stands for rows.
    """

    snapshot: Path
    reports_dir: Path
    cache_dir: Path | None
    limits: Limits
    as_of: date | None = None
    purpose: str = "site"
    blank: str | None = None
    sql: str = ""

    def request(self, made: Made, without: list[str]) -> dict[str, Any]:
        """The job as JSON, without what is made already."""
        return {
            "here": str(Path.cwd()),
            "snapshot": str(self.snapshot),
            "reports_dir": str(self.reports_dir),
            "cache_dir": str(self.cache_dir) if self.cache_dir and self.cache_dir.is_dir() else None,
            "limits": asdict(self.limits),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "clock_is_set": "OKR_TODAY" in os.environ,
            "purpose": self.purpose,
            "blank": self.blank,
            "sql": self.sql,
            "broken": made.given_up,
            "done": sorted(made.done),
            "without": without,
        }


@dataclass
class Made:
    """What renderers sent: files by path, entries for the cache by route, and the mistakes they found.

    `sources` has the page file of each HTML file; `broken` the routes that show a notice, with the day of what stands
    below it.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    entries: dict[str, bytes] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str | None] = field(default_factory=dict)
    given_up: dict[str, list[Any]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    reads: bytes | None = None
    checked: str | None = None
    answer: bytes | None = None
    untranslated: tuple[str, ...] = ()
    pages: int = 0
    size: int = 0
    walls: tuple[str, ...] = ()


class _Server:
    """The process that renderers are forked from; one for each process of ours, started at first need."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def start(self) -> socket.socket:
        """Start it if it is not there, without waiting for it."""
        with self._lock:
            if self._process is not None and self._process.poll() is None and self._socket is not None:
                return self._socket
            ours, theirs = socket.socketpair()
            paths = [path for path in sys.path if path and Path(path).exists()]
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-B", "-c", START, str(theirs.fileno()), json.dumps(paths)],
                    pass_fds=[theirs.fileno()],
                    env={"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._socket = ours
            return ours

    def ask(self, request: Message, pipes: tuple[int, ...] = ()) -> Message:
        """One request and its answer. Raises PublishError when there is no server."""
        there = self.start()
        with self._lock:
            try:
                line = json.dumps(request).encode() + b"\n"
                sent = socket.send_fds(there, [line], list(pipes)) if pipes else there.send(line)
                there.sendall(line[sent:])
                answer = b""
                while not answer.endswith(b"\n"):
                    more = there.recv(1 << 16)
                    if not more:
                        raise OSError("it ended")
                    answer += more
                found: Message = json.loads(answer)
                return found
            except OSError as error:
                raise PublishError(f"the process that renders pages could not be started ({error})") from error

    def end(self) -> None:
        """End it; the next request starts another one."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None


_server = _Server()
atexit.register(_server.end)
os.register_at_fork(after_in_child=lambda: _server.__init__())  # type: ignore[misc]


def get_ready() -> None:
    """Start what renders while there is something else to do: it takes as long as its imports."""
    with suppress(OSError):
        _server.start()


def walls() -> tuple[list[str], list[str]]:
    """Which walls stand around a renderer on this machine, and which do not."""
    job = Job(Path("-"), Path("-"), None, Limits(), purpose="walls")
    made = render(job)
    return list(made.walls), [name for name in WALLS if name not in made.walls]


@dataclass
class _At:
    """Where a renderer is."""

    opened: bool = False
    route: str | None = None
    path: str | None = None
    query: Message | None = None
    rendered: int = 0
    worn: list[Any] = field(default_factory=list)
    since: float = 0.0
    query_since: float = 0.0
    lines: dict[str, list[list[int]]] = field(default_factory=dict)

    def deadline(self, limits: Limits) -> float:
        """When it will have taken too long."""
        if not self.opened:
            return self.since + OPENING_SECONDS
        page = self.since + limits.page_seconds + GRACE_SECONDS
        return min(page, self.query_since + limits.seconds + GRACE_SECONDS) if self.query else page


@contextmanager
def _renderer(job: Message) -> Iterator[tuple[int, Inbox, int]]:
    """A renderer at work: its process id, its messages, what it says when it dies."""
    messages, sending = os.pipe()
    faults, failing = os.pipe()
    process = None
    try:
        process = _server.ask({"ask": "start", "job": job}, (sending, failing))["process"]
        os.close(sending)
        os.close(failing)
        yield process, Inbox(messages), faults
    finally:
        if process is None:
            os.close(sending)
            os.close(failing)
        os.close(messages)
        os.close(faults)
        if process is not None:
            # not waited for yet, so this number is still its own
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            _server.ask({"ask": "wait", "process": process})


def render(job: Job, progress: Callable[[int, int], None] = lambda *_: None) -> Made:
    """Render all of it. Raises PublishError when the snapshot cannot be read or no renderer can be had."""
    _compile(job)
    made, without = Made(), list[str]()
    while True:
        at = _At()
        ended, said = _one_renderer(job, made, at, without, progress)
        if ended == "end":
            made.findings = dict.fromkeys(made.findings)
            return made
        if not at.opened:
            if "landlock" in without:
                raise PublishError(f"the process that renders pages ends before it begins: {_last_line(said)}")
            logger.warning(
                "the renderer does not start behind Landlock here (%s); it goes on without", _last_line(said)
            )
            without = ["landlock"]
            continue
        if ended == "worn" and at.rendered > 1:
            continue  # what it held of other pages is gone now; this page is tried alone before it is blamed
        _give_up(job, made, at, ended, said)


def _compile(job: Job) -> None:
    """Have the templates compiled and kept where they are not; what renders pages then finds them, and writes none."""
    folder = job.cache_dir
    if folder is None or not folder.is_dir() or (state := templates_to_compile(folder, job.reports_dir)) is None:
        return
    alone = Made()
    ended, _ = one_renderer(replace(job, snapshot=Path("-"), purpose="compile"), alone)
    if ended == "end" and alone.answer is not None:  # else renderers compile for themselves, and name what cannot be
        keep_templates(folder, state, alone.answer)


def one_renderer(job: Job, made: Made) -> tuple[str, str]:
    """Let one renderer do a job that is not gone on with; how it ended, as of `_one_renderer`."""
    at = _At()
    ended, said = _one_renderer(job, made, at, [], lambda *_: None)
    if ended != "end" and not at.opened:  # where Landlock is there and does not let it start
        ended, said = _one_renderer(job, made, at, ["landlock"], lambda *_: None)
    return ended, said


def _one_renderer(
    job: Job, made: Made, at: _At, without: list[str], progress: Callable[[int, int], None]
) -> tuple[str, str]:
    """Let one renderer work until it is done (`end`), over a limit (`late`), `worn`, or `dead`; and its last words."""
    at.since = time.monotonic()
    with _renderer(job.request(made, without)) as (process, inbox, faults):
        try:
            while True:
                message, blobs = inbox.next(at.deadline(job.limits))
                if message["kind"] in ("end", "worn"):
                    made.pages = message.get("pages", made.pages)
                    made.untranslated = tuple(sorted({*made.untranslated, *message.get("untranslated", ())}))
                    at.worn = message.get("fault", [])
                    return message["kind"], ""
                _take(message, blobs, made, at, job.limits)
                if message["kind"] == "files":
                    progress(len(made.done), len(made.done))
        except Silent:
            os.kill(process, signal.SIGUSR1)  # it says where it is, whatever it is doing
            time.sleep(0.1)
            return "late", _read(faults)
        except (Ended, ValueError):
            time.sleep(0.05)
            return "dead", _read(faults)


def _take(message: Message, blobs: list[bytes], made: Made, at: _At, limits: Limits) -> None:
    kind = message["kind"]
    if kind == "failed":
        raise PublishError(message["message"])
    if kind == "up":
        made.walls = tuple(message["walls"])
    elif kind == "opened":
        at.opened, at.since = True, time.monotonic()
    elif kind == "page":
        at.route, at.path, at.query, at.since = message["route"], message["path"], None, time.monotonic()
        at.rendered += at.route is not None
    elif kind in ("query", "ran"):
        at.query, at.query_since = (message if kind == "query" else None), time.monotonic()
    elif kind == "lines":
        at.lines[message["path"]] = message["lines"]
    elif kind == "answer":
        made.answer = blobs[0]
    elif kind == "reads":
        made.reads = blobs[0]
    elif kind == "checked":
        made.checked = message["text"]
    elif kind in ("fault", "warning"):
        _note(made, message["fault"], "error" if kind == "fault" else "warning", at.path)
    else:
        _keep_files(message, blobs, made, at)
        if made.size > limits.site_mb * 1e6:
            what = f"the site has more than {limits.site_mb:,} MB at the page /{at.route}"
            raise PublishError(f"{at.path}: {what}; make fewer pages, or show fewer rows")


def _note(made: Made, fault: list[Any], severity: Literal["error", "warning"], page: str | None) -> None:
    """A fault at its line; of a limit that a component was at, with the page that used it."""
    if fault in made.given_up.values():  # a renderer that goes on says again what ended the one before
        return
    path, line, what, todo, cause = fault
    if cause in ("time", "memory") and page not in (None, str(path)):
        what = f"{what} (on {page})"
    made.findings[Finding(str(path), int(line), severity, str(what), str(todo))] = None


def _keep_files(message: Message, blobs: list[bytes], made: Made, at: _At) -> None:
    paths = [str(path) for path in message["paths"]]
    made.files.update(zip(paths, blobs, strict=False))
    made.size += sum(map(len, blobs))
    if at.route is None:
        return
    route = str(message["route"])
    if message["entry"]:
        made.entries[route] = blobs[-1]
    if "broken" in message:
        made.broken[route] = message["broken"]
    made.sources.update(dict.fromkeys((path for path in paths if path.endswith(".html")), str(at.path)))
    made.done.add(route)


def _give_up(job: Job, made: Made, at: _At, ended: str, said: str) -> None:
    """Note the fault of the page that a renderer ended at. Raises PublishError where none can be named."""
    if at.path is None:
        raise PublishError(f"the process that renders pages ended: {_last_line(said)}")
    path, line = _place(at, said)
    if ended == "worn":
        return _blame(made, at, at.worn)
    query = "" if at.query is None else f" in the query {at.query['name']!r}"
    if ended == "late" and at.query is not None and time.monotonic() > at.query_since + job.limits.seconds:
        what = f"the query {at.query['name']!r} took more than {job.limits.seconds:g} s and was stopped"
        fault: list[Any] = [path, line, what, "read fewer rows or join less", "time"]
    elif ended == "late":
        what = f"the page took more than {job.limits.page_seconds:g} s to render and was stopped{query}"
        fault = [path, line, what, "loop over fewer rows, make shorter texts, or count in SQL", "time"]
    else:
        what = f"the page needs more than {job.limits.process_mb} MB of memory{query}"
        if ended == "dead" and not re.search(r"alloc|[Mm]emory", said):
            what = f"the page ended the process that renders it{query} ({_last_line(said)})"
        fault = [path, line, what, "make shorter texts, or read fewer rows", "memory"]
    _blame(made, at, fault)


def _blame(made: Made, at: _At, fault: list[Any]) -> None:
    key = str(at.path) if at.route is None else f"/{at.route}"
    if key in made.given_up:
        raise PublishError(f"{fault[0]}:{fault[1]}: {fault[2]}; nothing can be built while this page is there")
    _note(made, fault, "error", at.path)
    made.given_up[key] = fault


def _place(at: _At, said: str) -> tuple[str, int]:
    """The query that ran, else the innermost line of a template in what the process said last, else the page."""
    if at.query is not None:
        return str(at.query["path"]), int(at.query["line"])
    for path, line in FRAME.findall(said):
        if path in at.lines:
            before = [of_file for of_file, of_code in at.lines[path] if of_code <= int(line)]
            return path, before[-1] if before else 1
    return str(at.path), 1


def _read(descriptor: int) -> str:
    os.set_blocking(descriptor, False)
    with suppress(OSError):
        return os.read(descriptor, 1 << 16).decode("utf-8", "replace")
    return ""


def _last_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "without a word"
