{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_kpis() }}",
    )
}}

with

amounts as (
    select * from {{ ref('int_kpi_value_daily') }}
    where kind <> 'stock'
),

stocks as (
    select * from {{ ref('int_kpi_stock_daily') }}
),

summed as (
    select
        kpi_id,
        kind,
        date,
        {{ whole_sum('value', "part = 'numerator'") }} as numerator,
        case when kind = 'ratio' then {{ whole_sum('value', "part = 'denominator'") }} end as denominator,
        {{ any_row('is_provisional') }} as is_provisional,
        count(*) as amount_count
    from amounts
    group by kpi_id, kind, date
),

final as (
    select
        kpi_id,
        date,
        numerator,
        denominator,
        case
            when kind = 'ratio' then {{ quotient('numerator', 'denominator') }}
            -- Users of two accounts or campaigns overlap: they are never added.
            when kind = 'flow' or amount_count = 1 then {{ to_double('numerator') }}
        end as value,
        is_provisional
    from summed

    union all

    select
        kpi_id,
        date,
        numerator,
        cast(null as {{ amount_type() }}) as denominator,
        {{ to_double('numerator') }} as value,
        is_provisional
    from stocks
)

select * from final
