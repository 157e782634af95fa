{#
What the last complete build was made from, the rows of int_transformed. It is not a ref(): the state before this build
is read, which this build replaces at its end. Nothing counts as transformed where a table that is carried from build to
build is missing, or a full refresh is asked for.
#}
{% macro transformed_before() -%}
    {%- set carried = [
        ('intermediate', 'int_transformed'),
        ('intermediate', 'int_measure_daily'),
        ('intermediate', 'int_objective_measure'),
        ('marts', 'fct_measure_daily'),
        ('marts', 'fct_ad_daily'),
        ('marts', 'fct_kpi_daily'),
        ('marts', 'key_result_pace'),
        ('marts', 'fct_key_result_daily'),
        ('marts', 'fct_objective_daily'),
    ] -%}
    {%- set found = [] -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- for schema, identifier in carried -%}
            {%- do found.append(adapter.get_relation(database=this.database, schema=schema, identifier=identifier)) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if found and none not in found %}
    select * from {{ found[0] }}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as kind,
        cast(null as {{ dbt.type_string() }}) as id,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as digest,
        cast(null as date) as date_from
    where false
    {%- endif %}
{%- endmacro %}

{# Before everything: where nothing is known of the last build, all is computed again from this day. #}
{% macro from_the_beginning() -%}
    cast('1900-01-01' as date)
{%- endmacro %}
