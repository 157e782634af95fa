{{ config(materialized='table') }}

-- What this build was made from, written last: a build that fails on the way leaves the old rows, and the next one does
-- its work again. Read by transformed_before().
-- depends_on: {{ ref('fct_measure_daily') }}
-- depends_on: {{ ref('fct_ad_daily') }}
-- depends_on: {{ ref('fct_objective_daily') }}
-- depends_on: {{ ref('int_objective_measure') }}
with

inputs as (
    select * from {{ ref('int_input_state') }}
),

kpis as (
    select * from {{ ref('int_kpi_state') }}
),

key_results as (
    select * from {{ ref('int_key_result_state') }}
),

final as (
    select
        kind,
        id,
        channel,
        digest,
        date_from
    from inputs

    union all

    select
        'kpi' as kind,
        kpi_id as id,
        '' as channel,
        digest,
        cast(null as date) as date_from
    from kpis

    union all

    select
        'key_result' as kind,
        key_result_id as id,
        '' as channel,
        digest,
        cast(null as date) as date_from
    from key_results
)

select * from final
