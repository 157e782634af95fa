-- What a number is compared with, in the unit it is judged by: four weeks, or the last whole month or quarter. Days of
-- the week differ, so a year ago is 364 days ago.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where role = 'key_result' and kpi_id is not null and last_day >= period_start
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
    where kind in ('flow', 'ratio', 'stock')
),

pace as (
    select * from {{ ref('int_pace_days_expected') }}
),

lines as (
    select * from {{ ref('int_targets_resolved') }}
    where is_current
),

types as (
    select * from {{ ref('stg_definitions__key_result_types') }}
),

units as (
    select * from {{ ref('int_units_ended') }}
),

windows as (
    select
        key_results.key_result_id,
        'previous' as comparison,
        coalesce(units.after_start, {{ add_days('key_results.last_day', -27) }}) as after_start,
        coalesce(units.after_end, key_results.last_day) as after_end,
        coalesce(units.before_start, {{ add_days('key_results.last_day', -55) }}) as before_start,
        coalesce(units.before_end, {{ add_days('key_results.last_day', -28) }}) as before_end
    from key_results
    left join units
        on key_results.key_result_id = units.key_result_id

    union all

    select
        key_result_id,
        'last_year' as comparison,
        period_start as after_start,
        last_day as after_end,
        {{ add_days('period_start', -364) }} as before_start,
        {{ add_days('last_day', -364) }} as before_end
    from key_results

    union all

    select
        key_result_id,
        'pace' as comparison,
        period_start as after_start,
        last_day as after_end,
        {{ add_days('period_start', '-(' ~ days_between('period_start', 'last_day') ~ ' + 1)') }} as before_start,
        {{ add_days('period_start', -1) }} as before_end
    from key_results
),

final as (
    select
        windows.*,
        key_results.kpi_id,
        coverage.kind,
        coverage.weeks_unit,
        case
            -- A count that grows towards its target.
            when
                windows.comparison = 'pace' and coverage.kind = 'flow'
                and types.forecast_side = 'above' and not types.is_held
                then {{ to_amount(
                    'coalesce(pace.plan_amount * pace.ambition_share,'
                    ~ ' pace.share_expected * coalesce(lines.target, lines.low))'
                ) }}
        end as expected_amount
    from windows
    inner join key_results
        on windows.key_result_id = key_results.key_result_id
    inner join coverage
        on key_results.kpi_id = coverage.kpi_id
    inner join lines
        on windows.key_result_id = lines.key_result_id
    inner join types
        on lines.type = types.type
    left join pace
        on windows.key_result_id = pace.key_result_id and windows.after_end = pace.date
    where coverage.first_day <= windows.before_start
)

select * from final
where comparison <> 'pace' or expected_amount is not null
