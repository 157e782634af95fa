{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_days() }}",
    )
}}

-- Written last: only then is a day whole in every table of facts.
-- depends_on: {{ ref('int_measures_converted') }}
-- depends_on: {{ ref('int_measures_summed') }}
-- depends_on: {{ ref('int_ads_pivoted') }}
with

final as (
    select
        channel,
        date,
        digest
    from {{ ref('int_measure_days_changed') }}
    where digest is not null
)

select * from final
