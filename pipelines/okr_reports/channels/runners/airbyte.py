"""`from: {airbyte: airbyte-source-vendor==1.2.3}` or a declarative manifest, which airbyte-cdk runs.

What it writes is the Airbyte protocol (https://docs.airbyte.com/understanding-airbyte/airbyte-protocol). Its STATE is
kept for people; no load begins at it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import yaml

from okr_reports.channels.runners.catalogues import kept_catalogue
from okr_reports.channels.runners.environments import environment, requirement
from okr_reports.channels.runners.process import Connection, connection
from okr_reports.channels.runners.records import Recorder
from okr_reports.channels.runners.settings import Section, requested_config
from okr_reports.channels.runners.singer import RecorderOf, chosen_stream, keep_state
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError
from okr_reports.file_sources import FileSource

_PAGE = 1000
_MANIFEST = "__injected_declarative_manifest"


class AirbyteConnector:
    """One source's connector in one load; `home` is where environments and states are kept."""

    def __init__(self, source: FileSource, section: Section, window: Window, home: Path) -> None:
        assert source.connector is not None
        self.source, self.section, self.channel, self.home = source, section, source.channel, home
        self.config = {**requested_config(source, section, window), **section.values}
        manifest = json.loads(source.connector.declared).get("manifest")
        self.program = f"source-{_vendor(str(requirement(source)))}"
        if manifest is not None:
            self.program = "source-declarative-manifest"
            self.config[_MANIFEST] = _read(source, manifest)

    def probe(self, say: Callable[[str], None]) -> None:
        """Have it check its settings with the vendor. Raises ChannelError."""
        with self._connection(say) as run:
            for message in self._messages(run, "check"):
                status = message.get("connectionStatus") or {}
                if status.get("status") == "FAILED":
                    raise run.failed("cannot connect", [str(status.get("message"))])

    def write(self, recorder_of: RecorderOf, say: Callable[[str], None]) -> Recorder:
        """Run it, and hand the records to a Recorder. Raises ChannelError."""
        place = environment(self.source, self.home).parent
        with (
            self._connection(say) as run,
            kept_catalogue(self.source, self.section, place, lambda: self._discover(run), _schemas) as found,
        ):
            streams = {str(listed["name"]): listed for listed in found["streams"]}
            name = chosen_stream(self.source, streams)
            stream = streams[name]
            paths = stream.get("source_defined_primary_key") or []
            recorder = recorder_of(tuple(".".join(path) for path in paths))
            chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
            catalog = run.file("catalog.json", {"streams": [chosen]})
            page: list[Any] = []
            for message in self._messages(run, "read", "--catalog", str(catalog)):
                kind = message.get("type")
                if kind == "RECORD" and message["record"].get("stream") == name:
                    page.append(message["record"].get("data"))
                    if len(page) >= _PAGE:
                        recorder.add(page)
                        page = []
                elif kind == "STATE":
                    keep_state(self.home, self.source.id, message.get("state"))
            recorder.add(page)
            return recorder

    def _discover(self, run: Connection) -> dict[str, Any]:
        said = [message["catalog"] for message in self._messages(run, "discover") if message.get("type") == "CATALOG"]
        return said[0] if said else {"streams": []}

    def _connection(self, say: Callable[[str], None]) -> AbstractContextManager[Connection]:
        programs = environment(self.source, self.home).absolute()
        return connection(self.source, self.section, say, self.home, programs / "python", [programs.parent])

    def _messages(self, run: Connection, *words: str) -> Iterator[dict[str, Any]]:
        """What it says; an error that it traces ends it, whatever its exit code is."""
        config = run.file("config.json", self.config)
        program = str(environment(self.source, self.home).absolute() / self.program)
        for message in run.messages([program, words[0], "--config", str(config), *words[1:]]):
            trace = message.get("trace") or {}
            if message.get("type") == "TRACE" and trace.get("type") == "ERROR":
                error = trace.get("error") or {}
                said = [str(error.get("message")), str(error.get("internal_message") or "")]
                raise run.failed("says that it failed", [" ".join(said)])
            if (
                trace.get("type") == "STREAM_STATUS"
                and (trace.get("stream_status") or {}).get("status") == "INCOMPLETE"
            ):
                raise run.failed("ended its stream incomplete", [""])
            yield message


def _schemas(catalogue: Mapping[str, Any]) -> dict[str, Any]:
    return {str(listed["name"]): listed.get("json_schema") for listed in catalogue["streams"]}


def _vendor(package: str) -> str:
    return package.partition("==")[0].removeprefix("airbyte-").removeprefix("source-")


def _read(source: FileSource, text: str) -> Any:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        name = source.connector.name if source.connector else ""
        raise ChannelError(source.channel, f"{name} is no manifest", f"correct it (declared at {source.defined_at})")
    return found
