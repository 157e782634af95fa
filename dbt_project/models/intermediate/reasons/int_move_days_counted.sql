-- Of a level the days before count too: it is what a campaign said last. What is added up over a window needs no sum of
-- each day before it.
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

counted as (
    select
        parts.kpi_id,
        parts.kind,
        parts.part,
        measures.date,
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        measures.value
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
),

levels as (
    select
        kpi_id,
        kind,
        date,
        channel,
        account_id,
        campaign_id,
        {{ whole_sum('value', "part = 'numerator'") }} as numerator,
        {{ whole_sum('value', "part = 'denominator'") }} as denominator
    from counted
    where kind = 'stock'
    group by kpi_id, kind, date, channel, account_id, campaign_id
),

final as (
    select
        *,
        lead(date) over (partition by kpi_id, channel, account_id, campaign_id order by date) as next_date
    from levels

    union all

    select
        kpi_id,
        kind,
        date,
        channel,
        account_id,
        campaign_id,
        case when part = 'numerator' then value else 0 end as numerator,
        case when part = 'denominator' then value else 0 end as denominator,
        cast(null as date) as next_date
    from counted
    where kind <> 'stock'
)

select * from final
