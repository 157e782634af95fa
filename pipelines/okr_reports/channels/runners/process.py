"""A connector as a process of its own: nothing of our environment, its settings in a file that it alone can read,
its time, memory, output, network and files limited, all of its processes ended with it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

from okr_reports.channels.redaction import redact
from okr_reports.channels.runners.gate import Gate
from okr_reports.channels.runners.hosts import allowed_hosts
from okr_reports.channels.runners.readable import WRITABLE, readable_files
from okr_reports.channels.runners.settings import Section
from okr_reports.errors import BudgetError, ChannelError, VendorError, quoted
from okr_reports.file_sources import FileSource

# A line is a record; all lines of one run.
LONGEST_LINE = 64 << 20
MOST_OUTPUT = 16 << 30
_PIECE, _NAP_SECONDS = 1 << 20, 0.01
_SHOWN = 300
_DENIED = re.compile(r"permission denied: '(/[^']+)'|(/[^:'\"]+): permission denied", re.IGNORECASE)
_LAUNCHER = Path(__file__).with_name("walled.py")
_LAUNCH_SECONDS = 30
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


class Connection:
    """Where one connector runs: a folder of its own, which is gone afterwards, and its limits.

    `readable` are the files beside that folder that it may read. `wall` is what holds its network (walled.py):
    namespace, port or none; `why` there is no namespace; `files` is what holds its files: files or none.
    """

    def __init__(
        self, source: FileSource, section: Section, folder: Path, gate: Gate, readable: Sequence[Path]
    ) -> None:
        self.source, self.channel, self.section, self.folder = source, source.channel, section, folder
        self.gate, self.readable = gate, readable
        self.wall, self.files, self.why = "", "", ""
        self.budget = section.settings.budget()
        self.budget.channel = self.channel

    def file(self, name: str, content: Any) -> Path:
        """`content` as JSON in a file that this user alone can read."""
        path = self.folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(json.dumps(content).encode())
        return path

    def messages(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Each line of its standard output that is a JSON object. Raises ChannelError where it ends with a failure."""
        for line in self.lines(command, environment or {}):
            try:
                found = orjson.loads(line)
            except ValueError:
                continue  # words for people, which some write among them
            if isinstance(found, dict):
                yield found

    def lines(self, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[bytes]:
        """Each line of its standard output, without its end.

        Raises ChannelError where it ends with a failure or passes a limit.
        """
        said: deque[str] = deque(maxlen=40)
        process = self._start(command, environment)
        seconds = self.budget.left()
        late = threading.Event()

        def stop() -> None:
            late.set()
            _end(process)

        timer = threading.Timer(seconds, stop)
        errors = threading.Thread(target=_keep, args=(process.stderr, said), daemon=True)
        timer.start()
        errors.start()
        try:
            assert process.stdout is not None
            for line in self._limited(process.stdout):
                yield line
                if not line.startswith(b"{"):
                    said.append(line[:2000].decode("utf-8", "replace"))
            code = process.wait()
        finally:
            timer.cancel()
            _end(process)
            errors.join(timeout=5)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        if late.is_set():
            raise BudgetError(self.channel, f"has used its {seconds / 60:.1f} minutes", _raise_it(self.channel))
        if code:
            raise self.failed(f"ended with code {code}", said)

    def failed(self, what: str, said: Sequence[str]) -> ChannelError:
        """The error of a connector that failed, with its last words, no secret among them."""
        words = next((line.strip() for line in reversed(said) if line.strip()), "")
        shown = redact(words, self.section.secrets)[:_SHOWN]
        todo = "; ".join([*self._refusals(), *self._refused_files(said)]) or "look at its settings, then report it"
        return VendorError(self.channel, f"the connector {what}: {quoted(shown)}", todo)

    def _refusals(self) -> Iterator[str]:
        """What its gate refused, and what to do."""
        for host, why in self.gate.refused.items():
            yield f"it may not reach {host}, which {why}; if it is the vendor's, add it to `hosts` at {self._place}"

    def _refused_files(self, said: Sequence[str]) -> Iterator[str]:
        """What it says it may not open, where the wall and not the file's own mode kept it out; and what to do."""
        found = dict.fromkeys(path[1] or path[2] for line in said for path in _DENIED.finditer(line))
        for path in found if self.files == "files" else ():
            if os.access(path, os.R_OK) or not os.access(path, os.F_OK):
                named = f"name it by its absolute path in `config` or under [sources.{self.channel}]"
                shown = quoted(redact(path, self.section.secrets)[:_SHOWN])
                yield f"it may not open {shown}; if it is to read it, {named}; it may write to $HOME and $TMPDIR alone"

    @property
    def _place(self) -> str:
        return self.source.defined_at

    def walls(self) -> Iterator[str]:
        """What is to be said of its walls: what holds nothing, where it was, where it may not go."""
        yield from self._refusals()
        if self.files == "none":
            why = "this machine's kernel has no Landlock (Linux has it from 5.13 on)"
            yield f"{why}, so its connector may read every file that this user may; run okr as a user of its own"
        reached = ", ".join(self.gate.reached)
        if not self.gate.allowed.is_closed:
            seen = f"it reached {reached}" if reached else "where it was is not known"
            line = f"add `hosts: [{reached}]`" if reached else "add `hosts: [...]` with the vendor's"
            yield f"its connector may reach any host, and {seen}; {line} at {self._place}"
        elif self.wall in ("port", "none"):
            held = "by HTTPS_PROXY alone, which a program need not obey"
            if self.wall == "port":
                held = "by HTTPS_PROXY and Landlock: TCP to that proxy's port alone, UDP not held"
            why = f"this machine gives no network namespace ({self.why})"
            yield f"{why}, so its hosts are held {held}; run okr where unprivileged user namespaces are allowed"

    def _start(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        given = {name: os.environ[name] for name in _KEPT if name in os.environ}
        given |= {"HOME": str(self.folder), "TMPDIR": str(self.folder), "PYTHONUNBUFFERED": "1", **environment}
        most = self.section.settings.budget_mb << 20

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_DATA, (most, most))

        if not os.access(command[0], os.X_OK):
            what = f"{Path(command[0]).name} cannot be run"
            raise ChannelError(self.channel, what, f"run `okr channel lock {self.channel}` again")
        ours, theirs = socket.socketpair()
        wall = "namespace" if self.gate.allowed.is_closed else "none"
        places = [f"w{path}" for path in (self.folder, *WRITABLE)] + [f"r{path}" for path in self.readable]
        with ours, theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCHER), str(theirs.fileno()), wall, *places, "--", *command],
                cwd=self.folder,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=limit,
                pass_fds=[theirs.fileno()],
            )
            theirs.close()
            ours.settimeout(_LAUNCH_SECONDS)
            said, sockets, _, _ = socket.recv_fds(ours, 1000, 1)
        for number in sockets:
            self.gate.serve(socket.socket(fileno=number))
        # nothing where the launcher itself ended
        self.wall, self.files, self.why = [*said.decode().split(" ", 2), "", "", ""][:3]
        return process

    def _limited(self, output: IO[bytes]) -> Iterator[bytes]:
        """Its lines without their ends, many at a time: connectors write each by itself, and to wake for it costs more
        than to read it."""
        with suppress(AttributeError, OSError):  # Linux has it; of a pipe of 64 kB a nap would be felt
            fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _PIECE)
        size, begun = 0, bytearray()
        while piece := os.read(output.fileno(), _PIECE):
            size += len(piece)
            *whole, last = piece.split(b"\n")
            if whole:
                whole[0] = bytes(begun) + whole[0]
                begun.clear()
            begun += last
            if len(begun) > LONGEST_LINE or size > MOST_OUTPUT:
                what = "gives a line longer than 64 MB" if len(begun) > LONGEST_LINE else "gives more than 16 GB"
                raise VendorError(self.channel, f"the connector {what}", "ask for fewer days")
            yield from whole
            if len(piece) < _PIECE // 4:
                time.sleep(_NAP_SECONDS)
        if begun:
            yield bytes(begun)


def _raise_it(channel: str) -> str:
    return f"nothing of it was loaded; raise budget_minutes under [sources.{channel}], or load it by hand in pieces"


def _keep(stream: IO[bytes] | None, said: deque[str]) -> None:
    while stream is not None and (line := stream.readline(100_000)):
        said.append(line[:2000].decode("utf-8", "replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def connection(
    source: FileSource, section: Section, say: Callable[[str], None], home: Path, python: Path, own: Sequence[Path]
) -> Iterator[Connection]:
    """A connection whose folder, with every setting in it, is deleted afterwards; `say` takes what its walls were.

    `home` is where environments are kept, `python` the interpreter that the connector runs by, `own` the files of its
    package.
    """
    readable = readable_files(source, section, home, python, own)
    gate = Gate(allowed_hosts(source, section))
    try:
        with tempfile.TemporaryDirectory(prefix="okr-connector-") as folder:
            run = Connection(source, section, Path(folder), gate, readable)
            yield run
    finally:
        gate.close()
    for sentence in run.walls():
        say(f"{source.channel}: {redact(sentence, section.secrets)}")
