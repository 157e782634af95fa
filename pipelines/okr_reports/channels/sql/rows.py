"""From rows of a query to measures: the columns' roles, exact numbers, one currency a campaign and day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from okr_reports.channels.sql.settings import Query
from okr_reports.channels.tables import to_amount
from okr_reports.channels.windows import Window
from okr_reports.errors import VendorError, quoted

_CODE = re.compile(r"[A-Z]{3}")
_DEFAULT_CURRENCY = "currency"


def read_rows(
    name: str,
    query: Query,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    window: Window,
) -> list[dict[str, Any]]:
    """Rows of the window, those of one day and campaign added up, one row a measure; an empty cell is no value.

    Raises VendorError naming query, column and the first wrong value.
    """
    measures = _measures(name, query, columns)
    summed: dict[tuple[date, str], dict[str, Any]] = {}
    for row in rows:
        cells = dict(zip(columns, row, strict=True))
        day = _day(name, query, cells[query.date])
        if not window.start <= day <= window.end:
            continue
        campaign = str(cells.get(query.campaign_id) or "")
        of_day = summed.setdefault((day, campaign), {"currency": _currency(name, query, cells), "values": {}})
        of_day["campaign_name"] = _text(cells.get(query.campaign_name)) or of_day.get("campaign_name")
        if of_day["currency"] != _currency(name, query, cells):
            _refuse(
                name,
                query.currency,
                f"{of_day['currency']} and {_currency(name, query, cells)} on {day} for campaign {_shown(campaign)}",
                "give them campaigns of their own",
            )
        for measure, column in measures.items():
            if cells[column] is not None:
                of_day["values"][measure] = of_day["values"].get(measure, 0) + _amount(name, column, cells[column])
    return list(_long(summed))


def _long(summed: dict[tuple[date, str], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for (day, campaign), found in sorted(summed.items()):
        for measure, value in found["values"].items():
            yield {
                "date": day,
                "campaign_id": campaign,
                "campaign_name": found["campaign_name"],
                "currency": found["currency"],
                "measure": measure,
                "value": value,
            }


def _measures(name: str, query: Query, columns: Sequence[str]) -> dict[str, str]:
    """Our measure to the query's column."""
    given = [measure.partition("=") for measure in query.measures]
    found = {ours.strip(): (column or ours).strip() for ours, _, column in given}
    roles = (query.date, query.campaign_id, query.campaign_name, query.currency)
    found = found or {column: column for column in columns if column not in roles}
    must = [query.date, *found.values()]
    must += [query.currency] if query.currency != _DEFAULT_CURRENCY and not _CODE.fullmatch(query.currency) else []
    for column in must:
        if columns.count(column) > 1:
            _refuse(name, column, "is in the result twice", "name each column once, with AS")
        if column not in columns:
            _refuse(
                name,
                column,
                "is not in the result",
                f"the query gives {', '.join(columns)}; rename one with AS, "
                f"or say under [sources.sql.{name}] which it is",
            )
    if not found:
        _refuse(name, query.date, "is the only column", "select at least one number beside it")
    return found


def _currency(name: str, query: Query, cells: dict[str, Any]) -> str | None:
    if query.currency not in cells:
        return query.currency if _CODE.fullmatch(query.currency) else None
    code = str(cells[query.currency] or "").strip().upper()
    if not _CODE.fullmatch(code):
        _refuse(
            name,
            query.currency,
            f"holds {_shown(code)}, which is not a currency",
            "write its three letters, as in EUR",
        )
    return code


def _day(name: str, query: Query, value: Any) -> date:
    """The day as written; of a moment with a zone, the day it was in the query's own."""
    column = query.date
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (moment.astimezone(ZoneInfo(query.timezone)) if moment.tzinfo else moment).date()
    except ValueError:
        _refuse(
            name,
            column,
            f"holds {_shown(value)}, which is not a date",
            "cast it to a date in the query",
        )


def _amount(name: str, column: str, value: Any) -> Decimal:
    try:
        amount = to_amount(value)
    except (TypeError, ValueError):
        amount = Decimal("NaN")
    if not amount.is_finite():
        _refuse(
            name,
            column,
            f"holds {_shown(value)}, which is not a number",
            "cast it to a number in the query, or leave the column out",
        )
    return amount


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _shown(value: Any) -> str:
    return quoted(repr(str(value)[:60]))


def _refuse(name: str, column: str, what: str, todo: str) -> NoReturn:
    raise VendorError("sql", f"the column {column} {what}", f"{todo}; nothing of this query was loaded", name)
