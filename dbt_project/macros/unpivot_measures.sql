{#
One row a measure from a relation that has one column a measure; empty cells give no row. Columns kept: date,
account_id, campaign_id, currency, loaded_at. `measures` maps our name to the vendor's column.
#}
{% macro unpivot_measures(channel, relation, measures) -%}
    {% for measure, column in measures.items() -%}
    select
        date,
        '{{ channel }}' as channel,
        account_id,
        campaign_id,
        '' as source_file,
        '{{ measure }}' as measure,
        {{ to_amount(column) }} as value_local,
        currency,
        loaded_at
    from {{ relation }}
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
