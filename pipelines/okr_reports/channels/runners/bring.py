"""A connector's records of some days, as a file that `channels/files` reads: whichever runner it has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from okr_reports.channels.runners.records import Recorder
from okr_reports.channels.runners.rest import RestConnector
from okr_reports.channels.runners.settings import Section, read_section
from okr_reports.channels.windows import DAY, Window
from okr_reports.errors import ChannelError, Finding
from okr_reports.file_sources import FileSource


def bring(source: FileSource, section: Section, window: Window, path: Path, say: Callable[[str], None]) -> None:
    """Write its records to `path`. Raises ChannelError, and Refused for records that cannot be mapped."""
    assert source.connector is not None
    say(f"{source.channel}: asks {source.connector.name} for {window}")

    def recorder_of(key: tuple[str, ...]) -> Recorder:
        return Recorder(path, source, key)

    _runner(source, section, window).write(recorder_of, say).close()


def _runner(source: FileSource, section: Section, window: Window) -> RestConnector:
    assert source.connector is not None
    runner = source.connector.runner
    if runner == "rest":
        return RestConnector(source, section, window)
    raise ChannelError(
        source.channel, f"the runner {runner} is not in this version", "declare it with `from: {rest: ...}`"
    )


def check_connector(source: FileSource, today: date) -> list[Finding]:
    """What is wrong with a connector's settings and access, asked of the vendor; empty if all is well."""
    path, _, line = source.defined_at.rpartition(":")
    try:
        section = read_section(source.id)
        if not section.settings.enabled:
            return []
        # two days ago every vendor has something to say about
        _runner(source, section, Window(today - 2 * DAY, today - DAY)).probe()
    except ChannelError as error:
        what, _, todo = str(error).partition("; ")
        return [Finding(path, int(line), "error", what, todo)]
    return []
