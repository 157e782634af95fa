"""Public clients, unmodified but for the host, get the sandbox's truth (`make test-clients`; their environments).

The day is 2026-11-10: LinkedIn's tap asks the version 202511, which ended on 2026-11-16.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from okr_reports.sandbox.serve import RunningSandbox, start

pytestmark = pytest.mark.clients
HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("OKR_CLIENTS", ".okr/clients")).absolute()
TODAY = date(2026, 11, 10)
# hubspot/ and facebook_ads/ of dlt-hub/verified-sources, which are files and no package
DLT_SOURCES = [Path(folder).absolute() for folder in (os.environ.get("OKR_TEST_DLT_SOURCES"),) if folder]
with_dlt_sources = pytest.mark.skipif(not DLT_SOURCES, reason="OKR_TEST_DLT_SOURCES names no folder of their files")
# what facebook_ads loads: its days end with the clock's, and each is a report job that it waits ten seconds for
INSIGHT_DAYS = 4
Records = list[dict[str, Any]]
Sums = dict[tuple[str, ...], tuple[Decimal, ...]]


@dataclass(frozen=True)
class Client:
    """A tap: what it is configured with, the stream that is compared, its fields if not all, and both sides' sums."""

    name: str
    channel: str
    config: dict[str, str]
    stream: str
    theirs: Callable[[Records], Sums]
    ours: Callable[[Records], Sums]
    query: dict[str, str]
    fields: tuple[str, ...] = ()
    catalog_option: str = "--catalog"
    with_streams: tuple[str, ...] = field(default=())


def sums(keys: tuple[str, ...], values: tuple[str, ...], days: str = "") -> Callable[[Records], Sums]:
    """Sums of `values` by `keys`, of which `days` is cut to a day; rows of nothing are none.

    A tap may give a record again, which takes the place of the one before: those with `days` are of one key each.
    """

    def summed(rows: Records) -> Sums:
        found: defaultdict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(values))
        for row in rows:
            key = tuple(str(row[name])[:10] if name == days else str(row[name]) for name in keys)
            before = [Decimal(0)] * len(values) if days else found[key]
            found[key] = [total + Decimal(str(row.get(name) or 0)) for total, name in zip(before, values, strict=True)]
        return {key: tuple(map(normal, totals)) for key, totals in found.items() if any(totals)}

    return summed


def normal(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01")).normalize() + 0


def created_a_day(source: str, moment: str) -> Callable[[Records], Sums]:
    """Records by source and day of the portal, from the fields of both."""
    madrid = ZoneInfo("Europe/Madrid")

    def counted(rows: Records) -> Sums:
        created = [datetime.fromisoformat(row[moment]).astimezone(madrid).date().isoformat() for row in rows]
        found = Counter((row[source], day) for row, day in zip(rows, created, strict=True))
        return {key: (normal(Decimal(count)),) for key, count in found.items()}

    return counted


def of_account(account: str, summed: Callable[[Records], Sums]) -> Callable[[Records], Sums]:
    return lambda rows: summed([row for row in rows if row["account_id"] == account])


AD = ("impressions", "clicks", "spend")
META_ACCOUNT = "798085168510957"
SECRETS = {"client_id": "sandbox", "client_secret": "sandbox", "refresh_token": "sandbox", "user_agent": "okr tests"}
CLIENTS = [
    Client(
        "tap-google-search-console",
        "search_console",
        {**SECRETS, "site_urls": "sc-domain:acme.example", "start_date": "2026-10-01T00:00:00Z"},
        "performance_report_date",
        sums(("date",), ("clicks", "impressions"), "date"),
        of_account("sc-domain:acme.example", sums(("date",), ("clicks", "impressions"))),
        {"from": "2026-10-01"},
    ),
    Client(
        "tap-mailchimp",
        "mailchimp",
        {"api_key": "sandbox-us20", "dc": "us20", "start_date": "2024-01-01T00:00:00Z", "user_agent": "okr tests"},
        "campaigns",
        sums(("id",), ("emails_sent",)),
        sums(("campaign_id",), ("emails_sent",)),
        {},
    ),
    Client(
        "tap-hubspot",
        "hubspot",
        {"api_key": "sandbox", "start_date": "2024-01-01T00:00:00Z"},
        "contacts",
        created_a_day("property_hs_analytics_source", "createdAt"),
        sums(("campaign_id", "date"), ("contacts_created",)),
        {"from": "2024-01-01"},
        catalog_option="--properties",
    ),
    Client(
        "tap-tiktok-ads",
        "tiktok_ads",
        {
            "access_token": "sandbox",
            "accounts": "7093456789012345678,7106543210987654321",
            "start_date": "2026-10-15T00:00:00Z",
            "end_date": "2026-11-09T00:00:00Z",
            "user_agent": "okr tests",
            "sandbox": "false",
        },
        "ad_insights",
        sums(("campaign_id", "stat_time_day"), AD, "stat_time_day"),
        sums(("campaign_id", "date"), AD),
        {"from": "2026-10-15", "to": "2026-11-09"},
    ),
    Client(
        "tap-linkedin-ads",
        "linkedin_ads",
        {
            **SECRETS,
            "access_token": "sandbox",
            "refresh_token": "",
            "accounts": "508720451,517004982",
            "start_date": "2026-10-08T00:00:00Z",
        },
        "ad_analytics_by_campaign",
        sums(("campaign_id", "start_at"), ("impressions", "clicks", "cost_in_local_currency"), "start_at"),
        sums(("campaign_id", "date"), AD),
        {"from": "2026-10-08", "to": "2026-11-10"},
        ("id", "name", "campaign_id", "start_at", "end_at", "impressions", "clicks", "cost_in_local_currency"),
        with_streams=("accounts", "campaigns"),
    ),
    Client(
        "tap-facebook",
        "meta_ads",
        {
            "access_token": "sandbox",
            "account_id": META_ACCOUNT,
            "start_date": "2026-11-08T00:00:00Z",
            "end_date": "2026-11-09T00:00:00Z",
            "insights_buffer_days": "1",
            "user_agent": "okr tests",
        },
        "ads_insights",
        sums(("campaign_id", "date_start"), AD, "date_start"),
        of_account(META_ACCOUNT, sums(("campaign_id", "date"), AD)),
        {"from": "2026-11-07", "to": "2026-11-09"},
        ("campaign_id", "adset_id", "ad_id", "date_start", *AD),
        catalog_option="--properties",
    ),
]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    running = start(seed=3, today=TODAY)
    # short pages are ours: a client of others reads one as the last
    running.state.page_size = 1000
    yield running
    running.stop()


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_public_client_gets_the_sandboxs_truth(client: Client, sandbox: RunningSandbox, tmp_path: Path) -> None:
    if not (ENVIRONMENTS / client.name).exists():
        pytest.fail(f"{client.name} has no environment below {ENVIRONMENTS}: make test-clients makes them")
    catalog = json.loads(run(client, sandbox, tmp_path, "--discover"))
    (tmp_path / "catalog.json").write_text(json.dumps(selected(client, catalog)), encoding="utf-8")
    out = run(client, sandbox, tmp_path, client.catalog_option, str(tmp_path / "catalog.json"))
    messages = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    records = [one["record"] for one in messages if one["type"] == "RECORD" and one["stream"] == client.stream]
    compare(client.theirs(records), client.ours(truth(sandbox, client.channel, client.query)), client.query.get("from"))


@with_dlt_sources
@pytest.mark.parametrize("kind", ["contacts", "companies", "deals"])
def test_dlts_hubspot_gets_the_sandboxs_truth(kind: str, sandbox: RunningSandbox, tmp_path: Path) -> None:
    theirs = created_a_day("hs_analytics_source", "createdate")(loaded(sandbox, tmp_path, "hubspot", kind))
    ours = sums(("campaign_id", "date"), (f"{kind}_created",))
    compare(theirs, ours(truth(sandbox, "hubspot", {"from": "2024-01-01"})), "2024-01-01")


@with_dlt_sources
def test_dlts_facebook_ads_gets_the_sandboxs_truth(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.state.today = date.today()
    rows = loaded(sandbox, tmp_path, "facebook_ads", META_ACCOUNT, str(INSIGHT_DAYS))
    # it drops the first day that it loads: as texts, a date is before the moment at which that day begins
    first = str(sandbox.state.today - timedelta(days=INSIGHT_DAYS - 1))
    ours = of_account(META_ACCOUNT, sums(("campaign_id", "date"), AD))
    theirs = sums(("campaign_id", "date_start"), AD, "date_start")(rows)
    compare(theirs, ours(truth(sandbox, "meta_ads", {"from": first})), first)


def truth(sandbox: RunningSandbox, channel: str, query: dict[str, str]) -> Records:
    text = requests.get(f"{sandbox.url}/truth/{channel}/daily.csv", params=query, timeout=60).text
    return list(csv.DictReader(io.StringIO(text)))


def compare(theirs: Sums, ours: Sums, first: str | None) -> None:
    assert len(theirs) > 5
    assert {key: theirs.get(key) for key in ours} == ours
    assert {key for key in theirs if not first or key[-1] >= first} <= ours.keys()


def loaded(sandbox: RunningSandbox, folder: Path, *arguments: str) -> Records:
    """The rows that a verified source of dlt loads (dlt_source.py)."""
    python = ENVIRONMENTS / "dlt" / "bin" / "python"
    if not python.exists():
        pytest.fail(f"no environment {ENVIRONMENTS}/dlt: make test-clients makes it")
    command: list[str | Path] = [python, HERE / "dlt_source.py", folder, *arguments]
    out = answer(command, folder, sandbox, PYTHONPATH=os.pathsep.join(map(str, (HERE, *DLT_SOURCES))))
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def run(client: Client, sandbox: RunningSandbox, folder: Path, *options: str) -> str:
    """What the client says on its standard output, with every vendor's host at the sandbox (sitecustomize.py)."""
    (folder / "config.json").write_text(json.dumps(client.config), encoding="utf-8")
    program = ENVIRONMENTS / client.name / "bin" / client.name
    return answer(
        [program, "--config", folder / "config.json", *options], folder, sandbox, OKR_CLIENT_OF=client.channel
    )


def answer(command: list[str | Path], folder: Path, sandbox: RunningSandbox, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(HERE),
            "OKR_SANDBOX": sandbox.url,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def selected(client: Client, catalog: dict[str, Any]) -> dict[str, Any]:
    """The catalog with the stream and its fields selected, in either of the ways that taps read it."""
    for stream in catalog["streams"]:
        wanted = stream["tap_stream_id"] in (client.stream, *client.with_streams)
        stream["schema"]["selected"] = wanted
        entries = stream.setdefault("metadata", [])
        if not any(entry["breadcrumb"] == [] for entry in entries):
            entries.append({"breadcrumb": [], "metadata": {}})
        for entry in entries:
            is_field = bool(entry["breadcrumb"])
            name = entry["breadcrumb"][-1] if is_field else ""
            entry["metadata"]["selected"] = wanted and (not is_field or not client.fields or name in client.fields)
    return catalog
