"""When a connector is asked again what it has."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from okr_reports.channels.runners.catalogues import kept_catalogue
from okr_reports.channels.runners.settings import read_section
from tests.channels.a_vendor import CHANNEL, VendorBench


def test_a_catalogue_is_kept_while_it_may_hold(vendor_bench: VendorBench, tmp_path: Path) -> None:
    text = CHANNEL.replace("{rest: vendor.yml}", "{singer: tap-vendor==1.0.0}")
    (vendor_bench.definitions_dir / "vendor.yml").unlink()
    vendor_bench.write("channels.yml", text)
    [source] = vendor_bench.defined().file_sources
    section = read_section(source)
    columns = {name: {} for name in ("day", "account", "campaign", "stats", "id", "name", "currency")}
    streams: dict[str, Any] = {"days": {"properties": columns}}
    asked: list[int] = []

    def discover() -> dict[str, Any]:
        asked.append(1)
        return dict(streams)

    def times(**differs: Any) -> int:
        asked.clear()
        with kept_catalogue(source, replace(section, **differs), tmp_path, discover, dict) as found:
            assert found == streams
        return len(asked)

    assert (times(), times()) == (1, 0)
    # the days of its config are no settings, an account's token is one
    days = text.replace("2026-09-24", "2026-10-01")
    vendor_bench.write("channels.yml", days)
    [source] = vendor_bench.defined().file_sources
    assert times() == 0
    assert (times(values={"token": "another"}), times(values={"token": "another"})) == (1, 0)
    with pytest.raises(OSError, match="it failed"), kept_catalogue(source, section, tmp_path, discover, dict):
        raise OSError("it failed")
    assert (times(), times()) == (1, 0)
    [*kept] = (tmp_path / ".catalogues").iterdir()
    for path in kept:
        assert path.stat().st_mode & 0o077 == 0
        os.utime(path, (0, 0))
    assert (times(), times()) == (1, 0)
    # those of settings that are no more went with their days
    assert len([*(tmp_path / ".catalogues").iterdir()]) == 1
    # without a mapped column, or the stream, what is kept is not taken
    [path] = (tmp_path / ".catalogues").iterdir()
    for stale in ('{"days": {"properties": {"day": {}}}}', '{"others": {}, "more": {}}', "{"):
        path.write_text(stale)
        assert (times(), times()) == (1, 0), stale
