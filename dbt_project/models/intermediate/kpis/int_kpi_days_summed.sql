{{ config(materialized='table') }}

-- What an account or campaign said last of a stock holds until it says something else; files are no holders, for next
-- month's file continues this month's. Users of two accounts or campaigns overlap: they are never added.
-- Who said it matters of a stock alone; grouping all others by it as well takes twice as long.
{% set holders = {
    'channel': "case when parts.kind = 'stock' then measures.channel end",
    'account_id': "case when parts.kind = 'stock' then measures.account_id end",
    'campaign_id': "case when parts.kind = 'stock' then measures.campaign_id end",
} %}
with

parts as (
    select * from {{ ref('int_kpi_parts_listed') }}
),

campaigns as (
    {{ campaigns_of_kpis() }}
),

measures as (
    {{ measures_of_kpis() }}
),

sources as (
    select * from {{ ref('int_sources_dated') }}
),

readings as (
    select
        parts.kpi_id,
        parts.kind,
        measures.date,
        {% for column, holder in holders.items() -%}
        {{ holder }} as {{ column }},
        {% endfor -%}
        {{ whole_sum('measures.value', "parts.part = 'numerator'") }} as numerator,
        {{ whole_sum('measures.value', "parts.part = 'denominator'") }} as denominator,
        {{ any_row('measures.date >= sources.provisional_from') }} as is_provisional,
        count(*) as amount_count
    from parts
    inner join campaigns on parts.kpi_id = campaigns.kpi_id
    inner join measures
        on {{ counts_in_kpi() }}
    left join sources
        on measures.channel = sources.channel and measures.account_id = sources.account_id
    group by parts.kpi_id, parts.kind, measures.date, {{ holders.values() | join(', ') }}
),

spans as (
    select
        *,
        lead(date) over (partition by kpi_id, channel, account_id, campaign_id order by date) as next_date
    from readings
    where kind = 'stock'
),

stock_days as (
    select distinct
        kpi_id,
        date
    from spans
),

amounts as (
    select
        kpi_id,
        kind,
        date,
        numerator,
        denominator,
        is_provisional,
        amount_count
    from readings
    where kind <> 'stock'

    union all

    select
        stock_days.kpi_id,
        spans.kind,
        stock_days.date,
        spans.numerator,
        spans.denominator,
        spans.is_provisional,
        spans.amount_count
    from stock_days
    inner join spans
        on
            stock_days.kpi_id = spans.kpi_id
            and stock_days.date >= spans.date
            and (stock_days.date < spans.next_date or spans.next_date is null)
),

summed as (
    select
        kpi_id,
        kind,
        date,
        {{ whole_sum('numerator', 'true') }} as numerator,
        case when kind = 'ratio' then {{ whole_sum('denominator', 'true') }} end as denominator,
        {{ any_row('is_provisional') }} as is_provisional,
        sum(amount_count) as amount_count
    from amounts
    group by kpi_id, kind, date
),

final as (
    select
        kpi_id,
        date,
        numerator,
        denominator,
        case
            when kind = 'ratio' then {{ quotient('numerator', 'denominator') }}
            when kind <> 'distinct' or amount_count = 1 then {{ to_double('numerator') }}
        end as value,
        is_provisional
    from summed
)

select * from final
