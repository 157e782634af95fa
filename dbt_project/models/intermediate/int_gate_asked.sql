with

context as (
    select * from {{ ref('stg_definitions__context') }}
),

defined as (
    select
        'objective ' || objective_id as name,
        objective_id in (select scored.objective_id from {{ ref('objectives') }} as scored) as is_met
    from {{ ref('stg_definitions__objectives') }}
    union all
    select
        'key result ' || key_result_id as name,
        key_result_id in (select scored.key_result_id from {{ ref('key_results') }} as scored) as is_met
    from {{ ref('stg_definitions__key_results') }}
    where role = 'key_result'
),

ever_loaded as (
    select
        channel || ' ' || account_id as name,
        data_through is not null as is_met
    from {{ ref('source_health') }}
),

running as (
    select key_results.*
    from {{ ref('key_results') }} as key_results
    cross join context
    where context.today between key_results.period_start and key_results.period_end
),

fresh as (
    select distinct
        channel || ' ' || account_id as name,
        state in ('fresh', 'ended', 'off') as is_met
    from {{ ref('key_result_sources') }}
    where key_result_id in (select running.key_result_id from running)
),

-- The last report of an earlier day: what today's has said already may be what is wrong.
earlier as (
    select reported.*
    from {{ ref('fct_key_result_reported') }} as reported
    cross join context
    where reported.reported_on < context.today
),

kept as (
    select
        'key result ' || running.key_result_id as name,
        running.value is not null as is_met
    from running
    inner join earlier
        on running.key_result_id = earlier.key_result_id
    where
        earlier.value is not null
        and earlier.reported_on = (select max(newest.reported_on) from earlier as newest)
),

final as (
    select
        'objectives_complete' as rule,
        name,
        is_met
    from defined
    union all
    select
        'sources_loaded' as rule,
        name,
        is_met
    from ever_loaded
    union all
    select
        'sources_fresh' as rule,
        name,
        is_met
    from fresh
    union all
    select
        'values_kept' as rule,
        name,
        is_met
    from kept
)

select * from final
