"""Campaign performance reports: requested, waited for, unpacked, and summed to its natural key."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from okr_reports.channels.jobs import JobFailed, Part, wait_for
from okr_reports.channels.microsoft_ads.services import Services
from okr_reports.channels.numbers import whole
from okr_reports.channels.tables import AMOUNT, COUNT, DAY, FIX_THE_CHANNEL, TEXT, texts_to_amounts, to_amount
from okr_reports.errors import VendorError, quoted

# Attributes split the rows: all of them, and so all but the name, are the key.
KEY = {
    "TimePeriod": "date",
    "CampaignId": "campaign_id",
    "CurrencyCode": "currency",
    "AdDistribution": "ad_distribution",
    "DeviceType": "device_type",
    "Network": "network",
    "DeliveredMatchType": "delivered_match_type",
    "DeviceOS": "device_os",
    "TopVsOther": "top_vs_other",
    "BidMatchType": "bid_match_type",
}
NAME = {"CampaignName": "campaign_name"}
METRICS = {
    "Impressions": ("impressions", COUNT),
    "Clicks": ("clicks", COUNT),
    "Spend": ("spend", AMOUNT),
    "ConversionsQualified": ("conversions_qualified", AMOUNT),
    "Revenue": ("revenue", AMOUNT),
    "AllConversionsQualified": ("all_conversions_qualified", AMOUNT),
    "AllRevenue": ("all_revenue", AMOUNT),
}
# Not every account has the qualified ones yet; where a cell of those is empty the deprecated one is taken.
ELSE = {"ConversionsQualified": "Conversions", "AllConversionsQualified": "AllConversions"}


@dataclass(frozen=True)
class Layout:
    """The columns of a report, the vendor's by ours; rows alike in all of `key` are summed into `table`."""

    table: str
    key: Mapping[str, str]
    names: Mapping[str, str]
    metrics: Mapping[str, tuple[str, pa.DataType]]

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.names, *self.metrics, *(ELSE[name] for name in self.metrics if name in ELSE))


PERFORMANCE = Layout("campaign_performance", KEY, NAME, METRICS)
COLUMNS = PERFORMANCE.columns
# A goal splits rows, so that it does not stand beside clicks and spend.
GOALS = Layout(
    "campaign_goals",
    {"TimePeriod": "date", "CampaignId": "campaign_id", "CurrencyCode": "currency", "Goal": "goal"},
    {},
    {name: METRICS[name] for name in ("AllConversionsQualified", "AllRevenue")},
)
# A report larger than this, unpacked, is not one of campaigns by day.
LARGEST_CSV = 1 << 30
_REPORT = "Reporting/v13/GenerateReport"


def fetch(
    services: Services,
    headers: Mapping[str, str],
    account_id: str,
    part: Part,
    time_zone: str,
    layout: Layout = PERFORMANCE,
) -> bytes:
    """The CSV of the part, b'' if it has no data. Raises JobFailed if Microsoft could not make it."""
    request = _request(account_id, part, time_zone, layout)
    started = services.post_json(f"{_REPORT}/Submit", {"ReportRequest": request}, headers).data
    polled = {"ReportRequestId": started["ReportRequestId"]}

    def look() -> str | None:
        status = services.post_json(f"{_REPORT}/Poll", polled, headers).data["ReportRequestStatus"]
        if status["Status"] == "Error":
            raise JobFailed
        # done without an address is a report without data
        return str(status.get("ReportDownloadUrl") or "") if status["Status"] == "Success" else None

    url = wait_for(services, look)
    largest = min(LARGEST_CSV, services.budget.memory)
    return unzip(services.channel, account_id, services.download(url), largest) if url else b""


def unzip(channel: str, account_id: str, content: bytes, largest: int = LARGEST_CSV) -> bytes:
    """The only file of the archive, read no further than `largest` bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            [member] = archive.infolist()
            with archive.open(member) as file:
                text = file.read(largest + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, EOFError, OSError):
        raise VendorError(
            channel, "a report is not a ZIP with one file", "refresh again; if it stays so, report it", account_id
        ) from None
    if len(text) > largest:
        raise VendorError(
            channel,
            f"a report is larger than {largest >> 20} MB unpacked",
            "load it in smaller windows (--from, --to), or report it",
            account_id,
        )
    return text


def read(channel: str, text: bytes, layout: Layout = PERFORMANCE) -> pa.Table:
    """The rows in the raw table's columns, those of one key summed: nothing is lost, and nothing is there twice.

    Empty cells are no value, and the sum of none is none. Raises VendorError where a cell is no number, LookupError
    where a column is missing.
    """
    columns = _columns(text, layout.columns)
    arrays = {ours: columns[vendor] for vendor, ours in {**layout.key, **layout.names}.items()}
    arrays["date"] = arrays["date"].cast(DAY)
    for vendor, (ours, kind) in layout.metrics.items():
        texts = pc.coalesce(columns[vendor], columns[ELSE[vendor]]) if vendor in ELSE else columns[vendor]
        arrays[ours] = _numbers(channel, f"{layout.table}.{ours}", texts, kind)
    measures, named = dict(layout.metrics.values()), layout.names.values()
    summed = (
        pa.table(arrays)
        .group_by(list(layout.key.values()), use_threads=False)
        .aggregate([*((name, "last") for name in named), *((name, "sum") for name in measures)])
    )
    names = {f"{name}_sum": name for name in measures} | {f"{name}_last": name for name in named}
    found = summed.rename_columns([names.get(name, name) for name in summed.column_names])
    return pa.table({name: found[name].cast(measures.get(name, found[name].type)) for name in found.column_names})


def _columns(text: bytes, wanted: Sequence[str]) -> pa.Table:
    content = text.removeprefix(b"\xef\xbb\xbf")
    if not content:
        return pa.table({name: pa.array([], TEXT) for name in wanted})
    return csv.read_csv(
        io.BytesIO(content),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            include_columns=list(wanted),
            column_types=dict.fromkeys(wanted, TEXT),
            strings_can_be_null=True,
            null_values=["", "--"],
        ),
    )


def _numbers(channel: str, column: str, texts: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    plain = pc.replace_substring(texts, ",", "")
    try:
        return texts_to_amounts(plain) if kind == AMOUNT else plain.cast(kind)
    except pa.ArrowInvalid:
        pass  # more than nine decimals, or no number at all
    convert: Any = to_amount if kind == AMOUNT else whole
    values = []
    for text in plain.to_pylist():
        try:
            values.append(None if text is None else convert(text))
        except ValueError:
            raise VendorError(
                channel,
                f"{column} should be {kind} but the vendor sent {quoted(repr(text[:60]))}",
                FIX_THE_CHANNEL,
            ) from None
    return pa.chunked_array([pa.array(values, kind)])


def _request(account_id: str, part: Part, time_zone: str, layout: Layout) -> dict[str, Any]:
    campaigns = [{"AccountId": account_id, "CampaignId": campaign} for campaign in part.campaigns]
    return {
        "Type": "CampaignPerformanceReportRequest",
        "Format": "Csv",
        "FormatVersion": "2.0",
        "Aggregation": "Daily",
        "ExcludeColumnHeaders": False,
        "ExcludeReportHeader": True,
        "ExcludeReportFooter": True,
        # today's rows are never requested, and yesterday's are restated for weeks anyway
        "ReturnOnlyCompleteData": False,
        "Columns": list(layout.columns),
        "Scope": {"Campaigns": campaigns} if campaigns else {"AccountIds": [account_id]},
        "Time": {
            "CustomDateRangeStart": _day(part.window.start),
            "CustomDateRangeEnd": _day(part.window.end),
            "ReportTimeZone": time_zone,
        },
    }


def _day(day: date) -> dict[str, int]:
    return {"Day": day.day, "Month": day.month, "Year": day.year}
