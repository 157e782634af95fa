-- What a KPI comes to in each week that a key result is judged by.
with

weeks as (
    select * from {{ ref('int_key_result_weeks_spined') }}
    where kpi_id is not null
),

intervals as (
    select distinct
        kpi_id,
        kpi_kind as kind,
        week_start as start_date,
        week_end as end_date
    from weeks
),

final as (
    {{ interval_values('intervals') }}
)

select * from final
