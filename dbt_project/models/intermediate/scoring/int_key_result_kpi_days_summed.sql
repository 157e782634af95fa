-- A key result's KPI from its start to each of its days; all of them, also before a change of target.
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

counted as (
    select * from {{ ref('int_key_result_days_counted') }}
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

spine as (
    select
        lines.key_result_id,
        lines.kpi_id,
        lines.kpi_kind,
        counted.runs_from,
        counted.is_counted,
        counted.date
    from lines
    inner join key_results
        on lines.key_result_id = key_results.key_result_id
    inner join counted
        on lines.key_result_id = counted.key_result_id and key_results.last_day >= counted.date
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
        as unknown_denominators,
        -- Of a stock: the day of its last reading that counts, else the day before the first.
        coalesce(max(days.date) over ({{ from_start }}), {{ add_days('spine.runs_from', -1) }}) as stock_day
    from spine
    left join days
        on spine.kpi_id = days.kpi_id and spine.date = days.date and spine.is_counted
)

select * from final
