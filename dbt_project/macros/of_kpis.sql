{#
What KPIs are made of: the facts, and what models of the workspace say. Facts are read without the latter elsewhere, so
that those models may be made of them.
#}
{% macro measures_of_kpis() -%}
    {%- set columns = ['date', 'channel', 'account_id', 'campaign_id', 'source_file', 'measure', 'value'] -%}
    select {{ columns | join(', ') }} from {{ ref('int_measures_converted') }}
    union all
    select date, '{{ var("own_models_channel") }}' as channel, model as account_id, '' as campaign_id, '' as source_file, measure, value
    from {{ ref('int_model_days_summed') }}
{%- endmacro %}

{# The accounts that KPIs wait for, models of the workspace among them. #}
{% macro sources_of_kpis() -%}
    {%- set columns = [
        'channel', 'account_id', 'is_file', 'data_through', 'last_load_at', 'last_error', 'note', 'unknown_measures',
        'failing_since', 'state', 'provisional_from'
    ] -%}
    select {{ columns | join(', ') }} from {{ ref('int_sources_dated') }}
    union all
    select {{ columns | join(', ') }} from {{ ref('int_model_sources_dated') }}
{%- endmacro %}

{# The first day of which a source says nothing. One whose rows reach beyond today, as a plan's, is as old as its fault. #}
{% macro first_missing_day(data_through, failing_since) -%}
    {{ earlier(add_days(data_through, 1), 'coalesce(' ~ failing_since ~ ', ' ~ add_days(data_through, 1) ~ ')') }}
{%- endmacro %}

{# The campaigns of KPIs, of a ratio those alone of the channels that it counts. #}
{% macro campaigns_of_kpis() -%}
    select matched.*
    from {{ ref('int_kpi_campaigns_matched') }} as matched
    left join {{ ref('int_kpi_channels_compared') }} as compared
        on matched.kpi_id = compared.kpi_id and matched.channel = compared.channel
    where coalesce(compared.is_counted, true)
{%- endmacro %}

{# Whether a row of `measures` counts in a KPI: its measure is one of `parts`, its campaign one of `campaigns` that day. #}
{% macro counts_in_kpi() -%}
    parts.measure = measures.measure
    and campaigns.channel = measures.channel
    and campaigns.account_id = measures.account_id
    and campaigns.campaign_id = measures.campaign_id
    and campaigns.source_file = measures.source_file
    and measures.date >= campaigns.valid_from and measures.date < campaigns.next_from
{%- endmacro %}
