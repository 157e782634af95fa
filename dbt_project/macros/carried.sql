{#
The tables of facts are carried from build to build, day by day. A day of a channel is whole in all of them once it is in
int_measure_days_built, written after them with the digest of what it was made from. A build compares digests, takes the
days that differ out of that table before it touches any fact, and adds them again at its end: a build that dies on the
way leaves days that are not there, which the next makes again.
#}
{% macro days_built() -%}
    {%- set found = [] -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- for name in ['int_measures_converted', 'int_measures_summed', 'int_ads_pivoted', 'int_measure_days_built'] -%}
            {#- Not a ref(): what the last build left is read, before this one writes it again. -#}
            {%- do found.append(adapter.get_relation(this.database, this.schema, name)) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if found and none not in found %}
    select channel, date, digest from {{ found[-1] }}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as date) as date,
        cast(null as {{ dbt.type_string() }}) as digest
    where false
    {%- endif %}
{%- endmacro %}

{# After the comparison: what is to be made again is whole no longer. #}
{% macro take_changed_days_out() %}{{ return(adapter.dispatch('take_changed_days_out')()) }}{% endmacro %}

{% macro default__take_changed_days_out() -%}
    {%- set built = adapter.get_relation(this.database, this.schema, 'int_measure_days_built') if execute -%}
    {%- if built %}
    delete from {{ built }}
    where not exists (
        select 1 from ({{ days_built() }}) as whole
        where whole.channel = {{ built }}.channel and whole.date = {{ built }}.date
    ) or exists (
        select 1 from {{ this }} as changed
        where changed.channel = {{ built }}.channel and changed.date = {{ built }}.date
    )
    {%- endif %}
{%- endmacro %}

{# Files under Spark cannot be changed in place: after a build that did not end, refresh.py makes all of them anew. #}
{% macro spark__take_changed_days_out() %}{% endmacro %}

{# Before a carried table gets its days: those that are made again go, and those that no finished build has made. #}
{% macro forget_changed_days() -%}
    {%- set changed = ref('int_measure_days_changed') -%}
    {%- set built = adapter.get_relation(this.database, this.schema, 'int_measure_days_built') if execute -%}
    {%- set condition -%}
    exists (
        select 1 from {{ changed }} as changed
        where changed.channel = {{ this }}.channel and changed.date = {{ this }}.date
    )
    or not exists (
        select 1 from {{ built or changed }} as built
        where built.channel = {{ this }}.channel and built.date = {{ this }}.date
    )
    {%- endset -%}
    {{ forget(condition) if is_incremental() }}
{%- endmacro %}

{# The rows of a relation that a carried table gets: those of changed days, all where it is made anew. #}
{% macro of_changed_days(relation) -%}
    select facts.* from {{ relation }} as facts
    {%- if is_incremental() %}
    inner join {{ ref('int_measure_days_changed') }} as changed
        on facts.channel = changed.channel and facts.date = changed.date
    {%- endif %}
{%- endmacro %}

{#
The order in which a carried table keeps its rows. Each build adds its days behind the others, so that a day stays
together and whoever asks for some days reads little else. Files of a lake are of one load each and have no such order.
#}
{% macro stored_by(columns) %}{{ return(adapter.dispatch('stored_by')(columns)) }}{% endmacro %}
{% macro default__stored_by(columns) %}order by {{ columns }}{% endmacro %}
{% macro spark__stored_by(columns) %}{% endmacro %}
