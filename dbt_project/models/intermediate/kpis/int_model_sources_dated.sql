with

context as (
    select * from {{ ref('stg_definitions__context') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
    where model is not null
),

days as (
    select * from {{ ref('int_model_days_summed') }}
),

failures as (
    select * from {{ ref('stg_ops__model_failures') }}
),

models as (
    select
        kpis.model,
        failures.error,
        context.refreshed_at,
        {{ add_days('context.today', '-1 - settings.gate_stale_after_days') }} as fresh_from,
        max(case when days.date < context.today then days.date end) as last_day
    from kpis
    cross join context
    cross join settings
    left join days
        on kpis.kpi_id = days.kpi_id
    left join failures
        on kpis.model = failures.model
    group by kpis.model, failures.error, context.refreshed_at, context.today, settings.gate_stale_after_days
),

final as (
    select
        '{{ var("own_models_channel") }}' as channel,
        model as account_id,
        false as is_file,
        last_day as data_through,
        case when error is null then refreshed_at end as last_load_at,
        error as last_error,
        cast(null as {{ dbt.type_string() }}) as note,
        cast(null as {{ dbt.type_string() }}) as unknown_measures,
        cast(null as date) as failing_since,
        case
            when error is not null then 'failed'
            when last_day is null then 'never_loaded'
            when last_day < fresh_from then 'stale'
            else 'fresh'
        end as state,
        cast(null as date) as provisional_from
    from models
)

select * from final
