-- A stock's value holds from its day until the day before the next one.
with

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
    where kind = 'stock'
),

final as (
    select
        days.kpi_id,
        days.date as valid_from,
        lead(days.date) over (partition by days.kpi_id order by days.date) as next_from,
        days.value
    from days
    inner join kpis
        on days.kpi_id = kpis.kpi_id
)

select * from final
