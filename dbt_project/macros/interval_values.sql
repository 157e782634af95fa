{#
The value of KPIs over intervals: `intervals` is a relation with kpi_id, kind, start_date, end_date. Flows are summed,
ratios divided after summing, a stock is its last value on or before the end, a distinct count what the source says for
exactly that interval. An interval that the sources do not cover to its end has no value.
#}
{% macro interval_values(intervals) -%}
    select
        summed.kpi_id,
        summed.start_date,
        summed.end_date,
        case summed.kind
            when 'flow' then {{ to_double('summed.numerator') }}
            when 'ratio' then {{ quotient('summed.numerator', 'summed.denominator') }}
            when 'stock' then stocks.value
            when 'distinct' then readings.value
        end as value
    from (
        select
            intervals.kpi_id,
            intervals.kind,
            intervals.start_date,
            intervals.end_date,
            {{ whole_sum('days.numerator', 'days.date is not null') }} as numerator,
            {{ whole_sum('days.denominator', 'days.date is not null') }} as denominator
        from {{ intervals }} as intervals
        inner join {{ ref('int_kpis_covered') }} as coverage
            on
                intervals.kpi_id = coverage.kpi_id
                and intervals.end_date >= coverage.first_day
                and intervals.end_date <= coverage.data_through
        left join {{ ref('int_kpi_days_summed') }} as days
            on
                intervals.kpi_id = days.kpi_id
                and days.date between intervals.start_date and intervals.end_date
        group by intervals.kpi_id, intervals.kind, intervals.start_date, intervals.end_date
    ) as summed
    left join {{ ref('int_kpi_stocks_spanned') }} as stocks
        on
            summed.kpi_id = stocks.kpi_id
            and summed.end_date >= stocks.valid_from
            and (summed.end_date < stocks.next_from or stocks.next_from is null)
    left join {{ ref('int_kpi_readings_matched') }} as readings
        on
            summed.kpi_id = readings.kpi_id
            and summed.start_date = readings.start_date
            and summed.end_date = readings.end_date
{%- endmacro %}
