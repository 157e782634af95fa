with

days as (
    select * from {{ ref('int_key_result_kpi_days_summed') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

stocks as (
    select * from {{ ref('int_kpi_stocks_spanned') }}
),

readings as (
    select * from {{ ref('int_kpi_readings_matched') }}
),

final as (
    select
        days.key_result_id,
        days.kpi_id,
        days.date,
        case
            -- Before a KPI was ever seen nothing is known; after that a day without rows is a day of nothing.
            when coverage.first_day is null or days.date < coverage.first_day then null
            when days.kpi_kind = 'flow' and days.unknown_numerators = 0
                then {{ to_double('coalesce(days.numerator, 0)') }}
            when days.kpi_kind = 'ratio' and days.unknown_numerators = 0 and days.unknown_denominators = 0
                then {{ quotient('coalesce(days.numerator, 0)', 'days.denominator') }}
            when days.kpi_kind = 'stock' then stocks.value
            when days.kpi_kind = 'distinct' then readings.value
        end as value,
        -- A KPI that was seen and has no value lacks an exchange rate.
        case
            when coverage.first_day is null or days.date < coverage.first_day then false
            when days.kpi_kind in ('flow', 'ratio') then days.unknown_numerators > 0 or days.unknown_denominators > 0
            when days.kpi_kind = 'stock' then stocks.value is null
            else false
        end as lacks_rate
    from days
    inner join coverage
        on days.kpi_id = coverage.kpi_id
    left join stocks
        on
            days.kpi_id = stocks.kpi_id
            and days.stock_day >= stocks.valid_from
            and (days.stock_day < stocks.next_from or stocks.next_from is null)
    left join readings
        on
            days.kpi_id = readings.kpi_id
            and days.runs_from = readings.start_date
            and days.date = readings.end_date
)

select * from final
