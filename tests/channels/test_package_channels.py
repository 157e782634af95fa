"""Channels of Singer taps and Airbyte connectors: real programs in environments of their own."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from okr_reports.channels.runners import environments
from okr_reports.channels.runners.bring import check_connector
from okr_reports.errors import ChannelError
from tests.channels.a_vendor import CHANNEL, TODAY, VendorBench
from tests.channels.a_wheel import make_wheel

ORIGINS = {"singer": "{singer: tap-vendor==1.0.0}", "airbyte": "{airbyte: airbyte-source-vendor==1.0.0}"}


@pytest.fixture
def bench(vendor_bench: VendorBench, monkeypatch: pytest.MonkeyPatch) -> VendorBench:
    """Both packages can be had from a folder; the vendor answers all rows in one page."""
    wheels = vendor_bench.folder / "wheels"
    make_wheel(wheels, "tap-vendor", "tap-vendor", "tap")
    make_wheel(wheels, "airbyte-source-vendor", "source-vendor", "source")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("SOURCES__OTHER__TOKEN", "the-secret-of-another")
    (vendor_bench.definitions_dir / "vendor.yml").unlink()
    vendor_bench.vendor.size = 1000
    return vendor_bench


def declare(bench: VendorBench, runner: str, **config: str) -> None:
    given = {"url": bench.vendor.url, "start_date": "2026-09-24", **config}
    text = CHANNEL.replace("{rest: vendor.yml}", ORIGINS[runner])
    bench.write("channels.yml", text.replace('{start_date: "2026-09-24"}', json.dumps(given)))


def lock(bench: VendorBench) -> Path:
    [source] = bench.defined().file_sources
    assert environments.lock(source) == 1
    return environments.lock_path(source)


@pytest.mark.parametrize("runner", ORIGINS)
def test_its_records_are_mapped_as_files_are(bench: VendorBench, runner: str) -> None:
    declare(bench, runner)
    [result] = bench.load().values()
    assert (result.state, "run `okr channel lock vendor`" in str(result.error)) == ("failed", True)
    text = lock(bench).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    results = bench.load()
    assert {one.state for one in results.values()} == {"loaded"}, results
    rows = bench.vendor.rows
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in rows)
    assert bench.sum("spend") == sum(Decimal(one["stats"]["spend"]) for one in rows)
    # the next load asks for the last days, whatever the connector's own state says
    bench.vendor.asked.clear()
    assert {one.state for one in bench.load().values()} == {"loaded"}
    assert {query["from"] for _, query, _ in bench.vendor.asked} == {"2026-11-13"}
    assert (bench.folder / "connectors" / "states" / "vendor.json").is_file()
    bench.vendor.rows = []
    bench.vendor.answers["/v1/days"] = lambda *_: (200, {"data": rows[:1]})
    assert bench.load()[""].state == "partial"
    [source] = bench.defined().file_sources
    assert check_connector(source, TODAY, bench.folder / "connectors") == []


def test_a_tap_that_reads_properties_gets_its_selection_and_one_that_says_nothing_fails(bench: VendorBench) -> None:
    make_wheel(bench.folder / "wheels", "tap-vendor", "tap-vendor", "tap", selected_by="--properties")
    declare(bench, "singer")
    lock(bench)
    assert {one.state for one in bench.load().values()} == {"loaded"}
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in bench.vendor.rows)
    declare(bench, "singer", how="say nothing")
    [result] = [one for one in bench.load().values() if one.error]
    assert (result.state, "says nothing of the stream days" in str(result.error)) == ("failed", True)


def test_it_sees_its_own_secrets_alone(bench: VendorBench) -> None:
    report = bench.folder / "seen.json"
    declare(bench, "singer", how="look", report=str(report))
    lock(bench)
    bench.load()
    seen = json.loads(report.read_text())
    assert seen["mode"] == "0o600"
    assert not Path(seen["config"]).exists()
    assert not [name for name in seen["environment"] if name.startswith(("SOURCES", "PIP", "DLT", "OKR"))]
    assert "secret" not in json.dumps(seen["environment"])


@pytest.mark.parametrize("runner", ORIGINS)
def test_what_fails_is_its_own_failure_and_shows_no_secret(bench: VendorBench, runner: str) -> None:
    declare(bench, runner, how="fail")
    lock(bench)
    [result] = bench.load().values()
    assert result.state == "failed"
    said = "\n".join([str(result.error), *bench.said])
    assert "********" in said
    assert bench.vendor.token not in said


def test_time_and_memory_have_an_end(bench: VendorBench, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(bench, "singer", how="memory")
    lock(bench)
    bench.tell(budget_mb="512")
    assert "ended with code" in str(bench.load()[""].error)
    declare(bench, "singer", how="hang")
    monkeypatch.setattr("okr_reports.channels.budget.Budget.left", lambda _: 2.0)
    assert "has used its" in str(bench.load()[""].error)


def test_what_was_not_locked_is_not_installed(bench: VendorBench) -> None:
    declare(bench, "singer")
    path = lock(bench)
    text = path.read_text()
    path.write_text(text[: text.index("sha256:") + 7] + "0" * 64 + "\n")
    assert "cannot be made" in str(bench.load()[""].error)
    path.write_text(text.replace("1.0.0", "2.0.0"))
    assert "locks another version than tap-vendor==1.0.0" in str(bench.load()[""].error)


def test_no_function_of_a_package_is_called_but_a_source_of_dlt(bench: VendorBench) -> None:
    bench.write("channels.yml", CHANNEL.replace("{rest: vendor.yml}", '{dlt: "os:system"}'))
    bench.load()
    assert "os:system is no source or resource of dlt" in bench.said[-1]
    with pytest.raises(ChannelError, match="nothing to lock"):
        environments.lock(bench.defined().file_sources[0])


def test_a_source_of_dlt_that_is_installed(bench: VendorBench) -> None:
    client = {
        "base_url": f"{bench.vendor.url}/v1",
        "auth": {"type": "bearer", "token": bench.vendor.token},
        "paginator": "single_page",
    }
    endpoint = {"path": "days", "data_selector": "data", "params": {"from": "{start_date}", "to": "{end_date}"}}
    given = {"client": client, "resources": [{"name": "days", "endpoint": endpoint}]}
    text = CHANNEL.replace("{rest: vendor.yml}", '{dlt: "dlt.sources.rest_api:rest_api"}')
    bench.write("channels.yml", text.replace('{start_date: "2026-09-24"}', json.dumps(given)))
    bench.tell(start_date="2026-09-24")
    results = bench.load()
    assert {one.state for one in results.values()} == {"loaded"}, bench.said[-1]
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in bench.vendor.rows)
    bench.vendor.asked.clear()
    bench.load()
    assert [query for _, query, _ in bench.vendor.asked] == [{"from": "2026-11-13", "to": "2026-11-22"}]
