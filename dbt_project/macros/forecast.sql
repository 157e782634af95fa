{#
Forecasts of all key results: `states` and `days` are int_forecast_states_listed and int_forecast_days_listed. The
mathematics is Python's on every engine: DuckDB calls it, Spark's models read what the refresh has computed between two
selections of them.
#}
{% macro forecasts_of(states, days) %}{{ return(adapter.dispatch('forecasts_of')(states, days)) }}{% endmacro %}

{% macro default__forecasts_of(states, days) -%}
    -- depends on {{ days }}
    select
        computed.key_result_id,
        computed.date,
        computed.forecast_low,
        computed.forecast,
        computed.forecast_high,
        computed.probability
    from forecasts.key_result_forecast as computed
    inner join {{ states }} as states
        on computed.key_result_id = states.key_result_id and computed.date = states.date
{%- endmacro %}

{% macro duckdb__forecasts_of(states, days) -%}
    select
        key_result_id,
        computed.date as date,
        computed.forecast_low as forecast_low,
        computed.forecast as forecast,
        computed.forecast_high as forecast_high,
        computed.probability as probability
    from (
        select
            asked.key_result_id,
            unnest(
                okr_forecast(
                    asked.kpi_kind, asked.period_start, asked.period_end, asked.hold, asked.states,
                    coalesce(series.days, [])
                )
            ) as computed
        from (
            select
                key_result_id,
                series_id,
                kpi_kind,
                period_start,
                period_end,
                hold,
                list(
                    {
                        'date': date, 'value': value, 'baseline': baseline, 'aim_low': aim_low, 'aim_high': aim_high,
                        'weeks_kept': weeks_kept, 'weeks_observed': weeks_observed, 'weeks_left': weeks_left,
                        'allowed_misses': allowed_misses, 'min_denominator': min_denominator
                    }
                ) as states
            from {{ states }}
            group by key_result_id, series_id, kpi_kind, period_start, period_end, hold
        ) as asked
        left join (
            select
                series_id,
                list(
                    {
                        'date': date, 'unit_start': unit_start, 'amount': amount, 'denominator': denominator,
                        'factor': factor, 'is_uncertain': is_uncertain
                    }
                ) as days
            from {{ days }}
            group by series_id
        ) as series
            on asked.series_id = series.series_id
    )
{%- endmacro %}

{# News of watched KPIs: `days` is int_alert_days_listed. Python on every engine, as above. #}
{% macro alerts_of(days) %}{{ return(adapter.dispatch('alerts_of')(days)) }}{% endmacro %}

{% macro default__alerts_of(days) -%}
    -- depends on {{ days }}
    select kpi_id, date, days, value, low, high from forecasts.kpi_alert
{%- endmacro %}

{% macro duckdb__alerts_of(days) -%}
    select
        kpi_id,
        computed.date as date,
        computed.days as days,
        computed.value as value,
        computed.low as low,
        computed.high as high
    from (
        select
            kpi_id,
            unnest(
                okr_watch(
                    kind,
                    list(
                        {
                            'date': date, 'amount': amount, 'denominator': denominator, 'factor': factor,
                            'is_uncertain': is_uncertain
                        }
                    )
                )
            ) as computed
        from {{ days }}
        group by kpi_id, kind
    )
{%- endmacro %}
