{# The rows of one conformed staging model over every channel; with `days`, a relation of channel and date, only of these. #}
{% macro union_channels(entity, columns=['*'], days=none) -%}
    {% for channel in var('channels') -%}
    select {{ 'staged.' ~ columns | join(', staged.') }} from {{ ref('stg_' ~ channel ~ '__' ~ entity) }} as staged
    {{ 'inner join ' ~ days ~ ' as days on staged.channel = days.channel and staged.date = days.date' if days }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{# Whether an amount has to be converted. Nothing costs nothing in every currency: an empty cell of a money column needs no rate. #}
{% macro needs_rate(has_amount) -%}
    known_measures.is_money
        and measures.currency <> settings.currency
        and {{ has_amount }}
{%- endmacro %}
