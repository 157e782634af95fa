{#
Pre-hooks of the models that are carried from build to build: inside the model's own transaction they delete what it is
about to add again, and what no definition names any more.
#}
{% macro forget_changed_channels() -%}
    {%- set changes = ref('int_changed_input') -%}
    {%- do needs_all_before('int_changed_input') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where exists (
        select 1 from {{ changes }} as changes
        where changes.channel = {{ this }}.channel and changes.date_from <= {{ this }}.date
    )
    {%- endif -%}
{%- endmacro %}

{% macro forget_changed_kpis() -%}
    {%- set changes = ref('int_changed_kpi') -%}
    {%- set kpis = source('definitions', 'kpis') -%}
    {%- do needs_all_before('int_changed_kpi') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        kpi_id not in (select kpi_id from {{ kpis }})
        or exists (
            select 1 from {{ changes }} as changes
            where changes.kpi_id = {{ this }}.kpi_id and changes.date_from <= {{ this }}.date
        )
    {%- endif -%}
{%- endmacro %}

{% macro forget_changed(column) -%}
    {%- set changes = ref('int_changed_key_result') -%}
    {%- set key_results = source('definitions', 'key_results') -%}
    {%- do needs_all_before('int_changed_key_result') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        {{ column }} not in (select {{ column }} from {{ key_results }})
        or {{ column }} in (select {{ column }} from {{ changes }})
    {%- endif -%}
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
{% macro rename_as_last_known() -%}
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
