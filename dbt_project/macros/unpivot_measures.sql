{#
One row a measure from a relation that has one column a measure; empty cells give no row. Columns kept: date,
account_id, campaign_id, currency, loaded_at. `measures` maps our name to the vendor's column.
#}
{% macro unpivot_measures(channel, relation, measures) -%}
    {{ return(adapter.dispatch('unpivot_measures')(channel, relation, measures)) }}
{%- endmacro %}

{% macro default__unpivot_measures(channel, relation, measures) -%}
    {% for measure, column in measures.items() -%}
    {{ measure_row(channel, "'" ~ measure ~ "'", to_amount(column)) }}
    from {{ relation }}
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{# Read once: a branch a measure would scan the files, and pick the newest loads, as often as there are measures. #}
{% macro spark__unpivot_measures(channel, relation, measures) -%}
    {{ measure_row(channel, 'measure', 'value_local') }}
    from {{ relation }}
    lateral view stack(
        {{ measures | length }}
        {%- for measure, column in measures.items() %},
        '{{ measure }}', {{ to_amount(relation ~ '.' ~ column) }}
        {%- endfor %}
    ) as measure, value_local
    where value_local is not null
{%- endmacro %}

{% macro measure_row(channel, measure, value_local) -%}
    select
        date, '{{ channel }}' as channel, account_id, campaign_id, '' as source_file, {{ measure }} as measure,
        {{ value_local }} as value_local, currency, loaded_at
{%- endmacro %}
