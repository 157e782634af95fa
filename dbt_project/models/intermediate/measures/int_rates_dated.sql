-- The last known rate serves the seven days after its own. One row a day, so that amounts join by equality: a join by
-- range compares every amount with every rate of its currency.
with

rates as (
    select * from {{ ref('stg_definitions__exchange_rates') }}
),

offsets as (
    {{ numbers(1) }}
),

spread as (
    select
        rates.currency,
        {{ add_days('rates.date', 'offsets.number') }} as date,
        rates.rate,
        row_number() over (
            partition by rates.currency, {{ add_days('rates.date', 'offsets.number') }}
            order by rates.date desc
        ) as newest_first
    from rates
    cross join offsets
    where offsets.number <= 7
),

final as (
    select
        currency,
        date,
        rate
    from spread
    where newest_first = 1
)

select * from final
