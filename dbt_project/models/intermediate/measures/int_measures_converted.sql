{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_days() }}",
    )
}}

with

final as (
    {{ of_changed_days(ref('int_measures_priced')) }}
)

select * from final
