{# '' where the file has no such column or an empty cell. #}
{% macro files_account_id() -%}
    coalesce(account_id, '')
{%- endmacro %}

{# Where a file has only campaign names, the name serves as the id: else campaigns would melt into one. #}
{% macro files_campaign_id() -%}
    coalesce(nullif(campaign_id, ''), campaign_name, '')
{%- endmacro %}

{# Files lie long in one raw table, or wide in the other: value_1 is of the first name in `measures`, and so on. #}
{% macro files_measures() -%}
    {%- set place = 'source_id, source_file, channel, date, account_id, campaign_id, campaign_name, currency, loaded_at' -%}
    select {{ place }}, measure, value
    from {{ source('files', 'measures') }}
    where value is not null
    {%- for at in range(1, 5) %}
    union all
    select {{ place }}, {{ dbt.split_part('measures', "' '", at) }} as measure, value_{{ at }} as value
    from {{ source('files', 'wide_measures') }}
    where value_{{ at }} is not null
    {%- endfor %}
{%- endmacro %}

{# Where files have values: a row a value of the long table, and one a row of the wide. #}
{% macro files_places() -%}
    {%- set place = 'channel, date, account_id, campaign_id, campaign_name, currency, loaded_at' -%}
    select {{ place }} from {{ source('files', 'measures') }} where value is not null
    union all
    select {{ place }} from {{ source('files', 'wide_measures') }}
{%- endmacro %}
