{# The rows of one conformed staging model over every channel. #}
{% macro union_channels(entity) -%}
    {% for channel in var('channels') -%}
    select * from {{ ref('stg_' ~ channel ~ '__' ~ entity) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{#
The staged measures of the days that have to be computed again. The first of them is written into the query of each
channel, so that the engine skips older rows unread; a join alone reads them all.
#}
{% macro changed_measures() -%}
    {%- set since = {} -%}
    {%- if execute and is_incremental() -%}
        {%- for row in run_query('select channel, date_from from ' ~ ref('int_changed_input')).rows -%}
            {%- do since.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {% for channel in var('channels') -%}
    select * from {{ ref('stg_' ~ channel ~ '__measures') }}
    {%- if execute and is_incremental() and channel not in var('whole_channels') %}
    where date >= cast('{{ since.get(channel, '9999-12-31') }}' as date)
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
