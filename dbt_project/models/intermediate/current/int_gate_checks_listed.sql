with

context as (
    select * from {{ ref('stg_definitions__context') }}
),

ever_loaded as (
    select
        channel || ' ' || account_id as name,
        data_through is not null as is_met
    from {{ ref('int_sources_judged') }}
    where channel <> '{{ var("own_models_channel") }}'
),

running as (
    select key_results.*
    from {{ ref('int_key_results_dated') }} as key_results
    cross join context
    where
        key_results.role = 'key_result'
        and context.today between key_results.period_start and key_results.period_end
),

fresh as (
    select distinct
        health.channel || ' ' || health.account_id as name,
        health.state in ('fresh', 'ended', 'off') as is_met
    from running
    inner join {{ ref('int_kpi_sources_matched') }} as sources
        on running.kpi_id = sources.kpi_id
    inner join {{ ref('int_sources_judged') }} as health
        on sources.channel = health.channel and sources.account_id = health.account_id
    -- a model of the workspace holds no report back
    where health.channel <> '{{ var("own_models_channel") }}'
),

final as (
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
)

select * from final
