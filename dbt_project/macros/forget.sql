{#
Pre-hooks of the models that are carried from build to build: inside the model's own transaction they delete what it is
about to add again, and what no definition names any more.
#}
{% macro forget_changed_channels() -%}
    {%- set changes = ref('int_changed_input') -%}
    {%- do needs_all_before('int_changed_input') -%}
    {%- set condition -%}
    exists (
        select 1 from {{ changes }} as changes
        where changes.channel = {{ this }}.channel and changes.date_from <= {{ this }}.date
    )
    {%- endset -%}
    {{ forget(condition) if is_incremental() }}
{%- endmacro %}

{% macro forget_changed_kpis() -%}
    {%- set changes = ref('int_changed_kpi') -%}
    {%- set kpis = ref('stg_definitions__kpis') -%}
    {%- do needs_all_before('int_changed_kpi') -%}
    {%- set condition -%}
    kpi_id not in (select kpi_id from {{ kpis }})
        or exists (
            select 1 from {{ changes }} as changes
            where changes.kpi_id = {{ this }}.kpi_id and changes.date_from <= {{ this }}.date
        )
    {%- endset -%}
    {{ forget(condition) if is_incremental() }}
{%- endmacro %}

{% macro forget_changed(column) -%}
    {%- set changes = ref('int_changed_key_result') -%}
    {%- set key_results = ref('stg_definitions__key_results') -%}
    {%- do needs_all_before('int_changed_key_result') -%}
    {%- set condition -%}
    {{ column }} not in (select {{ column }} from {{ key_results }})
        or {{ column }} in (select {{ column }} from {{ changes }})
    {%- endset -%}
    {{ forget(condition) if is_incremental() }}
{%- endmacro %}

{# Rows written by a build whose publication never came about: what nobody saw was not reported. #}
{% macro forget_unpublished() -%}
    {%- set condition -%}
    reported_on not in (select published_on from {{ ref('stg_ops__publications') }})
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
    select * from {{ this }}
    where ({{ condition }}) is not true
{%- endmacro %}

{#
A table made anew holds only what the build computes, which is all of it only where the list of changes is made in the
same build: else history would be lost without a word.
#}
{% macro needs_all_before(changes) -%}
    {%- if execute and not is_incremental() and 'model.okr_reports.' ~ changes not in selected_resources -%}
        {%- do exceptions.raise_compiler_error(
            this.identifier ~ ' cannot be made anew by itself; run it with all before it: --select +' ~ this.identifier
        ) -%}
    {%- endif -%}
{%- endmacro %}

{# Names are those last known, on the days before a renaming too: DECISIONS.md. #}
{% macro rename_as_last_known() %}{{ return(adapter.dispatch('rename_as_last_known')()) }}{% endmacro %}

{% macro default__rename_as_last_known() -%}
    {%- set accounts = ref('dim_account') -%}
    {%- set campaigns = ref('dim_campaign') -%}
    {%- set names = ['campaign_name', 'campaign_group_id', 'campaign_group_name'] -%}
    {%- if is_incremental() -%}
    update {{ this }} set
        account_name = accounts.account_name
    from {{ accounts }} as accounts
    where
        {{ this }}.channel = accounts.channel
        and {{ this }}.account_id = accounts.account_id
        and {{ this }}.account_name is distinct from accounts.account_name;
    update {{ this }} set
        {% for name in names %}{{ name }} = campaigns.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ campaigns }} as campaigns
    where
        {{ this }}.channel = campaigns.channel
        and {{ this }}.account_id = campaigns.account_id
        and {{ this }}.campaign_id = campaigns.campaign_id
        and (
            {% for name in names -%}
            {{ this }}.{{ name }} is distinct from campaigns.{{ name }}{{ ' or ' if not loop.last }}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}

{# The rows that stay, which the materialization calls `kept`, by their last known names. #}
{% macro spark__rename_as_last_known() -%}
    {%- set accounts = ref('dim_account') -%}
    {%- set campaigns = ref('dim_campaign') -%}
    {%- set names = ['campaign_name', 'campaign_group_id', 'campaign_group_name'] -%}
    {%- if is_incremental() -%}
    select
        {% for column in model.columns -%}
        {% if column == 'account_name' -%}
        case when accounts.channel is null then kept.account_name else accounts.account_name end as account_name
        {%- elif column in names -%}
        case when campaigns.channel is null then kept.{{ column }} else campaigns.{{ column }} end as {{ column }}
        {%- else -%}
        kept.{{ column }}
        {%- endif %}{{ ',' if not loop.last }}
        {% endfor %}
    from kept
    left join {{ accounts }} as accounts
        on kept.channel = accounts.channel and kept.account_id = accounts.account_id
    left join {{ campaigns }} as campaigns
        on
            kept.channel = campaigns.channel
            and kept.account_id = campaigns.account_id
            and kept.campaign_id = campaigns.campaign_id
    {%- endif -%}
{%- endmacro %}
