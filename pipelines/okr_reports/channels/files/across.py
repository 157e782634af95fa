"""What the files of one source are to each other, and a file's new content to what was loaded of it.

What is new is in the connection of the source's rows: `spans` and `span_keys`, `requested` (the days that a connector
was asked for), `daily` (new days). What is loaded may be many more rows and stays where it is, as `stored` of the
warehouse's connection. Nothing that was loaded is erased by a file that lost its rows; no day counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from okr_reports.channels.files.rows import Fault, SourceRows
from okr_reports.file_sources import FileSource

_TODO = (
    "what was loaded of it (up to {last}) stays; export it again, or, if that is all there is, save it under"
    " another name and remove this file"
)
# The days that a file's new content speaks of: those of its rows, and those that a connector was asked for.
_COVERED = """
    select source_file, min(first_day) as first_day, max(last_day) as last_day, count(account_id) as now
    from (
        select source_file, account_id, campaign_id, first_day, max(last_day) as last_day from span_keys group by all
        union all
        select source_file, null, null, first_day, last_day from requested
    ) group by 1
"""
Order = tuple[str, str, tuple[tuple[int, str], ...]]
_ROW = "account_id, campaign_id, date"


def shrunken(
    read: SourceRows, warehouse: duckdb.DuckDBPyConnection, files: Sequence[str], todo: str = _TODO
) -> Iterator[tuple[str, Fault]]:
    """Files that lost their rows, or more than half of those that they had for the days they cover now."""
    _cover(read, warehouse)
    for name, before, now, last in warehouse.execute(
        """
        with places as (
            select source_file, account_id, campaign_id, first_day, max(last_day) as last_day, any_value(now) as now
            from stored left join (select source_file, first_day as since, last_day as until, now from covered)
                using (source_file)
            where list_contains(?, source_file)
                and (now is null or (first_day >= since and last_day <= until))
            group by all
        )
        select source_file, count(*), coalesce(any_value(now), 0), max(last_day) from places group by 1
        """,
        [list(files)],
    ).fetchall():
        what_to_do = todo.format(last=last)
        if not now:
            yield name, Fault(f"has no rows, where {before:,} were loaded", what_to_do)
        elif 2 * now < before:
            yield name, Fault(f"has {now:,} rows, where {before:,} were loaded for the same days", what_to_do)


def carried(read: SourceRows, warehouse: duckdb.DuckDBPyConnection, source: FileSource, others: Sequence[str]) -> None:
    """Make table `carried` of what stays: days of new files outside their new content, and `others`, files that did not
    change.

    With `replaces: all` nothing of a new file stays but its new content.
    """
    _cover(read, warehouse)
    stay = warehouse.sql(
        """
        select stored.* from stored left join covered using (source_file)
        where list_contains($others, source_file)
            or ($keeps and (stored.last_day < covered.first_day or stored.first_day > covered.last_day))
        """,
        params={"others": list(others), "keeps": source.replaces == "range"},
    )
    copied(stay, read.connection, "carried")


def copied(
    rows: duckdb.DuckDBPyRelation, into: duckdb.DuckDBPyConnection, name: str, *, temporary: bool = False
) -> None:
    """Make a table of another connection of these rows, few at a time."""
    into.register("taken", rows.to_arrow_reader())
    into.execute(f"create or replace {'temp ' if temporary else ''}table {name} as from taken")
    into.unregister("taken")


def _cover(read: SourceRows, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Make table `covered` of the warehouse's connection."""
    copied(read.connection.sql(_COVERED), warehouse, "covered", temporary=True)


def lost_accounts(read: SourceRows, warehouse: duckdb.DuckDBPyConnection, files: Sequence[str]) -> Iterator[str]:
    """What to say of accounts whose rows a file's new content takes out of the days it covers."""
    _cover(read, warehouse)
    there = read.connection.sql("select distinct source_file, account_id from span_keys")
    copied(there, warehouse, "accounts_there", temporary=True)
    for name, account, days in warehouse.execute(
        """
        select source_file, account_id, count(distinct stored.first_day) from stored join covered using (source_file)
        anti join accounts_there using (source_file, account_id)
        where list_contains(?, source_file) and account_id <> ''
            and stored.first_day >= covered.first_day and stored.last_day <= covered.last_day
        group by 1, 2 order by 1, 2
        """,
        [list(files)],
    ).fetchall():
        yield (
            f"{name}: account {account} is no longer in it; its rows of {days} days are taken out: keep an"
            " account that is over in a file of its own"
        )


@dataclass(frozen=True)
class Overlap:
    """Rows of one account, campaign and day that two files have: how many, and whether all say the same."""

    file: str
    other: str
    rows: int
    are_equal: bool
    first: date
    last: date


# A file with an account's days as a whole, where another has them by campaign: the same amounts once more, if every day
# that both have adds up to the same.
_WHOLE_ACCOUNTS = """
    with by_day as (
        select source_file, account_id, date, measure, currency, sum(value) as value,
            bool_and(campaign_id = '') as is_whole, bool_and(campaign_id <> '') as is_parted
        from days where value <> 0 group by all
    ),
    pairs as (
        select a.source_file as file, b.source_file as other, count(*) as rows, bool_and(a.value = b.value) as same,
            min(a.date) as first, max(a.date) as last
        from by_day as a join by_day as b
            on a.account_id = b.account_id and a.date = b.date and a.measure = b.measure
            and a.currency is not distinct from b.currency and a.is_whole and b.is_parted
        group by 1, 2
    )
    select file, other, rows, false, first, last from pairs where same
    union all
    select other, file, rows, false, first, last from pairs where same
"""


def overlaps(connection: duckdb.DuckDBPyConnection, source: FileSource) -> list[Overlap]:
    """Every pair of files of relation `days` (`daily`, and stored days of other files) with rows in common, which are
    then in table `rows_by_file`; of no pair there is no table."""
    if not _may_overlap(connection):
        return []
    # `newest` takes an account's day whole, so its other campaigns count too
    common = "account_id, date" if source.on_overlap == "newest" else _ROW
    connection.execute(
        f"""
        create or replace temp table rows_by_file as
        with shared as (
            select {common} from days group by all having min(source_file) <> max(source_file)
        )
        select source_file, {_ROW}, list_sort(list((measure, currency, value)))::varchar as said
        from days semi join shared using ({common}) group by all
        """
    )
    rows = connection.execute(
        f"""
        select a.source_file, b.source_file, count(*), bool_and(a.said = b.said), min(date), max(date)
        from rows_by_file as a join rows_by_file as b using ({_ROW})
        where a.source_file <> b.source_file group by 1, 2
        """
    ).fetchall()
    return [Overlap(*row) for row in [*rows, *connection.execute(_WHOLE_ACCOUNTS).fetchall()]]


def _may_overlap(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether two files may have a row in common; digests of rows that collide only cost time.

    Files are compared by digests as well: the least and greatest of texts cannot be moved out of memory while they are
    looked for, and of a million rows they needed 400 MB.
    """
    [(has_whole, has_parted)] = connection.execute(
        "select coalesce(bool_or(campaign_id = ''), false), coalesce(bool_or(campaign_id <> ''), false) from days"
    ).fetchall()
    shared = f"select 1 from (select hash({_ROW}) as row, hash(source_file) as file from days)"
    shared += " group by row having min(file) <> max(file) limit 1"
    return (has_whole and has_parted) or bool(connection.execute(shared).fetchall())


def refused(found: Sequence[Overlap], new: Sequence[str], old: Sequence[str]) -> dict[str, Fault]:
    """Of `new` files in their order, those that say something else of a row than one before them or a loaded one."""
    differing = {(overlap.file, overlap.other): overlap for overlap in found if not overlap.are_equal}
    accepted, faults = list(old), {}
    for name in new:
        clash = next((differing[name, other] for other in accepted if (name, other) in differing), None)
        if clash is None:
            accepted.append(name)
            continue
        days = f"{clash.first}" if clash.first == clash.last else f"{clash.first} to {clash.last}"
        faults[name] = Fault(
            f"overlaps {clash.other}: {clash.rows:,} rows of the same account, campaign and day ({days})",
            "add `on_overlap: newest` if the newer file restates them, `on_overlap: sum` if both count",
        )
    return faults


def superseded(connection: duckdb.DuckDBPyConnection, source: FileSource, orders: Mapping[str, Order]) -> None:
    """Make table `superseded` of `rows_by_file`: rows of a file that do not count, since a newer file has them.

    `newest` takes an account's day whole from the newest file that has it; by default only rows that say the same.
    """
    ranked = sorted(orders, key=lambda name: orders[name])
    common = "account_id, date" if source.on_overlap == "newest" else f"{_ROW}, said"
    connection.execute(
        f"""
        create or replace temp table superseded as
        with ranked as (
            select *, max(list_position($ranked, source_file)) over (partition by {common}) as newest from rows_by_file
        )
        select distinct source_file, {_ROW} from ranked where list_position($ranked, source_file) < newest
        """,
        {"ranked": ranked},
    )
