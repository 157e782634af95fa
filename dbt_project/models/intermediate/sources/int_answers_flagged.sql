{{ config(materialized='table', tags=['every_refresh']) }}

-- Days whose numbers are less than all there was, by what the vendor said of its own answers.
with

{% for channel in var('flag_channels') -%}
{{ channel }} as (
    select * from {{ ref('stg_' ~ channel ~ '__answer_flags') }}
),

{% endfor -%}
together as (
    {% for channel in var('flag_channels') -%}
    select * from {{ channel }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select
        channel,
        account_id,
        cast(sum(case when is_withheld then 1 else 0 end) as {{ dbt.type_bigint() }}) as withheld_days,
        cast(sum(case when is_sampled then 1 else 0 end) as {{ dbt.type_bigint() }}) as sampled_days,
        cast(sum(case when is_grouped then 1 else 0 end) as {{ dbt.type_bigint() }}) as grouped_days,
        max(date) as last_flagged_day
    from together
    where is_withheld or is_sampled or is_grouped
    group by channel, account_id
)

select * from final
