"""Bodies that nobody here wrote, each with the rows it must become (foreign/*.yml; sources stand beside them)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from okr_reports.channels.base import Account, Landing, find_channel
from okr_reports.channels.budget import Budget
from okr_reports.channels.collect import odd_answer
from okr_reports.channels.configuration import read_settings
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError
from tests.channels.foreign_vendor import foreign_vendor

FOLDER = Path(__file__).parent / "foreign"
FILES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
CASES = [
    pytest.param(name, told["account"], case, id=f"{name}-{case['id']}")
    for name, told in FILES.items()
    for case in told["cases"]
]
EXPECTED = {"rows", "missing", "unknown", "error", "kind", "waits", "accounts", "through", "goes_on"}


def test_all_nine_vendors_have_bodies_of_others() -> None:
    assert len(FILES) == 9
    assert len(CASES) >= 60
    assert min(Counter(one.values[0] for one in CASES).values()) >= 6
    assert all(case["from"] and case["expect"].keys() <= EXPECTED for told in FILES.values() for case in told["cases"])


@pytest.mark.parametrize(("name", "account", "case"), CASES)
def test_a_foreign_body_becomes_its_rows(
    name: str, account: dict[str, Any], case: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    channel, waits = find_channel(name), []
    with foreign_vendor(case["answers"]) as url:
        monkeypatch.setenv(f"SOURCES__{name.upper()}__BASE_URL", url)
        for setting, value in case.get("settings", {}).items():
            monkeypatch.setenv(f"SOURCES__{name.upper()}__{setting.upper()}", str(value))
        settings = read_settings(channel.settings_class, name)
        http = channel.http(settings)
        http.within(Budget(waiting=3600.0), lambda _: None)
        for one in (http, *getattr(http, "beside", {}).values()):
            one.sleep = waits.append
        landing = Landing(
            name,
            {table.name: table for table in channel.tables},
            Account(**account),
            Window(*case.get("window", (date(2026, 11, 2), date(2026, 11, 3)))),
            datetime(2026, 11, 10, tzinfo=UTC),
        )
        found, error = _asked(channel, http, settings, landing, case.get("ask", "facts"))
    expected = case["expect"]
    assert ("error" in expected) == (error is not None), error
    if error is not None:
        assert (expected.get("kind") or type(error).__name__) == type(error).__name__
        assert all(part in str(error) for part in _listed(expected["error"])), error
        assert http.is_over is not expected.get("goes_on", not http.is_over)
    for table, rows in expected.get("rows", {}).items():
        assert _kept(landing, table, rows) == sorted(map(_plain, rows), key=str)
    said = "; ".join(what for what, _ in landing.missing)
    assert bool(said) == ("missing" in expected), said
    assert all(part in said for part in _listed(expected.get("missing", []))), said
    assert landing.unknown_measures == set(expected.get("unknown", ()))
    assert [round(one, 2) for one in waits if one >= 0.25] == expected.get("waits", [])
    if "accounts" in expected:
        assert [{key: _of(one, key) for key in wanted} for one, wanted in _paired(found, expected["accounts"])] == (
            expected["accounts"]
        )
    if "through" in expected:
        assert landing.data_through == expected["through"]


def _asked(channel: Any, http: Any, settings: Any, landing: Landing, what: str) -> tuple[Any, ChannelError | None]:
    try:
        if what == "accounts":
            return channel.accounts(http, settings), None
        load = channel.load_entities if what == "entities" else channel.load_facts
        return load(http, settings, landing.account, landing), None
    except ChannelError as error:
        return [], error
    except Exception as surprise:
        return [], odd_answer(channel.name, surprise, landing.account.id, landing.window)


def _kept(landing: Landing, table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was landed in the table, in the columns that the rows name."""
    landed = [row for batch in landing.batches()[table] for row in batch.to_pylist() if not row.get("_deleted")]
    names = sorted({name for row in rows for name in row})
    return sorted((_plain({name: row[name] for name in names}) for row in landed), key=str)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _number(value) for name, value in sorted(row.items())}


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    return Decimal(str(value)).normalize() + 0


def _of(account: Account, key: str) -> Any:
    value = getattr(account, key)
    return str(value) if isinstance(value, ChannelError) else value


def _paired(found: list[Account], expected: list[dict[str, Any]]) -> list[tuple[Account, dict[str, Any]]]:
    assert len(found) == len(expected), found
    return list(zip(found, expected, strict=True))


def _listed(parts: str | list[str]) -> list[str]:
    return [parts] if isinstance(parts, str) else parts
