{#
Pre-hooks of the models that are carried from build to build: inside the model's own transaction they delete what it is
about to add again.
#}
{# Rows written by a build whose publication never came about: what nobody saw was not reported. #}
{% macro forget_unpublished(day='reported_on') -%}
    {%- set condition -%}
    {{ day }} not in (select published_on from {{ ref('stg_ops__publications') }})
    {%- endset -%}
    {{ forget(condition) if is_incremental() }}
{%- endmacro %}

{#
An engine whose tables cannot be changed in place (Parquet under Spark) gets the query of the rows that stay; its
materialization writes the table anew from them.
#}
{% macro forget(condition) %}{{ return(adapter.dispatch('forget')(condition)) }}{% endmacro %}

{% macro default__forget(condition) -%}
    delete from {{ this }}
    where {{ condition }}
{%- endmacro %}

{% macro spark__forget(condition) -%}
    {%- if changes_in_place() -%}{{ return(default__forget(condition)) }}{%- endif -%}
    select * from {{ this }}
    where ({{ condition }}) is not true
{%- endmacro %}
