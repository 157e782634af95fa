{# Rows written by a build whose publication never came about: what nobody saw was not reported. #}
{% macro forget_unpublished() -%}
    {%- set publications = source('ops', 'publications') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where reported_on not in (select published_on from {{ publications }})
    {%- endif -%}
{%- endmacro %}
