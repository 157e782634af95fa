"""A connector as a process of its own: nothing of our environment, its settings in a file that it alone can read,
its time, memory and output limited, all of its processes ended with it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

from okr_reports.channels.redaction import redact
from okr_reports.channels.runners.settings import Section
from okr_reports.errors import BudgetError, ChannelError, VendorError, quoted

# A line is a record; all lines of one run.
LONGEST_LINE = 64 << 20
MOST_OUTPUT = 16 << 30
_SHOWN = 300
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


class Connection:
    """Where one connector runs: a folder of its own, which is gone afterwards, and its limits."""

    def __init__(self, channel: str, section: Section, folder: Path) -> None:
        self.channel, self.section, self.folder = channel, section, folder
        self.budget = section.settings.budget()
        self.budget.channel = channel

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
        """Each line of its standard output. Raises ChannelError where it ends with a failure or passes a limit."""
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
        return VendorError(
            self.channel, f"the connector {what}: {quoted(shown)}", "look at its settings, then report it"
        )

    def _start(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        given = {name: os.environ[name] for name in _KEPT if name in os.environ}
        given |= {name: text for name, text in os.environ.items() if name.lower().endswith("_proxy")}
        given |= {"HOME": str(self.folder), "TMPDIR": str(self.folder), "PYTHONUNBUFFERED": "1", **environment}
        most = self.section.settings.budget_mb << 20

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_DATA, (most, most))

        try:
            return subprocess.Popen(
                list(command),
                cwd=self.folder,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=limit,
            )
        except OSError as error:
            what = f"{Path(command[0]).name} cannot be run ({error.strerror})"
            raise ChannelError(self.channel, what, f"run `okr channel lock {self.channel}` again") from None

    def _limited(self, output: IO[bytes]) -> Iterator[bytes]:
        size = 0
        while line := output.readline(LONGEST_LINE + 1):
            size += len(line)
            if len(line) > LONGEST_LINE or size > MOST_OUTPUT:
                what = "gives a line longer than 64 MB" if len(line) > LONGEST_LINE else "gives more than 16 GB"
                raise VendorError(self.channel, f"the connector {what}", "ask for fewer days")
            yield line


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
def connection(channel: str, section: Section) -> Iterator[Connection]:
    """A connection whose folder, with every setting in it, is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="okr-connector-") as folder:
        yield Connection(channel, section, Path(folder))
