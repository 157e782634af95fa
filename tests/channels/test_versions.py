"""Versions of vendors' APIs: known with their ends, warned of in time, and an ended one is a clear error."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from okr_reports.catalogue import channels
from okr_reports.channels.base import find_channel
from okr_reports.channels.doctor import check_channel
from okr_reports.channels.versions import version_findings, version_in_use

APIS = sorted(name for name in channels() if name not in ("files", "sql"))


def default_version(name: str) -> Any:
    settings = SimpleNamespace(**{
        field.name: field.default
        for field in find_channel(name).settings_class.__dataclass_fields__.values()
        if field.name == "api_version"
    })  # fmt: skip
    return version_in_use(name, settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", APIS)
def test_the_default_lives_for_two_months_and_more(name: str) -> None:
    """It fails 60 days before the end on purpose: then take the newer version, and note it in channel.toml."""
    info, used = channels()[name], default_version(name)
    assert used in info.versions
    assert info.announced.startswith("https://")
    left = used.days_left(datetime.now(UTC).date())
    assert left is None or left > 60, f"{name}: {used} ends in {left} days, see {info.announced}"


def test_an_end_is_warned_of_90_days_before_and_is_an_error_after() -> None:
    ends = date(2027, 1, 15)
    old: Any = SimpleNamespace(api_version="202601")
    assert version_findings("linkedin_ads", old, ends - timedelta(days=91)) == []
    [soon] = version_findings("linkedin_ads", old, ends - timedelta(days=90))
    assert (soon.severity, "ends on 2027-01-15" in soon.what) == ("warning", True)
    assert soon.todo == "set api_version under [sources.linkedin_ads] to 202609, or take it out"
    [over] = version_findings("linkedin_ads", old, ends)
    assert (over.severity, "ended on 2027-01-15" in over.what) == ("error", True)
    # a day that is guessed stops nobody
    guessed: Any = SimpleNamespace(api_version="202609")
    assert {one.severity for one in version_findings("linkedin_ads", guessed, date(2028, 1, 1))} == {"warning"}
    [unknown] = version_findings("linkedin_ads", SimpleNamespace(api_version="209912"), ends)  # type: ignore[arg-type]
    assert "is not known" in unknown.what
    assert "https://" in unknown.todo


@pytest.mark.parametrize(
    ("name", "version"),
    [("linkedin_ads", "202411"), ("google_ads", "v19"), ("meta_ads", "v19.0"), ("hubspot", "2025-09")],
)
def test_the_answer_of_a_retired_version_names_the_setting(make_bench: Any, name: str, version: str) -> None:
    bench = make_bench()
    bench.set(name, api_version=version)
    errors = [result.error or "" for result in bench.load(name).values()]
    assert errors
    assert all(f"set api_version under [sources.{name}]" in error for error in errors), errors
    assert any(finding.severity == "error" for finding in check_channel(name))
