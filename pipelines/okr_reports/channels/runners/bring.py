"""A connector's records of some days, as a file that `channels/files` reads: whichever runner it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from okr_reports.channels.runners.airbyte import AirbyteConnector
from okr_reports.channels.runners.dlt_source import DltConnector
from okr_reports.channels.runners.records import Recorder
from okr_reports.channels.runners.rest import RestConnector
from okr_reports.channels.runners.settings import Section, read_section
from okr_reports.channels.runners.singer import SingerConnector
from okr_reports.channels.windows import DAY, Window
from okr_reports.errors import ChannelError, Finding
from okr_reports.file_sources import FileSource

Runner = RestConnector | DltConnector | SingerConnector | AirbyteConnector


def bring(
    source: FileSource, section: Section, window: Window, path: Path, home: Path, say: Callable[[str], None]
) -> None:
    """Write its records to `path`; `home` holds environments.

    Raises ChannelError, and Refused for what no mapping can take.
    """
    assert source.connector is not None
    whose = f" of the account {source.connector.account}" if source.connector.account else ""
    say(f"{source.channel}: asks {source.connector.name} for {window}{whose}")

    def recorder_of(key: tuple[str, ...]) -> Recorder:
        return Recorder(path, source, key)

    _runner(source, section, window, home).write(recorder_of, say).close()


def _runner(source: FileSource, section: Section, window: Window, home: Path) -> Runner:
    assert source.connector is not None
    runner = source.connector.runner
    if runner == "rest":
        return RestConnector(source, section, window)
    if runner == "dlt":
        return DltConnector(source, section, window, home)
    kind = SingerConnector if runner == "singer" else AirbyteConnector
    return kind(source, section, window, home)


def check_connector(source: FileSource, today: date, home: Path) -> list[Finding]:
    """What is wrong with a connector's settings and access, asked of the vendor; empty if all is well.

    That its network or its files are not held is a warning.
    """
    path, _, line = source.defined_at.rpartition(":")
    said: list[str] = []
    overridden: list[Finding] = []
    try:
        section = read_section(source)
        if not section.settings.enabled:
            return []
        assert source.connector is not None
        for name in json.loads(source.connector.config).keys() & section.values.keys():
            what = f"`{name}` is in `config` and under [sources.{source.channel}], which counts"
            overridden.append(Finding(path, int(line), "warning", what, "remove one of them"))
        # two days ago every vendor has something to say about
        _runner(source, section, Window(today - 2 * DAY, today - DAY), home).probe(said.append)
    except ChannelError as error:
        what, _, todo = str(error).partition("; ")
        return [*overridden, Finding(path, int(line), "error", what, todo)]
    if source.connector is not None and source.connector.runner == "rest":
        return overridden
    return [*overridden, *(Finding(path, int(line), "warning", *sentence.split("; ", 1)) for sentence in said)]
