"""From spans to days: how far each is known, and what of it falls on each day (docs/scoring.md, "Ranges of days").

A span that still runs holds what has come so far. It is known through the first of these that is there: its `as_of`,
the day before its values were first seen; once a later span of its account and campaign has come, and with
`open_range: whole`, through its last day. A later span that was filled in before it began has not come yet.
A single day is known on its day. What is known is spread evenly over the days it is known through, exactly:
nine decimals, the rest on the last of them. A stock is a reading of the last of them.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from okr_reports.file_sources import FileSource

# 19 digits before the point and nine behind are counted in billionths.
_IN_BILLIONTHS = "cast(replace(cast(value as varchar), '.', '') as hugeint)"
_FROM_BILLIONTHS = "cast(cast({} as decimal(28, 0)) * 0.000000001 as decimal(28, 9))"


def spread(
    connection: duckdb.DuckDBPyConnection, source: FileSource, held: Collection[str], seen: str
) -> tuple[str, ...]:
    """Make `known` (`spans` with `known_through`, NULL where no day is known yet) and `daily` of it, both views.

    `held` are measures that are stocks. `seen` is the relation of first sightings. Grain of `daily`: file, account,
    campaign, currency, date, measure. Returns the tables below the views, none where they are `spans` itself.
    """
    [(has_ranges,)] = connection.execute("select bool_or(last_day > first_day) from span_keys").fetchall()
    known = "select *, last_day as known_through from spans"
    daily = "select * exclude (first_day, last_day, as_of), first_day as date from spans"
    if has_ranges:
        connection.execute(f"create or replace table known_spans as {_known(seen)}", {"open": source.open_range})
        known = "from known_spans"
    connection.execute(f"create or replace view known as {known}")
    if has_ranges:
        connection.execute(f"create or replace table spread_days as {_DAILY}", {"held": list(held)})
        daily = "from spread_days"
    connection.execute(f"create or replace view daily as {daily}")
    return ("known_spans", "spread_days") if has_ranges else ()


_ON_THE_DAY = """case
    when is_held then whole
    when date < known_through then whole // days
    else whole - (whole // days) * (days - 1)
end"""
_DAILY = f"""
    with counted as (
        select *, known_through - first_day + 1 as days, {_IN_BILLIONTHS} as whole,
            list_contains($held, measure) as is_held
        from known where known_through is not null
    ),
    dated as (
        select *, unnest(case
            when is_held then [known_through]
            else list_transform(generate_series(0, days - 1), lambda number: first_day + cast(number as integer))
        end) as date
        from counted
    )
    select source_file, account_id, campaign_id,
        max_by(campaign_name, last_day) as campaign_name,
        max_by(campaign_group_name, last_day) as campaign_group_name,
        currency, measure, {_FROM_BILLIONTHS.format(f"sum({_ON_THE_DAY})")} as value, date
    from dated
    group by source_file, date, account_id, campaign_id, currency, measure
"""


def _known(seen: str) -> str:
    same_span = "account_id, campaign_id, first_day, last_day"
    return f"""
        with dated as (
            select spans.*, seen.seen_on, seen.came_later
            from spans
            left join {seen} as seen using ({same_span}, measure, value)
        ),
        aged as (
            select * exclude (seen_on, came_later),
                coalesce(
                    max(case when not came_later then seen_on end) over (partition by source_file, {same_span}),
                    max(seen_on) over (partition by source_file, {same_span})
                ) as first_seen
            from dated
        ),
        followed as (
            select *, coalesce(max(case when first_seen is null or first_seen >= first_day then first_day end)
                over (partition by account_id, campaign_id) > last_day, false) as is_followed
            from aged
        ),
        reached as (
            select *, case
                when is_followed or $open = 'whole' or first_day = last_day then last_day
                else least(last_day, coalesce(as_of, first_seen - 1, last_day))
            end as through
            from followed
        )
        select * exclude (through), case when through >= first_day then through end as known_through from reached"""
