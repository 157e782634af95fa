{#
The grain holds: no key is there twice and no part of it is null. With `changed`, a relation of channel and date, only on
these days: a day that is carried over was tested when it was made. Such tests are of models that int_measure_days_built
rests on: a day that fails stays changed, so that the next build looks at it again.
#}
{% test key(model, columns, changed=none) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }} {{ 'inner join ' ~ changed ~ ' as changed using (channel, date)' if changed }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}

{# Rows of several models whose key (model -> columns) is there twice or is null in a part. #}
{% macro rows_without_key(keys) -%}
    {%- for model, columns in keys.items() %}
select
    '{{ model }}' as model,
    {% for column in columns -%}
    coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null'){{ " || ' ' || " if not loop.last }}
    {%- endfor %} as found_twice
from {{ ref(model) }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns %} or {{ column }} is null{% endfor %}

{{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
