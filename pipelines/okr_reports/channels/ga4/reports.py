"""runReport and batchRunReports of the GA4 Data API: paging, positional columns, and the dialect of its errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from okr_reports.channels.http import Http
from okr_reports.channels.numbers import whole
from okr_reports.channels.replies import Reply, Verdict, classify_by_status
from okr_reports.errors import VendorError

SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
ACCESS = "the role Viewer on the property, and see that the Google Analytics Data API is enabled in its project"
# The API's most is 250,000.
PAGE = 100_000
# At most four date ranges a report and five reports a request.
RANGES_PER_REPORT, REPORTS_PER_BATCH = 4, 5
# How long to wait for one of the ten requests at once to end.
_CONCURRENT_WAIT = 2.0


@dataclass(frozen=True)
class Report:
    """Rows as {dimension or metric: text}, and what GA4 says about how far they can be trusted."""

    rows: list[dict[str, Any]]
    currency: str
    timezone: str
    has_other_row: bool
    is_thresholded: bool
    is_sampled: bool
    # Metrics that the user may not see: GA4 answers 0 for them.
    restricted: frozenset[str] = frozenset()


def classify(reply: Reply) -> Verdict:
    """GA4's dialect: tokens used up are a 429 like too many requests at once, and are renewed by the hour or day."""
    data = reply.data if isinstance(reply.data, dict) else {}
    error = data.get("error")
    said = error.get("message") if isinstance(error, dict) else error
    message = f"HTTP {reply.status}" + (f": {said}" if said else "")
    if reply.status == 200 and not ({"kind", "access_token"} & data.keys()):
        return Verdict("retry", "HTTP 200 without a report")
    if reply.status == 429 and "concurrent" in message.lower():
        return Verdict("retry", message, reply.retry_after or _CONCURRENT_WAIT)
    if reply.status == 429 and "Exhausted" in message:
        when = "within the hour" if "hour" in message else "at midnight Pacific time"
        todo = f"Google renews these tokens {when}: refresh again then"
        return Verdict("quota", message, todo=todo, of_account="property" in message)
    if reply.status == 403 and "authentication scopes" in message:
        return Verdict("forbidden", message, todo=f"authorise again with the scope {SCOPE}")
    if reply.status == 403:
        return Verdict("forbidden", message, todo=f"give the credentials' user {ACCESS}")
    return classify_by_status(reply)


def run_report(
    http: Http,
    path: str,
    *,
    ranges: Sequence[tuple[date, date]],
    dimensions: Sequence[str],
    metrics: Sequence[str],
    limit: int = 0,
) -> Report:
    """Every row of a report, page by page until `rowCount`; only the first `limit` rows if that is given."""
    body = _body(ranges, dimensions, metrics)
    report = _read(http, _ask(http, f"{path}:runReport", {**body, "limit": str(limit or PAGE), "offset": "0"}))
    rows = report[0].rows
    while not limit and len(rows) < report[1]:
        page, _ = _read(http, _ask(http, f"{path}:runReport", {**body, "limit": str(PAGE), "offset": str(len(rows))}))
        if not page.rows:
            raise VendorError(
                http.channel,
                f"a report of {report[1]:,} rows ended after {len(rows):,}",
                "nothing of this answer was loaded; refresh again",
            )
        rows.extend(page.rows)
    return report[0]


def run_for_each_range(http: Http, path: str, ranges: Sequence[tuple[date, date]], metric: str) -> Iterator[Any]:
    """The metric over each range as a whole, in their order; 0 where a range has no data."""
    bodies = [
        (len(part), _body(part, (), (metric,)))
        for part in (ranges[at : at + RANGES_PER_REPORT] for at in range(0, len(ranges), RANGES_PER_REPORT))
    ]
    for at in range(0, len(bodies), REPORTS_PER_BATCH):
        part = bodies[at : at + REPORTS_PER_BATCH]
        answers = _ask(http, f"{path}:batchRunReports", {"requests": [body for _, body in part]})["reports"]
        for (count, _), answer in zip(part, answers, strict=True):
            rows = {row.get("dateRange", "range_0"): row[metric] for row in _read(http, answer)[0].rows}
            yield from (rows.get(f"range_{number}", 0) for number in range(count))


def _body(ranges: Sequence[tuple[date, date]], dimensions: Sequence[str], metrics: Sequence[str]) -> dict[str, Any]:
    return {
        "dateRanges": [
            {"startDate": start.isoformat(), "endDate": end.isoformat(), "name": f"range_{number}"}
            for number, (start, end) in enumerate(ranges)
        ],
        "dimensions": [{"name": name} for name in dimensions],
        "metrics": [{"name": name} for name in metrics],
        "orderBys": [{"dimension": {"dimensionName": name}} for name in dimensions],
        "keepEmptyRows": False,
    }


def _ask(http: Http, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = http.post_json(path, body).data
    return answer


def _read(http: Http, answer: dict[str, Any]) -> tuple[Report, int]:
    """A page and the number of rows that all pages together have."""
    names = [header["name"] for header in (*answer.get("dimensionHeaders", ()), *answer.get("metricHeaders", ()))]
    rows = [
        dict(
            zip(
                names,
                (cell.get("value") for cell in (*row.get("dimensionValues", ()), *row["metricValues"])),
                strict=True,
            )
        )
        for row in answer.get("rows", ())
    ]
    metadata = answer.get("metadata") or {}
    report = Report(
        rows,
        metadata.get("currencyCode") or "",
        metadata.get("timeZone") or "UTC",
        bool(metadata.get("dataLossFromOtherRow")),
        bool(metadata.get("subjectToThresholding")),
        bool(metadata.get("samplingMetadatas")),
        frozenset(
            restriction["metricName"]
            for restriction in (metadata.get("schemaRestrictionResponse") or {}).get("activeMetricRestrictions") or ()
        ),
    )
    return report, whole(answer.get("rowCount") or 0)
