"""Total rows: a total's label, or no id or name where two others have one. They count nothing, and that is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from okr_reports.channels.files.faults import SHOWN, listed
from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.names import SUBTOTAL, TOTAL, TOTAL_BEGINS
from okr_reports.channels.files.number_cells import number_of
from okr_reports.channels.files.odd_rows import other_texts
from okr_reports.channels.files.rows import Fault
from okr_reports.channels.files.wide import ADDED

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing

# What a total may differ by from the sum of amounts that were rounded one by one.
ROUNDING = "0.011"


def find_totals(typing: Typing) -> None:
    """Set `kind` of total rows that have a day, by `totals`; compare every total with the sums of what was read."""
    if typing.grid.factor > 1:
        if typing.source.totals != "keep" and (typing.source.pivot is None or typing.layout.labels):
            _leave_sums_out(typing)
        return
    if typing.source.totals != "keep":
        lines = sorted({*_labelled(typing), *_nameless(typing)})
        if lines:
            _judge(typing, lines)
    _compare(typing)


def _leave_sums_out(typing: Typing) -> None:
    """Rows of a wide table that are the sum of all others in every period, of which there are two and more, whatever
    they are called."""
    columns = [column for column, _, _ in typing.value_columns() if column.startswith("m")]
    if not columns:
        return
    value = f"cast(coalesce({', '.join(map(number_of, columns))}) as DECIMAL(38,6))"
    label = f"c{typing.layout.roles['pivot.name']}" if typing.layout.labels else "''"
    found = typing.run(
        f"with cells_of as (select line // {typing.grid.factor} as row, (day, {label}) as period,"
        f" {value} as x from base join amounts using (line)"
        " join cells using (line) where counts and kind = 'row' and day is not null),"
        " sums as (select period, sum(x) as total, count(x) as cells from cells_of group by period)"
        f" select row from cells_of join sums using (period) group by row having count(x) = (select count(*) from sums)"
        f" and count(x) > 1 and bool_and(abs(2 * x - total) <= {ROUNDING}) and max(cells) > 2 and bool_or(x <> 0)"
        " order by row"
    )
    _leave_out(typing, [row for (row,) in found], "the sum of the other rows in every period")
    _leave_out(typing, list(_subtotals(typing, value, label)), "the sum of rows above it in every period")


def _leave_out(typing: Typing, rows: list[int], why: str) -> None:
    if rows:
        typing.run(
            f"update base set kind = 'total' where list_contains($rows, line // {typing.grid.factor})", {"rows": rows}
        )
        places = listed((typing.grid.place(row * typing.grid.factor) for row in rows), SHOWN)
        typing.said.append(f"a total, {why}, not read: {places}")


def _subtotals(typing: Typing, value: str, label: str) -> Iterator[int]:
    """Rows named as a group's total (`Online total`) that are the sum of those right above them."""
    names = [f"c{at}" for at in range(len(typing.layout.names) - len(ADDED))]
    is_named = " or ".join(f"regexp_full_match(coalesce({name}, ''), '(?i){SUBTOTAL}')" for name in names)
    if not typing.run(f"select 1 from cells where {is_named} limit 1"):
        return
    found = typing.run(
        f"select line // {typing.grid.factor} as row, bool_or({is_named}),"
        f" map_from_entries(list(((day, {label})::varchar, {value})))"
        " from base join amounts using (line) join cells using (line)"
        " where counts and kind = 'row' and day is not null group by 1 order by 1"
    )
    above: list[Mapping[str, Decimal]] = []
    for row, named, values in found:
        if named and any(map(values.__eq__, _sums_from_the_end(above))):
            yield row
            above = []
        else:
            above.append({period: value for period, value in values.items() if value is not None})


def _sums_from_the_end(rows: Sequence[Mapping[str, Decimal]]) -> Iterator[dict[str, Decimal]]:
    """The last row, the last two added up, the last three, and so on."""
    sums: dict[str, Decimal] = {}
    for row in reversed(rows):
        sums = {period: sums.get(period, Decimal()) + row.get(period, Decimal()) for period in sums.keys() | row.keys()}
        yield sums


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
        f"(lower(left({column}, 3)) in ({TOTAL_BEGINS}) and regexp_full_match({column}, '(?i){TOTAL}'))"
        for column in texts
    )
    found = typing.run(f"select line from good join cells using (line) where day is not null and ({is_label})")
    return [line for (line,) in found]


def _nameless(typing: Typing) -> list[int]:
    ids = typing.ids()
    columns = ids or [f"cell(c{at})" for at in other_texts(typing)]
    if not columns:
        return []
    none = " and ".join(f"{column} is null" for column in columns)
    rows = "from good join cells using (line) where day is not null and"
    others = typing.run(f"select count(*) {rows} not ({none})")
    if others[0][0] < 2:
        return []
    found = [line for (line,) in typing.run(f"select line {rows} ({none}) and ({typing.some_value()})")]
    # a column that nobody named may be of remarks, which most rows have none of: only a sum is proof
    return found if ids else _proved(typing, found)


def _proved(typing: Typing, lines: list[int]) -> list[int]:
    """Those that are the sum of two rows or more; of one row each only where all are, since two may well be equal."""
    equal = _equal_to_others(typing, lines)
    of_one = len(lines) > 1 and len(equal) == len(lines) and any(equal.values())
    return sorted(line for line, rows in equal.items() if rows > 1 or of_one)


def _judge(typing: Typing, lines: list[int]) -> None:
    places = tuple(typing.grid.place(line) for line in lines[:SHOWN])
    equal = _equal_to_others(typing, lines)
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
        f"cast({number_of(column)} as DECIMAL(38,6))"
        for column, _, _ in typing.value_columns()
        if column.startswith("m")
    ]


def _equal_to_others(typing: Typing, lines: list[int]) -> dict[int, int]:
    """Those of which every measure is the sum of the rows that are no totals, of all days or of its own, and how many
    rows add something to it; none where it is 0."""
    values = _values(typing)
    if not values or not lines:
        return {}
    every = range(len(values))
    listed = ", ".join(f"{value} as x{at}" for at, value in enumerate(values))
    adding = " or ".join(f"x{at} <> 0" for at in every)
    counted = f"count(*) filter (where {adding}) as rows"
    sums = ", ".join([counted, *(f"sum(x{at}) as x{at}" for at in every)])
    same = " and ".join(
        f"coalesce(own.x{at} is null or abs(own.x{at} - sums.x{at}) <= {ROUNDING}, false)" for at in every
    )
    some = " or ".join(f"own.x{at} is not null" for at in every)
    not_zero = " or ".join(f"own.x{at} <> 0" for at in every)
    found = typing.run(
        f"with valued as (select line, day, counts, kind, {listed} from base join amounts using (line)),"
        " own as (select * from valued where list_contains($lines, line)),"
        " others as (select * from valued where counts and kind = 'row' and day is not null"
        " and not list_contains($lines, line)),"
        f" sums as (select cast(null as date) as day, {sums} from others union all"
        f" select day, {sums} from others group by day)"
        f" select own.line, max(if({not_zero}, sums.rows, 0)) from own"
        f" join sums on (sums.day is null or sums.day = own.day) and ({some}) and {same} group by 1",
        {"lines": lines},
    )
    return dict(found)


def _compare(typing: Typing) -> None:
    """Say whether the totals that were left out equal what was read."""
    lines = [line for (line,) in typing.run("select line from base where kind = 'total' order by line")]
    if not lines:
        return
    typing.said.append(compared(typing.grid, lines, _equal_to_others(typing, lines)))


def compared(grid: Grid, lines: Sequence[int], equal: Collection[int]) -> str:
    """What to say of totals of which these are equal to the sums of the rows."""
    word = f"{len(lines)} total row{'' if len(lines) == 1 else 's'}"
    if len(equal) == len(lines):
        return f"{word}, equal to the sums of what was read"
    other = grid.place(next(line for line in lines if line not in equal))
    return f"{word}, of which {len(lines) - len(equal)} differ from the sums of what was read (first {other})"
