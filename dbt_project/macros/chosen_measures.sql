{# What is made into numbers, and what tells that a day's are to be made anew: the same columns, so that none is missed. #}
{% macro staged_measures(days=none) -%}
{{ union_channels('measures', [
    'date', 'channel', 'account_id', 'campaign_id', 'source_file', 'measure', 'value_local', 'currency'
], days=days) }}
{%- endmacro %}

{#
CTEs, the last of them `measures`: what every channel that is on reports. What a channel's conversions and leads count is
its user's choice; a file's are what the file calls so. A table that is carried over gets changed days alone.
#}
{% macro chosen_measures() -%}
staged as (
    {{ staged_measures(days=ref('int_measure_days_changed') if is_incremental()) }}
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
