-- A source is silent as long as it is; of the rest the last four weeks are kept, and two of them are news.
with

watched as (
    select * from {{ ref('stg_definitions__alerts') }}
),

mutes as (
    select * from {{ ref('stg_definitions__mutes') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

unexpected as (
    select * from {{ ref('int_kpi_days_alerted') }}
),

sources as (
    select * from {{ ref('int_kpi_sources_matched') }}
    where state not in ('fresh', 'ended', 'off') and has_reported and data_through is not null
),

days as (
    select
        *,
        lag(status) over (partition by key_result_id order by date) as status_before
    from {{ ref('int_key_result_days_scored') }}
    where role = 'key_result' and kpi_id is not null
),

judged as (
    select
        kpi_id,
        max(date) as judged_through
    from {{ ref('int_alert_days_listed') }}
    group by kpi_id
),

raised as (
    select
        unexpected.kpi_id,
        unexpected.date,
        case
            when unexpected.value > unexpected.high then 'above_expected'
            when unexpected.value = 0 then 'nothing_arrived'
            else 'below_expected'
        end as reason_code,
        '' as subject,
        unexpected.days,
        unexpected.value,
        unexpected.low,
        unexpected.high,
        unexpected.date > {{ add_days('judged.judged_through', -14) }} as is_recent
    from unexpected
    inner join judged
        on unexpected.kpi_id = judged.kpi_id

    union all

    select
        kpi_id,
        {{ add_days('data_through', 1) }} as date,
        'source_silent' as reason_code,
        {{ joined_ids(['channel', 'account_id']) }} as subject,
        null as days,
        null as value,
        null as low,
        null as high,
        true as is_recent
    from sources

    union all

    select
        days.kpi_id,
        days.date,
        'target_at_risk' as reason_code,
        days.key_result_id as subject,
        null as days,
        days.value,
        null as low,
        null as high,
        days.date > {{ add_days('coverage.data_through', -14) }} as is_recent
    from days
    inner join coverage
        on days.kpi_id = coverage.kpi_id
    where
        days.status in ('at_risk', 'off_track')
        and days.status_before not in ('at_risk', 'off_track')
        and days.date > {{ add_days('coverage.data_through', -28) }}
),

final as (
    select raised.*
    from raised
    inner join watched
        on raised.kpi_id = watched.kpi_id
    left join mutes
        on raised.kpi_id = mutes.kpi_id
    where mutes.kpi_id is null or raised.date > mutes.muted_through
)

select * from final
