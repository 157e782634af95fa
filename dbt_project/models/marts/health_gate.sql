{{ config(tags=['every_refresh']) }}

with

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

asked as (
    select * from {{ ref('int_gate_asked') }}
),

resting as (
    select count(*) as key_result_count from {{ ref('stg_definitions__key_results') }}
    where kpi_id is not null
),

rules as (
    select
        1 as position,
        'objectives_complete' as rule,
        1.0 as least_share
    from settings
    union all
    select
        2 as position,
        'sources_loaded' as rule,
        null as least_share
    from settings
    union all
    select
        3 as position,
        'sources_fresh' as rule,
        gate_least_fresh as least_share
    from settings
    union all
    select
        4 as position,
        'values_kept' as rule,
        gate_least_kept as least_share
    from settings
),

refusals as (
    select
        rule,
        max(refused_at) as last_refused_at
    from {{ ref('stg_ops__gate_refusals') }}
    group by rule
),

counted as (
    select
        rules.position,
        rules.rule,
        rules.least_share,
        count(asked.name) as asked_count,
        count(case when asked.is_met then 1 end) as met_count,
        min(case when not asked.is_met then asked.name end) as first_missed
    from rules
    left join asked
        on rules.rule = asked.rule
    group by rules.position, rules.rule, rules.least_share
),

final as (
    select
        counted.position,
        counted.rule,
        case
            -- one source is enough, and none is needed where no key result rests on one
            when counted.least_share is null then counted.met_count > 0 or resting.key_result_count = 0
            else counted.met_count >= counted.least_share * counted.asked_count
        end as is_passed,
        counted.met_count,
        counted.asked_count,
        {{ to_double('counted.least_share') }} as least_share,
        counted.first_missed,
        refusals.last_refused_at
    from counted
    cross join resting
    left join refusals
        on counted.rule = refusals.rule
)

select * from final
