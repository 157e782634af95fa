{#
A view is made again only where its query or its columns have changed: three staging views a channel, made and described
anew by every refresh, were a third of its time. The digest at the end of the view's comment says what it was made from.
#}
{% materialization view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set mark = ' [' ~ local_md5(compiled_code ~ tojson(model.columns, sort_keys=true))[:8] ~ ']' -%}

    {% if not flags.FULL_REFRESH and view_has_mark(target_relation, mark) %}
        {%- do store_raw_result('main', message='UNCHANGED', code='UNCHANGED', rows_affected=0) -%}
    {% else %}
        {%- do drop_other_kind(target_relation) -%}
        {{ run_hooks(pre_hooks, inside_transaction=False) }}
        {{ run_hooks(pre_hooks, inside_transaction=True) }}
        {% call statement('main') -%}
            {%- if config.get('contract').enforced %}
                {{ get_assert_columns_equivalent(compiled_code) }}
            {%- endif %}
            create or replace view {{ target_relation }} as ({{ compiled_code }});
        {%- endcall %}
        {% do persist_docs(target_relation, model) %}
        {% do run_query(alter_relation_comment(target_relation, (model.description or '') ~ mark)) %}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
        {{ adapter.commit() }}
        {{ run_hooks(post_hooks, inside_transaction=False) }}
    {% endif %}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro view_has_mark(relation, mark) -%}
    {%- set found = run_query(
        "select 1 from duckdb_views() where database_name = '" ~ relation.database ~ "' and schema_name = '"
        ~ relation.schema ~ "' and view_name = '" ~ relation.identifier ~ "' and ends_with(comment, '" ~ mark ~ "')"
    ) -%}
    {{ return(found.rows | length > 0) }}
{%- endmacro %}
