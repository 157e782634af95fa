"""What was understood of a file, as lines for a person and as one JSON object for a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from okr_reports.adding.dialog import Added
from okr_reports.channels.files.faults import listed
from okr_reports.channels.files.names import spaced

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "|"}
_FIRST_ROWS = 3


def as_json(added: Added) -> dict[str, Any]:
    """Everything that `lines` says, by name."""
    facts = added.facts
    return {
        "file": added.path.name,
        "preset": added.preset.id if added.preset else None,
        "recognised_as": added.why,
        "kind": added.glimpse.kind,
        "encoding": added.glimpse.encoding or None,
        "separator": added.glimpse.delimiter or None,
        "sheet": added.glimpse.sheet or None,
        "header_row": added.header,
        "first_day": str(facts.first_day) if facts.first_day else None,
        "last_day": str(facts.last_day) if facts.last_day else None,
        "missing_days": _missing(added),
        "grain": _grain(added),
        "currency": _currency(added),
        "rows": facts.rows,
        "campaigns": _count(added, "campaign_id"),
        "accounts": _count(added, "account_id"),
        "columns": _columns(added),
        "sums": {name: str(total) for name, total in _sums(added).items() if name not in added.stocks},
        "last": {name: str(value) for name, value in _sums(added, last=True).items() if name in added.stocks},
        "first_rows": _first_rows(added),
        "not_read": list(facts.said) + [f"column {name}" for name in facts.unread],
        "assumed": added.assumed,
        "entry": added.entry,
    }


def lines(added: Added) -> Iterator[str]:
    """For the terminal."""
    summary = as_json(added)
    yield f"{summary['file']}: {summary['recognised_as']}"
    where = f"sheet {summary['sheet']!r}, " if summary["sheet"] else ""
    how = ", ".join(filter(None, [summary["encoding"], _SEPARATORS.get(added.glimpse.delimiter, "")]))
    unit = "row" if summary["sheet"] else "line"
    yield f"  file      {where}{how or summary['kind']}; header in {unit} {summary['header_row']}"
    if summary["first_day"] is None:
        yield "  days      none: the file has no rows"
    else:
        count = summary["missing_days"]
        missing = (
            f"{count} day{'' if count == 1 else 's'} without a row" if summary["missing_days"] else "no day missing"
        )
        yield f"  days      {summary['first_day']} to {summary['last_day']}, by {summary['grain']}" + (
            f", {missing}" if summary["grain"] == "day" else ""
        )
    yield f"  rows      {summary['rows']:,} read" + (
        f", {summary['campaigns']:,} campaign{'' if summary['campaigns'] == 1 else 's'}" if summary["campaigns"] else ""
    )
    yield f"  currency  {summary['currency']}"
    for name, column in summary["columns"].items():
        is_level = name in added.stocks
        total = _shown(_sums(added, last=is_level).get(name))
        yield f"  measure   {name} = {column}, {'a level: at the end' if is_level else 'in all'} {total}"
    for row in summary["first_rows"]:
        yield "  row       " + ", ".join(f"{name} {value}" for name, value in row.items() if value not in (None, ""))
    for sentence in added.facts.said:
        yield f"  note      {sentence}"
    if added.facts.unread:
        yield f"  not read  {listed(added.facts.unread, 20)}"
    for sentence in summary["assumed"]:
        yield f"  assumed   {sentence}"


def _columns(added: Added) -> dict[str, str]:
    """What each measure is read from, as the definition or the preset says and the file has."""
    from okr_reports.okrs.models.file_sources import FileSourceEntry

    source = FileSourceEntry.model_validate(added.entry).to_file_source(added.path.parent, ())
    names = {" ".join(name.split()).casefold() for _, _, cells in added.glimpse.records[:60] for name in cells if name}
    there = {}
    for name in added.facts.measures:
        measure = source.measures[name]
        columns = (measure.column,) if isinstance(measure.column, str) else measure.column
        held = [column for column in columns if spaced(column).casefold() in names] or list(columns)
        less = f" less {measure.minus if isinstance(measure.minus, str) else measure.minus[0]}" if measure.minus else ""
        there[name] = "rows counted" if measure.count == "rows" else f"{held[0] if held else 'its cells'}{less}"
        if measure.count == "column":
            there[name] = f"rows with {there[name]}"
    return there


def _sums(added: Added, *, last: bool = False) -> dict[str, Decimal]:
    """Of all days, or of the last alone."""
    measures = added.rows.measures
    if not measures:
        return {}
    row = added.rows.connection.execute(
        "select "
        + ", ".join(f"sum(v{at})" for at in range(len(measures)))
        + " from rows"
        + (" where date = (select max(date) from rows)" if last else "")
    ).fetchone()
    there = set(added.facts.measures)
    return {name: total for name, total in zip(measures, row or (), strict=True) if name in there and total is not None}


def _shown(total: Decimal | None) -> str:
    return "nothing" if total is None else f"{total.normalize():,f}"


def _count(added: Added, column: str) -> int:
    ((count,),) = added.rows.connection.execute(
        f"select count(distinct {column}) from rows where {column} <> ''"
    ).fetchall()
    return int(count)


def _days(added: Added) -> list[date]:
    return [day for (day,) in added.rows.connection.execute("select distinct date from rows order by 1").fetchall()]


def _missing(added: Added) -> int:
    days = _days(added)
    return (days[-1] - days[0]).days + 1 - len(days) if days and _grain(added) == "day" else 0


def _grain(added: Added) -> str:
    if "end_date" in added.entry:
        return "its own range"
    from okr_reports.okrs.models.file_sources import FileSourceEntry

    return FileSourceEntry.model_validate(added.entry).to_file_source(added.path.parent, ()).grain


def _currency(added: Added) -> str:
    declared = added.entry.get("currency")
    if added.currencies:
        return ", ".join(added.currencies)
    return declared if isinstance(declared, str) and declared != "auto" else "none named"


def _first_rows(added: Added) -> list[dict[str, str]]:
    values = "".join(f", v{at}" for at in range(len(added.rows.measures)))
    rows = added.rows.connection.execute(
        f"select date, campaign_name{values} from rows order by line limit {_FIRST_ROWS}"
    ).fetchall()
    names = ["date", "campaign", *added.rows.measures]
    return [
        {
            name: _cell(value)
            for name, value in zip(names, row, strict=True)
            if value is not None and (name in ("date", "campaign") or name in added.facts.measures)
        }
        for row in rows
    ]


def _cell(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
