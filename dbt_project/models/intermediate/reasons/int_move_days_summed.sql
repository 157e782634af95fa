-- Of a level the days before count too: it is what a campaign said last.
with

moves as (
    select * from {{ ref('int_moves_spanned') }}
),

parts as (
    select * from {{ ref('int_kpi_parts_listed') }}
),

campaigns as (
    {{ campaigns_of_kpis() }}
),

measures as (
    {{ measures_of_kpis() }}
),

reach as (
    select
        kpi_id,
        min(before_start) as first_day,
        max(after_end) as last_day
    from moves
    group by kpi_id
),

days as (
    select
        parts.kpi_id,
        parts.kind,
        measures.date,
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        {{ whole_sum('measures.value', "parts.part = 'numerator'") }} as numerator,
        {{ whole_sum('measures.value', "parts.part = 'denominator'") }} as denominator
    from parts
    inner join reach
        on parts.kpi_id = reach.kpi_id
    inner join campaigns
        on parts.kpi_id = campaigns.kpi_id
    inner join measures
        on {{ counts_in_kpi() }}
    where
        parts.kind <> 'distinct'
        and measures.date <= reach.last_day
        and (parts.kind = 'stock' or measures.date >= reach.first_day)
    group by parts.kpi_id, parts.kind, measures.date, measures.channel, measures.account_id, measures.campaign_id
),

final as (
    select
        *,
        lead(date) over (partition by kpi_id, channel, account_id, campaign_id order by date) as next_date
    from days
    where kind = 'stock'

    union all

    select
        *,
        cast(null as date) as next_date
    from days
    where kind <> 'stock'
)

select * from final
