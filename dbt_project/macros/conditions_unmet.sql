{#
The pairs of KPI and thing (account, campaign) of which at least one `where` condition is not met. Values are compared
as data, never pasted into the query. `things` is a relation; `fields` are its columns that conditions may name. Where it
has a KPI with each thing (`of_kpis`), only that KPI's conditions count.
#}
{% macro conditions_unmet(things, conditions, keys, fields, of_kpis=false) -%}
    select distinct
        kpi_id,
        {{ keys | join(', ') }}
    from (
        select
            tested.kpi_id,
            tested.condition_no,
            {% for key in keys %}tested.{{ key }}, {% endfor %}
            max(tested.is_negated) as is_negated,
            max(tested.is_match) as has_match
        from (
            select
                conditions.kpi_id,
                conditions.condition_no,
                {% for key in keys %}things.{{ key }}, {% endfor %}
                case when conditions.operator in ('not_in', 'not_like') then 1 else 0 end as is_negated,
                case
                    {% for field in fields -%}
                    when conditions.field = '{{ field }}' and conditions.operator in ('in', 'not_in')
                        then case when coalesce(things.{{ field }}, '') = conditions.value then 1 else 0 end
                    when conditions.field = '{{ field }}'
                        then case when coalesce(things.{{ field }}, '') like {{ like_pattern('conditions.value') }} then 1 else 0 end
                    {% endfor -%}
                end as is_match
            from {{ things }} as things
            {{ 'inner' if of_kpis else 'cross' }} join {{ conditions }} as conditions
                {{ 'on things.kpi_id = conditions.kpi_id' if of_kpis }}
            where conditions.field in ('{{ fields | join("', '") }}')
        ) as tested
        group by tested.kpi_id, tested.condition_no, {% for key in keys %}tested.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
    ) as judged
    where has_match = is_negated
{%- endmacro %}

{# A pattern in which % alone stands for any text, as SQL's LIKE takes it. #}
{% macro like_pattern(value) -%}
    replace(replace({{ value }}, '!', '!!'), '_', '!_') escape '!'
{%- endmacro %}
