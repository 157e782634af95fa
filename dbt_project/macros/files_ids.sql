{# '' where the file has no such column or an empty cell. #}
{% macro files_account_id() -%}
    coalesce(account_id, '')
{%- endmacro %}

{# Where a file has only campaign names, the name serves as the id: else campaigns would melt into one. #}
{% macro files_campaign_id() -%}
    coalesce(nullif(campaign_id, ''), campaign_name, '')
{%- endmacro %}
