{# The sum of what is known; null where nothing is: a vendor that tells one thing by several columns fills one of them. #}
{% macro sum_of_known(columns) -%}
    case
        when coalesce({{ columns | join(', ') }}) is not null
            then {% for column in columns %}coalesce({{ column }}, 0){{ ' + ' if not loop.last }}{% endfor %}
    end
{%- endmacro %}
