"""`from: {dlt: "package.module:source"}`: a source or resource of dlt that an installed package has.

It runs in a process of its own by this program's Python, so the package is installed beside okr. dlt's state is not
used. Its arguments are the names of `config` and of the section.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from okr_reports.channels.runners.process import Connection, connection
from okr_reports.channels.runners.readable import own_python
from okr_reports.channels.runners.records import Recorder
from okr_reports.channels.runners.settings import Section, requested_config
from okr_reports.channels.runners.singer import RecorderOf
from okr_reports.channels.windows import Window
from okr_reports.file_sources import FileSource

_PAGE = 1000
_CHILD = Path(__file__).with_name("dlt_child.py")


class DltConnector:
    """One source of dlt in one load."""

    def __init__(self, source: FileSource, section: Section, window: Window, home: Path) -> None:
        assert source.connector is not None
        self.source, self.section, self.channel, self.connector = source, section, source.channel, source.connector
        self.home = home
        self.config = {**requested_config(source, section, window), **section.values}

    def probe(self, say: Callable[[str], None]) -> None:
        """Have it made, with its settings; the vendor is not asked. Raises ChannelError."""
        with self._connection(say) as run:
            for _ in self._messages(run, probe=True):
                pass

    def write(self, recorder_of: RecorderOf, say: Callable[[str], None]) -> Recorder:
        """Run it, and hand the records to a Recorder. Raises ChannelError."""
        with self._connection(say) as run:
            recorder: Recorder | None = None
            page: list[Any] = []
            for message in self._messages(run, probe=False):
                if message.get("type") == "SCHEMA":
                    recorder = recorder_of(tuple(message["key"]))
                elif recorder is not None and message.get("type") == "RECORD":
                    page.append(message["record"])
                    if len(page) >= _PAGE:
                        recorder.add(page)
                        page = []
            if recorder is None:
                raise run.failed("gives no records that are its own", [])
            recorder.add(page)
            return recorder

    def _connection(self, say: Callable[[str], None]) -> AbstractContextManager[Connection]:
        own = [_CHILD, *own_python(self.source, self.home, self.connector.name.partition(":")[0])]
        return connection(self.source, self.section, say, self.home, Path(sys.executable), own)

    def _messages(self, run: Connection, *, probe: bool) -> Iterator[dict[str, Any]]:
        given = {"name": self.connector.name, "stream": self.connector.stream, "values": self.config, "probe": probe}
        settings = run.file("settings.json", given)
        folder = str(run.folder)
        quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": folder, "DLT_PROJECT_DIR": folder}
        yield from run.messages([sys.executable, "-P", str(_CHILD), str(settings)], quiet)
