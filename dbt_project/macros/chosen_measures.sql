{#
CTEs, the last of them `measures`: what every channel that is on reports. What a channel's conversions and leads count is
its user's choice; a file's are what the file calls so. A table that is carried over gets changed days alone.
#}
{% macro chosen_measures(columns) -%}
staged as (
    {{ union_channels('measures', columns, days=ref('int_measure_days_changed') if is_incremental()) }}
),

channels as (
    select * from {{ ref('stg_definitions__channels') }}
),

counted as (
    select * from staged
    -- What was switched off does not count until it is on again.
    where staged.channel not in (select channels.channel from channels where channels.is_off)
),

choices as (
    {% for measure in ['conversions', 'conversion_value', 'leads'] -%}
    select
        channel,
        '{{ measure }}' as measure,
        {{ measure }}_from as taken_from
    from channels
    where {{ measure }}_from is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

measures as (
    select counted.* from counted
    left join choices
        on
            counted.channel = choices.channel
            and counted.measure = choices.measure
            and counted.source_file = ''
    where choices.measure is null

    union all

    select
        counted.date,
        counted.channel,
        counted.account_id,
        counted.campaign_id,
        counted.source_file,
        choices.measure,
        {{ to_amount('sum(counted.value_local)') }} as value_local,
        counted.currency
    from counted
    inner join choices
        on
            counted.channel = choices.channel
            and {{ is_listed('counted.measure', 'choices.taken_from') }}
            and counted.source_file = ''
    group by
        counted.date,
        counted.channel,
        counted.account_id,
        counted.campaign_id,
        counted.source_file,
        choices.measure,
        counted.currency
)
{%- endmacro %}
