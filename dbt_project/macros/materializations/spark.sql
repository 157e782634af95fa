{#
Spark's tables are files in the lake (Parquet, if no other format is set), written whole under a folder of the run and never changed: what reads the
old ones goes on reading them, and renaming a table moves no file. Old folders are taken away after the build, and a
table whose build died between its last two statements is put in its place before the next (pipelines/okr_reports/spark/marts.py).
#}
{% materialization table, adapter='spark' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- do drop_spark_relation(target_relation) -%}
    {% call statement('main') -%}
        {{ create_in_lake(target_relation, spark_columns('(' ~ compiled_code ~ ')')) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#
The pre-hooks of carried models give the rows that stay (macro `forget`), their post-hooks put those right; the new rows
are added to them. A build that fails on the way leaves the old table.
#}
{% materialization incremental, adapter='spark' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set building = target_relation.incorporate(path={'identifier': this.identifier ~ '__building'}) -%}
    {%- set carried = is_incremental() -%}
    {%- set kept = rendered_hooks(pre_hooks) or 'select * from ' ~ target_relation -%}
    {%- set put_right = rendered_hooks(post_hooks) or 'select * from kept' -%}

    {%- do run_query('drop table if exists ' ~ building) -%}
    {% call statement('main') -%}
        {%- if carried -%}
        {{ create_in_lake(building,
            'with kept as (' ~ kept ~ '), added as (' ~ compiled_code ~ ') '
            ~ kept_columns('(' ~ put_right ~ ')') ~ ' union all ' ~ spark_columns('added')) }}
        {%- else -%}
        {{ create_in_lake(building, spark_columns('(' ~ compiled_code ~ ')')) }}
        {%- endif -%}
    {%- endcall %}
    {%- do drop_spark_relation(target_relation) -%}
    {%- do run_query('alter table ' ~ building ~ ' rename to ' ~ target_relation) -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization view, adapter='spark' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set mark = local_md5(compiled_code)[:12] -%}
    {%- set existing = load_cached_relation(target_relation) -%}
    {#- A view of the same words is left alone. -#}
    {% if existing is not none and 'okr.made_from=' ~ mark in (existing.information or '') %}
        {%- do store_raw_result('main', message='UNCHANGED', code='UNCHANGED', rows_affected=0) -%}
    {% else %}
        {% call statement('main') -%}
            create or replace view {{ target_relation }} tblproperties ('okr.made_from' = '{{ mark }}')
            as {{ compiled_code }}
        {%- endcall %}
    {% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro create_in_lake(relation, query) -%}
    create table {{ relation }} using {{ env_var('OKR_SPARK_TABLE_FORMAT', 'parquet') }}
    location '{{ env_var('OKR_SPARK_LAKE') }}/models/{{ relation.schema }}/{{ relation.identifier }}/{{ invocation_id }}'
    as {{ query }}
{%- endmacro %}

{# Where the contract names columns, these in their types, else all. #}
{% macro spark_columns(relation) -%}
    select
    {%- if config.get('contract').enforced %}
        {% for column in model.columns.values() -%}
        cast({{ column.name }} as {{ spark_type(column.data_type) }}) as {{ column.name }}{{ ', ' if not loop.last }}
        {%- endfor %}
    {%- else %} *
    {%- endif %}
    from {{ relation }}
{%- endmacro %}

{# The kept rows in the columns of the added ones, which a new version may have more of. #}
{% macro kept_columns(relation) -%}
    {%- if config.get('contract').enforced -%}
        {{ spark_columns(relation) }}
    {%- else -%}
        {%- set there = adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
        select
        {% for column in get_columns_in_query(compiled_code) -%}
        {{ column if column in there else 'null as ' ~ column }}{{ ', ' if not loop.last }}
        {%- endfor %}
        from {{ relation }}
    {%- endif -%}
{%- endmacro %}

{# A type as the contracts write it, in Spark's words. #}
{% macro spark_type(name) -%}
    {{ return({'varchar': 'string', 'timestamp with time zone': 'timestamp'}.get(name, name)) }}
{%- endmacro %}

{% macro drop_spark_relation(relation) -%}
    {%- set existing = load_cached_relation(relation) -%}
    {%- if existing is not none -%}
        {%- do run_query('drop ' ~ existing.type ~ ' if exists ' ~ relation) -%}
    {%- endif -%}
{%- endmacro %}

{% macro rendered_hooks(hooks) -%}
    {%- set texts = [] -%}
    {%- for hook in hooks -%}
        {%- do texts.append(render(hook.get('sql')) | trim) -%}
    {%- endfor -%}
    {{ return(texts | join(' ') | trim) }}
{%- endmacro %}
