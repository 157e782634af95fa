{#
dbt-duckdb builds a table under another name and renames it twice, which costs a small table more than its rows. DuckDB
replaces a table in place, inside the transaction: a failure leaves the old one.
#}
{% materialization table, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do drop_other_kind(target_relation) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') -%}
        {%- if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(compiled_code) }}
            create or replace table {{ target_relation }}
            {{ get_table_columns_and_constraints() }};
            insert into {{ target_relation }} by name ({{ compiled_code }});
            {{ assert_key_holds(target_relation) }}
        {%- else %}
            create or replace table {{ target_relation }} as ({{ compiled_code }});
        {%- endif %}
        {{ comments_of(target_relation, model) }}
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# DuckDB replaces tables by tables and views by views only. #}
{% macro drop_other_kind(target_relation) -%}
    {%- set existing_relation = load_cached_relation(target_relation) -%}
    {%- if existing_relation is not none and existing_relation.type != target_relation.type -%}
        {%- do adapter.drop_relation(existing_relation) -%}
    {%- endif -%}
{%- endmacro %}
