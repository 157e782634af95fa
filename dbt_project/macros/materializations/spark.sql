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
are added to them. A build that fails on the way leaves the old table. A table that lies by month in a format whose rows
can be deleted is changed in place instead, so that other months' files stay: its pre-hooks delete.
#}
{% materialization incremental, adapter='spark' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- if is_incremental() and changes_in_place() -%}
        {{ run_hooks(pre_hooks) }}
        {% call statement('main') -%}
            insert into {{ target_relation }} by name {{ spark_columns('(' ~ compiled_code ~ ')') }}
        {%- endcall %}
        {{ run_hooks(post_hooks) }}
        {{ return({'relations': [target_relation]}) }}
    {%- endif -%}
    {%- set building = target_relation.incorporate(path={'identifier': this.identifier ~ '__building'}) -%}
    {%- set carried = is_incremental() -%}
    {%- set kept = rendered_hooks(pre_hooks) or 'select * from ' ~ target_relation -%}
    {%- set put_right = rendered_hooks(post_hooks) or 'select * from kept' -%}

    {%- do run_statement('drop table if exists ' ~ building) -%}
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
    {%- do run_statement('alter table ' ~ building ~ ' rename to ' ~ target_relation) -%}
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
        {#- Replaced, one of Iceberg's catalogue would keep its old words in the metastore, where Spark reads them. -#}
        {%- if existing is not none and 'table_type=ICEBERG-VIEW' in (existing.information or '') -%}
            {%- do run_statement('drop view if exists ' ~ target_relation) -%}
        {%- endif -%}
        {% call statement('main') -%}
            create or replace view {{ target_relation }} tblproperties ('okr.made_from' = '{{ mark }}')
            as {{ compiled_code }}
        {%- endcall %}
    {% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro create_in_lake(relation, query) -%}
    create table {{ relation }} using {{ spark_table_format() }}
    {% if lies_by_month() -%}
    partitioned by (months(date))
    tblproperties ('write.metadata.delete-after-commit.enabled' = 'true')
    {%- endif %}
    location '{{ env_var('OKR_SPARK_LAKE') }}/models/{{ relation.schema }}/{{ relation.identifier }}/{{ invocation_id }}'
    as {{ query }}
{%- endmacro %}

{% macro spark_table_format() %}{{ return(env_var('OKR_SPARK_TABLE_FORMAT', 'parquet')) }}{% endmacro %}

{#
Carried tables of days, where the format has partitions by a function and deletes rows: of what we have run, Iceberg. Not
what is kept for good, whose columns may be those of another version.
#}
{% macro lies_by_month() -%}
    {{ return(
        spark_table_format() == 'iceberg' and config.get('materialized') == 'incremental'
        and config.get('full_refresh') is none and 'date' in model.columns
    ) }}
{%- endmacro %}

{# A table made before the format was chosen is written anew once. A metastore has Iceberg's tables as Hive's own. #}
{% macro changes_in_place() -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ return(lies_by_month() and existing is not none and 'table_type=ICEBERG' in existing.information) }}
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
        {%- do run_statement('drop ' ~ existing.type ~ ' if exists ' ~ relation) -%}
    {%- endif -%}
{%- endmacro %}

{# What gives no rows is not asked for them: Spark 3.5 promises some, and the client fails. #}
{% macro run_statement(text) -%}
    {% call statement() -%}{{ text }}{%- endcall %}
{%- endmacro %}

{% macro rendered_hooks(hooks) -%}
    {%- set texts = [] -%}
    {%- for hook in hooks -%}
        {%- do texts.append(render(hook.get('sql')) | trim) -%}
    {%- endfor -%}
    {{ return(texts | join(' ') | trim) }}
{%- endmacro %}
