-- A key result's KPI from the period's start to each of its days; all of them, also before a change of target.
{% set from_start = so_far('spine.key_result_id, spine.kpi_id', 'spine.date') %}

with

lines as (
    select distinct
        key_result_id,
        kpi_id,
        kpi_kind
    from {{ ref('int_targets_spanned') }}
    where kpi_id is not null
),

key_results as (
    select * from {{ ref('int_key_results_reached') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

spine as (
    select
        lines.key_result_id,
        lines.kpi_id,
        lines.kpi_kind,
        key_results.period_start,
        dates.date
    from lines
    inner join key_results
        on lines.key_result_id = key_results.key_result_id
    inner join dates
        on dates.date between key_results.period_start and key_results.last_day
),

final as (
    select
        spine.*,
        sum(days.numerator) over ({{ from_start }}) as numerator,
        sum(days.denominator) over ({{ from_start }}) as denominator,
        sum(case when days.date is not null and days.numerator is null then 1 else 0 end)
            over ({{ from_start }})
        as unknown_numerators,
        sum(case when days.date is not null and spine.kpi_kind = 'ratio' and days.denominator is null then 1 else 0 end)
            over ({{ from_start }})
        as unknown_denominators
    from spine
    left join days
        on spine.kpi_id = days.kpi_id and spine.date = days.date
)

select * from final
