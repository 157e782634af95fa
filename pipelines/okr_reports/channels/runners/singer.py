"""`from: {singer: tap-vendor==1.2.3}`: a tap, which writes what the Singer specification says on its standard output.

https://hub.meltano.com/singer/spec. Its STATE is kept beside the environment, for people; no load begins at it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from okr_reports.channels.runners.catalogues import kept_catalogue
from okr_reports.channels.runners.environments import environment, requirement
from okr_reports.channels.runners.process import Connection, connection
from okr_reports.channels.runners.records import Recorder
from okr_reports.channels.runners.settings import Section, requested_config
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, did_you_mean
from okr_reports.file_sources import FileSource

_PAGE = 1000
RecorderOf = Callable[[tuple[str, ...]], Recorder]


class SingerConnector:
    """One source's tap in one load; `home` is where environments and states are kept."""

    def __init__(self, source: FileSource, section: Section, window: Window, home: Path) -> None:
        self.source, self.section, self.channel, self.home = source, section, source.channel, home
        self.config = {**requested_config(source, section, window), **section.values}

    def probe(self, say: Callable[[str], None]) -> None:
        """Ask for its streams. Raises ChannelError."""
        with self._connection(say) as run:
            self._selected(self._discover(run))

    def write(self, recorder_of: RecorderOf, say: Callable[[str], None]) -> Recorder:
        """Run it, and hand the records to a Recorder. Raises ChannelError."""
        place = environment(self.source, self.home).parent
        with (
            self._connection(say) as run,
            kept_catalogue(self.source, self.section, place, lambda: self._discover(run), _schemas) as found,
        ):
            stream, catalog = self._selected(found)
            config, chosen = run.file("config.json", self.config), run.file("catalog.json", catalog)
            command = [self._program(), "--config", str(config), "--catalog", str(chosen)]
            if self._takes_properties(run):
                command += ["--properties", str(chosen)]
            key: list[str] = list(stream.get("key_properties") or ())
            recorder: Recorder | None = None
            is_described = False
            page: list[Any] = []
            for message in run.messages(command):
                kind = message.get("type")
                if kind == "STATE":
                    keep_state(self.home, self.source.id, message.get("value"))
                elif message.get("stream") != stream["stream"]:
                    continue
                elif kind == "SCHEMA":
                    key, is_described = list(message.get("key_properties") or ()), True
                elif kind == "RECORD":
                    recorder = recorder or recorder_of(tuple(key))
                    page.append(message.get("record"))
                    if len(page) >= _PAGE:
                        recorder.add(page)
                        page = []
            if recorder is None and not is_described:
                what = f"says nothing of the stream {stream['stream']}, neither SCHEMA nor RECORD"
                raise run.failed(what, ["it may not read the catalog that selects it"])
            recorder = recorder or recorder_of(tuple(key))
            recorder.add(page)
            return recorder

    def _connection(self, say: Callable[[str], None]) -> AbstractContextManager[Connection]:
        programs = environment(self.source, self.home).absolute()
        return connection(self.source, self.section, say, self.home, programs / "python", [programs.parent])

    def _takes_properties(self, run: Connection) -> bool:
        """Whether it reads its selection from `--properties`, the catalog's name before the specification had one.

        Asked once for an environment: a tap takes as long to say so as to start.
        """
        known = environment(self.source, self.home).parent / ".options"
        if not known.is_file():
            try:
                said = b"".join(run.lines([self._program(), "--help"], {}))
            except ChannelError:
                return False
            known.write_text("--properties" if b"--properties" in said else "", encoding="utf-8")
        return bool(known.read_text(encoding="utf-8"))

    def _program(self) -> str:
        name = str(requirement(self.source)).partition("==")[0].partition("[")[0]
        return str(environment(self.source, self.home).absolute() / name)

    def _discover(self, run: Connection) -> dict[str, Any]:
        config = run.file("config.json", self.config)
        return _document(run, [self._program(), "--config", str(config), "--discover"])

    def _selected(self, found: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its stream and a catalog that selects it alone, with all of its fields."""
        streams = [listed for listed in found.get("streams", ()) if isinstance(listed, Mapping)]
        name = chosen_stream(self.source, [_name(listed) for listed in streams])
        result: dict[str, Any] = {}
        for listed in streams:
            is_chosen = _name(listed) == name
            _select(listed, is_chosen)
            result = dict(listed) if is_chosen else result
        result.setdefault("stream", name)
        return result, found


def _document(run: Connection, command: list[str]) -> dict[str, Any]:
    """One JSON document on several lines, as `--discover` writes it."""
    text = b"".join(run.lines(command, {})).decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise run.failed("gives no catalog", [text[:1000]])
    return found


def _name(listed: Mapping[str, Any]) -> str:
    return str(listed.get("stream") or listed.get("tap_stream_id"))


def _schemas(catalogue: Mapping[str, Any]) -> dict[str, Any]:
    streams = [listed for listed in catalogue.get("streams", ()) if isinstance(listed, Mapping)]
    return {_name(listed): listed.get("schema") for listed in streams}


def _select(stream: Any, is_chosen: bool) -> None:
    stream["selected"] = is_chosen
    if isinstance(stream.get("schema"), dict):
        stream["schema"]["selected"] = is_chosen
    for entry in stream.get("metadata") or ():
        entry.setdefault("metadata", {})["selected"] = is_chosen
    if not any(not entry.get("breadcrumb") for entry in stream.get("metadata") or ()):
        stream["metadata"] = [*(stream.get("metadata") or ()), {"breadcrumb": [], "metadata": {"selected": is_chosen}}]


def chosen_stream(source: FileSource, names: Iterable[str]) -> str:
    """The declared stream, or the only one. Raises ChannelError."""
    assert source.connector is not None
    known, wanted = list(names), source.connector.stream
    if wanted in known or (not wanted and len(known) == 1):
        return wanted or known[0]
    what = f"there is no stream {wanted!r}" if wanted else f"there are {len(known)} streams"
    todo = did_you_mean(wanted, known, f"write `stream:` with one of {', '.join(known[:20])}")
    raise ChannelError(source.channel, what, f"{todo} (declared at {source.defined_at})")


def keep_state(home: Path, name: str, state: Any) -> None:
    """The connector's own words of how far it came, for people to look at."""
    folder = home / "states"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{quote(name, safe='')}.json").write_text(json.dumps(state, default=str), encoding="utf-8")
