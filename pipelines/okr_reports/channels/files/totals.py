"""Total rows: a total's label, or no id or name where two others have one. They count nothing, and that is said."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from okr_reports.channels.files.faults import SHOWN
from okr_reports.channels.files.names import TOTAL, TOTAL_BEGINS
from okr_reports.channels.files.rows import Fault

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing


def find_totals(typing: Typing) -> None:
    """Set `kind` of total rows that have a day, by `totals`; compare every total with the sums of what was read."""
    if typing.source.totals != "keep":
        lines = sorted({*_labelled(typing), *_nameless(typing)})
        if lines:
            _judge(typing, lines)
    _compare(typing)


def _labelled(typing: Typing) -> list[int]:
    numbers = {place for _, _, place in typing.value_columns()}
    texts = [
        f"c{at}"
        for at in range(len(typing.layout.names))
        if at not in numbers and at != typing.layout.roles.get("date")
    ]
    if not texts:
        return []
    is_label = " or ".join(
        f"(lower(left({one}, 3)) in ({TOTAL_BEGINS}) and regexp_full_match({one}, '(?i){TOTAL}'))" for one in texts
    )
    found = typing.run(f"select line from good join cells using (line) where day is not null and ({is_label})")
    return [line for (line,) in found]


def _nameless(typing: Typing) -> list[int]:
    ids = typing.ids()
    if not ids:
        return []
    none = " and ".join(f"{one} is null" for one in ids)
    others = typing.run(f"select count(*) from good where day is not null and not ({none})")
    if others[0][0] < 2:
        return []
    some = typing.some_value()
    found = typing.run(f"select line from good where day is not null and ({none}) and ({some})")
    return [line for (line,) in found]


def _judge(typing: Typing, lines: list[int]) -> None:
    places = tuple(typing.grid.place(line) for line in lines[:SHOWN])
    equal = [line for line in lines if _equals_others(typing, line, lines)]
    unequal = [line for line in lines if line not in equal]
    preset = "totals" in typing.source.may_miss
    typing.run("update base set kind = 'total' where list_contains($lines, line)", {"lines": lines})
    if typing.source.totals == "refuse" or (preset and unequal):
        which = unequal if typing.source.totals != "refuse" else lines
        proof = (
            "the sum of the others"
            if len(equal) == len(lines)
            else "not the sum of the others"
            if not equal
            else "not all the sum of the others"
        )
        what = f"a row that looks like a total (a total's label, or no id or name where others have one; {proof})"
        todo = "declare `totals: skip` to leave it out, or `totals: keep` if it counts"
        typing.faults.append(
            Fault(what, todo, tuple(typing.grid.place(line) for line in which[:SHOWN]), len(which), (), "totals")
        )
        return
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    typing.said.append(f"totals left out: {', '.join(places)}{more}")


def _values(typing: Typing) -> list[str]:
    return [
        f"cast({typing.number(column)} as DECIMAL(38,6))"
        for column, _, _ in typing.value_columns()
        if column.startswith("m")
    ]


def _equals_others(typing: Typing, line: int, lines: list[int]) -> bool:
    """Whether every measure of the row is the sum of the rows that are no totals, of all days or of its own."""
    values = _values(typing)
    if not values:
        return False
    listed = ", ".join(f"{value} as x{at}" for at, value in enumerate(values))
    own = typing.run(f"select day, {listed} from base {typing.joins()} where base.line = $line", {"line": line})[0]
    sums = ", ".join(f"sum(x{at})" for at in range(len(values)))
    where = "counts and kind = 'row' and day is not null and not list_contains($lines, line)"
    every = f"select {{}} from (select base.*, {listed} from base {typing.joins()}) where {where}"
    whole = typing.run(every.format(sums), {"lines": lines})[0]
    of_day = typing.run(f"{every.format(sums)} and day = $day", {"lines": lines, "day": own[0]})[0]
    return any(_same(own[1:], one) for one in (whole, of_day))


def _same(own: Any, sums: Any) -> bool:
    pairs = [(mine, other) for mine, other in zip(own, sums, strict=True) if mine is not None]
    return bool(pairs) and all(other is not None and abs(mine - other) <= Decimal("0.011") for mine, other in pairs)


def _compare(typing: Typing) -> None:
    """Say whether the totals that were left out equal what was read."""
    lines = [line for (line,) in typing.run("select line from base where kind = 'total' order by line")]
    if not lines:
        return
    equal = [line for line in lines if _equals_others(typing, line, lines)]
    word = f"{len(lines)} total row{'' if len(lines) == 1 else 's'}"
    if len(equal) == len(lines):
        typing.said.append(f"{word}, equal to the sums of what was read")
    else:
        other = typing.grid.place(next(line for line in lines if line not in equal))
        typing.said.append(
            f"{word}, of which {len(lines) - len(equal)} differ from the sums of what was read (first {other})"
        )
