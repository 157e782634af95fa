{# The rows of one conformed staging model over every channel. #}
{% macro union_channels(entity, columns=['*']) -%}
    {% for channel in var('channels') -%}
    select {{ columns | join(', ') }} from {{ ref('stg_' ~ channel ~ '__' ~ entity) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
