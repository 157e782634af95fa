"""From rows to spans: which days each row of a file covers, by its dates, its `grain` and its `dated`.

View `spans`, grain: file, account, campaign, currency, first day, last day, measure. Rows of one span are added, so
that neither their order nor a finer breakdown (the ads of a campaign) changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import duckdb

from okr_reports.channels.files.layout import alternatives
from okr_reports.channels.files.names import grain_named
from okr_reports.channels.files.rows import Fault, SourceRows
from okr_reports.channels.files.spacing import coarser
from okr_reports.common.sql_text import quoted_text
from okr_reports.errors import quoted
from okr_reports.file_sources import FileSource, Uses

_CAMPAIGN = "coalesce(nullif(campaign_id, ''), campaign_name, '')"
_SPAN = "source_file, first_day, last_day, account_id, campaign_id, currency"
_PLACE = "source_file, first_day, account_id, campaign_id"
# A row of these grains is of the calendar's unit that holds its date.
_UNITS = {"month": "interval 1 month", "quarter": "interval 3 months"}


def lay_out(read: SourceRows, source: FileSource, uses: Uses, others: Iterable[date] = ()) -> dict[str, Fault]:
    """Make the views `spans` and `span_keys` of table `rows`; files with days that cannot be of this grain are left out
    and returned.

    `others` are days of the source's files that are not read now. Views are as quick as tables here, and many rows need
    not be written twice.
    """
    run = read.connection.execute
    run(f"create or replace view covered as select *, {_days(source)} from rows")
    faults = dict(_odd_days(read.connection, source))
    if source.grain == "day" and not source.grain_is_declared and uses.summed & set(read.measures):
        by_header = next(filter(None, map(grain_named, alternatives(source.date))), None)
        faults = {**dict(coarser(_single_days(read.connection), others, by_header)), **faults}
    [(has_as_of,)] = run("select coalesce(bool_or(as_of is not null), false) from rows").fetchall()
    kept = f"select * replace ({_CAMPAIGN} as campaign_id) from covered{_but(faults)}"
    run(f"create or replace view kept as {kept}")
    # rows that are each alone need no adding up; digests that collide only cost time
    [(read.is_parted,)] = run(f"select count(*) = count(distinct hash({_PLACE})) from kept").fetchall()
    if read.is_parted:
        run(f"create or replace view grouped as {_alone(len(read.measures), has_as_of)}")
    else:
        run(f"create or replace table grouped_rows as {_grouped(len(read.measures), has_as_of)}")
        run("create or replace view grouped as from grouped_rows")
    codes = map(read.currencies.get, read.measures)
    laid_out = " union all ".join(
        _of_measure(at, name, code) for at, (name, code) in enumerate(zip(read.measures, codes, strict=True))
    )
    if read.currencies:
        run(f"create or replace table added_up as {_REGROUPED.format(laid_out)}")
        laid_out = "from added_up"
    run(f"create or replace view laid_out as {laid_out}")
    if not read.is_parted or read.currencies:
        faults |= dict(_too_large(read.connection))
    show(read, faults)
    return faults


def show(read: SourceRows, left_out: Iterable[str], *, has_carried: bool = False) -> None:
    """Make view `spans` of what was laid out of all but these files, and of table `carried` where there is one; and
    `span_keys`: where each of its rows is, and h0, h1 ... for whether it has a value of each measure."""
    but, every = _but(left_out), range(len(read.measures))
    keys = "source_file, first_day, last_day, account_id, campaign_id"
    values = ", ".join(f"v{at} is not null as h{at}" for at in every)
    some = " or ".join(f"v{at} is not null" for at in every)
    spans, held = f"from laid_out{but}", f"select {keys}, {values} from (from grouped{but}) where {some}"
    if has_carried:
        values = ", ".join(f"measure = {quoted_text(name)} as h{at}" for at, name in enumerate(read.measures))
        spans += " union all by name from carried"
        held += f" union all select {keys}, {values} from carried"
    read.connection.execute(f"create or replace view spans as {spans}")
    read.connection.execute(f"create or replace view span_keys as {held}")


def _but(files: Iterable[str]) -> str:
    listed = ", ".join(map(quoted_text, files))
    return f" where source_file not in ({listed})" if listed else ""


def _too_large(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Fault]]:
    for name, day, campaign in connection.execute(
        "select source_file, min(first_day), min_by(campaign_id, first_day) from laid_out"
        " where value is null group by 1"
    ).fetchall():
        of = f" {quoted(campaign)}" if campaign else ""
        what = f"has values of one day and campaign ({day}{of}) whose sum is too large"
        yield name, Fault(what, "correct them, or the scale")


def _grouped(measures: int, has_as_of: bool) -> str:
    """Every span with the sums of all its measures: the rows are gone through once, however many measures they have."""
    of = "max(as_of) filter (where v{0} is not null)" if has_as_of else "cast(null as date)"
    sums = "".join(f", sum(v{at}) as v{at}, {of.format(at)} as a{at}" for at in range(measures))
    return f"""
        select {_SPAN}, max_by(campaign_name, line) as campaign_name,
            max_by(campaign_group_name, line) as campaign_group_name{sums}
        from kept group by {_SPAN}"""


def _alone(measures: int, has_as_of: bool) -> str:
    """As `_grouped`, of rows that are each alone in their span."""
    of = "case when v{0} is not null then as_of end" if has_as_of else "cast(null as date)"
    each = "".join(f", v{at}, {of.format(at)} as a{at}" for at in range(measures))
    names = "campaign_name, campaign_group_name"
    return f"select {_SPAN}, {names}{each} from kept"


def _of_measure(at: int, name: str, code: str | None) -> str:
    money = quoted_text(code) if code else "currency"
    return f"""
        select source_file, first_day, last_day, a{at} as as_of, account_id, campaign_id, campaign_name,
            campaign_group_name, {money} as currency, {quoted_text(name)} as measure,
            try_cast(v{at} as decimal(28, 9)) as value
        from grouped where v{at} is not null"""


# Rows of several currencies may hold a measure that has one of its own.
_REGROUPED = """
    select source_file, first_day, last_day, max(as_of) as as_of, account_id, campaign_id,
        max(campaign_name) as campaign_name, max(campaign_group_name) as campaign_group_name, currency, measure,
        case when count(value) = count(*) then try_cast(sum(value) as decimal(28, 9)) end as value
    from ({}) group by source_file, first_day, last_day, account_id, campaign_id, currency, measure"""


def _days(source: FileSource) -> str:
    """The first and the last day of a row, as SQL; a row that names a later last day covers the days to it."""
    first = last = "date"
    if source.grain == "week":
        first, last = ("date - 6", "date") if source.dated == "end" else ("date", "date + 6")
    elif length := _UNITS.get(source.grain):
        first = f"cast(date_trunc('{source.grain}', date) as date)"
        last = f"cast(date_trunc('{source.grain}', date) + {length} as date) - 1"
    return (
        f"case when end_date > date then date else {first} end as first_day,"
        f" case when end_date > date then end_date else {last} end as last_day"
    )


def _odd_days(connection: duckdb.DuckDBPyConnection, source: FileSource) -> Iterator[tuple[str, Fault]]:
    if source.grain not in _UNITS:
        return
    for name, count, lines in connection.execute(
        "select source_file, count(*), list(line order by line)[:5] from covered"
        " where coalesce(end_date, date) = date and date not in (first_day, last_day) group by 1"
    ).fetchall():
        what = f"the date is neither the first nor the last day of its {source.grain}, as `grain: {source.grain}` asks"
        todo = "write one of them, or name the column of the last day as `end_date`"
        yield name, Fault(what, todo, tuple(f"line {line}" for line in lines), count)


def _single_days(connection: duckdb.DuckDBPyConnection) -> dict[str, list[date]]:
    """By file the days of rows that name no later last day."""
    return dict(
        connection.execute(
            "select source_file, list(distinct date) from covered where coalesce(end_date, date) = date group by 1"
        ).fetchall()
    )
