"""Raw tables of a channel: their Arrow schemas, how they are merged, and rows turned into Arrow without guessing.

Amounts are DECIMAL(28,9) in the account's currency, dates are the vendor's report days, all ids are text.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import reduce
from types import NoneType
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from okr_reports.channels.numbers import exact, whole
from okr_reports.channels.windows import Window
from okr_reports.errors import VendorError, quoted

# Arrow's own allocator keeps what was freed: 50 MB more at the peak of a load of a million rows.
pa.set_memory_pool(pa.system_memory_pool())

TEXT = pa.string()
COUNT = pa.int64()
AMOUNT = pa.decimal128(28, 9)
DAY = pa.date32()
FLAG = pa.bool_()
MOMENT = pa.timestamp("us", tz="UTC")

DELETED = "_deleted"
# Called with values that cannot be read among others that can: column, how many, of how many, the first.
Odd = Callable[[str, int, int, str], None]
# What is to be done about an answer that is not as documented.
FIX_THE_CHANNEL = "nothing of this answer was loaded; the vendor's API has changed, so fix the channel"
# Sign, point and the 28 digits of an AMOUNT, with room for zeros before and behind them.
_LONGEST_AMOUNT = 36
# The least that an AMOUNT can hold.
_SMALLEST = Decimal("1e-9")


@dataclass(frozen=True)
class RawTable:
    """One table of the raw schema.

    facts: the rows of one `key` (account and day, unless said otherwise) are replaced together; a row with `_deleted`
    only marks its key as answered, so that a day that became empty is emptied. entities: merged by `key`, one
    that is no longer answered stays. log: appended.
    `unique` are the columns that, within one answer, must not repeat; `required` those that the vendor always sends:
    where one is empty a field was dropped or renamed, and its sums would shrink without a word.
    """

    name: str
    schema: pa.Schema
    kind: Literal["facts", "entities", "log"]
    key: tuple[str, ...]
    unique: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


def facts(
    table: str, /, *, unique: Sequence[str] = (), required: Sequence[str] = (), **columns: pa.DataType
) -> RawTable:
    """Daily facts, replaced per account and day; `unique` are the columns beside `date` that distinguish rows."""
    fields = [pa.field("account_id", TEXT, False), pa.field("date", DAY, False)]
    fields += [pa.field(column, kind) for column, kind in columns.items()]
    fields += [pa.field("loaded_at", MOMENT), pa.field(DELETED, FLAG)]
    return RawTable(table, pa.schema(fields), "facts", ("account_id", "date"), ("date", *unique), tuple(required))


def entities(table: str, /, **columns: pa.DataType) -> RawTable:
    """Things with an id and a name, merged by id."""
    fields = [pa.field("id", TEXT, False), *(pa.field(column, kind) for column, kind in columns.items())]
    return RawTable(table, pa.schema([*fields, pa.field("loaded_at", MOMENT)]), "entities", ("id",))


def to_arrow(
    channel: str, table: RawTable, rows: Iterable[Mapping[str, Any]], odd: Odd | None = None, **constants: Any
) -> pa.Table:
    """`rows` as Arrow in the table's types; `constants` fill whole columns, absent keys become null.

    Text numbers become numbers exactly. Raises VendorError naming table, column, both types and the value when the
    vendor sends another type: a guess would hide a drifted schema. With `odd` a value that alone among others cannot be
    read is empty, and is passed to it.
    """
    taken = list(rows)
    given = {name: [row.get(name) for row in taken] for name in table.schema.names if name not in constants}
    return columns_to_arrow(channel, table, given, odd, **constants)


def columns_to_arrow(
    channel: str, table: RawTable, given: Mapping[str, list[Any]], odd: Odd | None = None, **constants: Any
) -> pa.Table:
    """As `to_arrow`, from lists by column, for channels with so many rows that a dictionary a row is dear."""
    length = max(map(len, given.values()), default=0)
    columns = []
    for column in table.schema:
        if column.name in constants:
            columns.append(pa.repeat(pa.scalar(constants[column.name], column.type), length))
            continue
        values = given.get(column.name)
        if values is None:
            values = [None] * length
        if not column.nullable and None in values and (odd is None or not any(values)):
            raise VendorError(
                channel,
                f"{table.name}.{column.name} is missing in what the vendor sent",
                FIX_THE_CHANNEL,
            )
        columns.append(_to_column(channel, table, column, values, odd))
    return pa.Table.from_arrays(columns, schema=table.schema)


def _to_column(channel: str, table: RawTable, column: pa.Field, values: list[Any], odd: Odd | None) -> pa.Array:
    types = set(map(type, values)) - {NoneType}
    if types <= {_FAST.get(column.type)} or (types == {str} and column.type in (AMOUNT, COUNT, DAY)):
        with contextlib.suppress(pa.ArrowException, OverflowError, UnicodeEncodeError):
            return _without_a_loop(values, column.type)  # else an odd value: look at each
    convert = _CONVERTERS[column.type]
    try:
        return pa.array([None if value is None else convert(value) for value in values], type=column.type)
    except (ValueError, TypeError, pa.ArrowInvalid, OverflowError):
        fitting = [_fits(value, convert, column.type) for value in values]
        wrong = values[fitting.index(False)] if False in fitting else None
        if odd is not None and any(fits and value is not None for fits, value in zip(fitting, values, strict=True)):
            odd(f"{table.name}.{column.name}", fitting.count(False), len(values), str(wrong)[:60])
            kept = [
                convert(value) if fits and value is not None else None
                for fits, value in zip(fitting, values, strict=True)
            ]
            return pa.array(kept, type=column.type)
        raise VendorError(
            channel,
            f"{table.name}.{column.name} should be {column.type} but the vendor sent {type(wrong).__name__} "
            f"({quoted(repr(str(wrong)[:60]))})",
            FIX_THE_CHANNEL,
        ) from None


def _without_a_loop(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Values of one Python type, converted by Arrow. Raises ArrowInvalid where `_CONVERTERS` should look at each."""
    if kind == AMOUNT:
        return texts_to_amounts(pa.array(values, TEXT))
    if kind == COUNT and isinstance(next(filter(None, values), None), str):
        texts = pa.array(values, TEXT)
        if pc.any(pc.match_substring(texts, "x", ignore_case=True)).as_py():
            raise pa.ArrowInvalid("Arrow would read 0x10 as 16")
        return texts.cast(COUNT)
    if kind == DAY and isinstance(next(filter(None, values), None), str):
        return pc.utf8_slice_codeunits(pa.array(values, TEXT), 0, 10).cast(DAY)
    return pa.array(values, kind)


def texts_to_amounts(texts: Any) -> Any:
    """An Arrow array of texts as amounts. Raises ArrowInvalid where `to_amount` should look at each."""
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > _LONGEST_AMOUNT:
        raise pa.ArrowInvalid("Arrow reads 0.999 with 48 nines as 0, and a thousand nines as -1")
    return texts.cast(AMOUNT)


def _fits(value: Any, convert: Any, kind: pa.DataType) -> bool:
    try:
        pa.scalar(None if value is None else convert(value), kind)
    except (ValueError, TypeError, pa.ArrowInvalid, OverflowError):
        return False
    return True


def to_amount(value: Any) -> Decimal:
    """An exact amount of at most nine decimals. Vendors send -2e-18 and 99.99999999999996.

    Raises TypeError or ValueError for all that is none.
    """
    amount = exact(value)
    try:
        return Decimal(0) if abs(amount) < _SMALLEST else amount.quantize(_SMALLEST)
    except InvalidOperation:
        raise ValueError("more than DECIMAL(28,9) holds") from None


def _to_text(value: Any) -> str:
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        raise TypeError(value)
    # DuckDB refuses lone surrogates, which JSON can carry
    return str(value).encode("utf-8", "replace").decode()


def _to_day(value: Any) -> date:
    return value if type(value) is date else date.fromisoformat(str(value)[:10])


def _to_moment(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(value)
    return value


def _to_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


# The one Python type that Arrow itself converts without changing the value; a mix goes through _CONVERTERS.
_FAST: dict[pa.DataType, type] = {TEXT: str, COUNT: int, DAY: date}
_CONVERTERS = {TEXT: _to_text, COUNT: whole, AMOUNT: to_amount, DAY: _to_day, MOMENT: _to_moment, FLAG: _to_flag}


def tombstones(table: RawTable, keys: Mapping[str, pa.Array]) -> pa.Table:
    """Rows that mark their keys as answered; every other column is null."""
    length = len(next(iter(keys.values())))
    marks = {**keys, DELETED: pa.repeat(True, length)}
    columns = [marks.get(column.name) for column in table.schema]
    return pa.Table.from_arrays(
        [
            pa.nulls(length, column.type) if found is None else found.cast(column.type)
            for column, found in zip(table.schema, columns, strict=True)
        ],
        schema=table.schema,
    )


def settle_facts(
    channel: str, table: RawTable, rows: pa.Table, window: Window, account_id: str, unreported: Collection[str] = ()
) -> tuple[pa.Table, list[str]]:
    """The rows that can be used, and what the others lack.

    A row without its day or key is left out, an empty value stays empty; both are reported. Raises VendorError if a
    required column is empty in every row (but for those `unreported`: the vendor says that it does not report them), if
    a day lies outside the window, or if two rows have one key.
    """
    if not rows.num_rows:
        return rows, []
    for name in table.required:
        if name not in unreported and rows[name].null_count == rows.num_rows:
            what = f"{table.name}.{name} is missing in {rows.num_rows:,} of {rows.num_rows:,} rows that the vendor sent"
            raise VendorError(channel, what, FIX_THE_CHANNEL, account_id)
    lacking = []
    keys = [name for name in ("date", *table.unique) if rows[name].null_count]
    for name in keys:
        lacking.append(f"{table.name}.{name} is missing in {rows[name].null_count:,} rows, which are left out")
    if keys:
        rows = rows.filter(reduce(pc.and_, (pc.is_valid(rows[name]) for name in keys)))
    for name in table.required:
        if name not in unreported and (empty := rows[name].null_count):
            first = rows.filter(pc.is_null(rows[name])).slice(0, 1).to_pylist()[0]
            where = ", ".join(str(first[column]) for column in table.unique)
            lacking.append(f"{table.name}.{name} is missing in {empty:,} of {rows.num_rows:,} rows (first {where})")
    _check_days_and_keys(channel, table, rows, window, account_id)
    return rows, lacking


def _check_days_and_keys(channel: str, table: RawTable, rows: pa.Table, window: Window, account_id: str) -> None:
    span = pc.min_max(rows["date"]).as_py()
    if span["min"] is None or span["min"] < window.start or span["max"] > window.end:
        raise VendorError(
            channel,
            f"{table.name} has a day ({span['min']}..{span['max']}) outside the asked {window}",
            "nothing of this answer was loaded; refresh again",
            account_id,
        )
    counted = rows.group_by(list(table.unique)).aggregate([([], "count_all")])
    if pc.max(counted["count_all"]).as_py() > 1:
        twice = counted.filter(pc.greater(counted["count_all"], 1)).slice(0, 1).to_pylist()[0]
        what = ", ".join(f"{name} {twice[name]}" for name in table.unique)
        raise VendorError(
            channel,
            f"{table.name} has two rows of {what}",
            "nothing of this answer was loaded; refresh again",
            account_id,
        )
