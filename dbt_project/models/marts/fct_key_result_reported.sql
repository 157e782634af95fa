{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_unpublished() }}",
    )
}}

-- What was published stays: only the first publication of a day adds rows, and nothing ever changes them. Closings read
-- what is kept of earlier days before this adds to it.
-- depends_on: {{ ref('int_closings_decided') }}
with

now_rows as (
    select * from {{ ref('int_key_results_current') }}
    where role = 'key_result'
),

forecasts as (
    select * from {{ ref('int_key_result_days_forecast') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

{% if is_incremental() -%}
publications as (
    select * from {{ ref('stg_ops__publications') }}
),

{% endif -%}
final as (
    select
        now_rows.key_result_id,
        now_rows.date,
        context.today as reported_on,
        now_rows.value,
        now_rows.score,
        now_rows.status,
        forecasts.forecast_low,
        forecasts.forecast,
        forecasts.forecast_high,
        forecasts.probability
    from now_rows
    cross join context
    left join forecasts
        on now_rows.key_result_id = forecasts.key_result_id and now_rows.date = forecasts.date
    {% if is_incremental() -%}
    where context.today not in (
        select reported.reported_on
        from {{ this }} as reported
        inner join publications
            on reported.reported_on = publications.published_on
    )
    {%- endif %}
)

select * from final
