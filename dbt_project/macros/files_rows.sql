{# '' where the file has no such column or an empty cell. #}
{% macro files_account_id(rows='') -%}
    {%- set row = rows ~ '.' if rows -%}
    coalesce({{ row }}account_id, '')
{%- endmacro %}

{# Where a file has only campaign names, the name serves as the id: else campaigns would melt into one. #}
{% macro files_campaign_id(rows='') -%}
    {%- set row = rows ~ '.' if rows -%}
    coalesce(nullif({{ row }}campaign_id, ''), {{ row }}campaign_name, '')
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

{#
CTEs, the last of them `campaigns`: the campaigns of files, with the least and the greatest of their names. Cells are
grouped as they are, and what they mean is made of few: the other way round takes six times as long. They are read for
themselves, since DuckDB keeps the rows of a CTE that is read twice.
#}
{% macro campaigns_of_files() -%}
cells as (
    select
        channel,
        account_id,
        campaign_id,
        campaign_name,
        max(date) as date
    from ({{ files_places() }}) as places
    group by channel, account_id, campaign_id, campaign_name
),

names as (
    select
        channel,
        {{ files_account_id() }} as account_id,
        {{ files_campaign_id() }} as campaign_id,
        coalesce(nullif(campaign_name, ''), {{ files_campaign_id() }}) as campaign_name,
        date
    from cells
    where {{ files_campaign_id() }} <> ''
),

campaigns as (
    select
        channel,
        account_id,
        campaign_id,
        min(campaign_name) as campaign_name,
        max(campaign_name) as another_name,
        max(date) as newest_day
    from names
    group by channel, account_id, campaign_id
)
{%- endmacro %}
