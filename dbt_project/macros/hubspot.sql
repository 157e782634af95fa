{# A measure of HubSpot's by the day on which its objects of one kind count. #}
{% macro hubspot_measure(measure, kind, day, amount, condition) -%}
    select
        account_id, campaign_id, currency, '{{ measure }}' as measure, {{ day }} as date, sum({{ amount }}) as value,
        max(loaded_at) as loaded_at
    from {{ kind }}
    where {{ day }} between first_day and last_day and {{ condition }}
    group by account_id, campaign_id, currency, {{ day }}
{%- endmacro %}

{# A stock, which has a row for each day on which it changed. #}
{% macro hubspot_stock(measure, relation) -%}
    select
        account_id, campaign_id, currency, '{{ measure }}' as measure, date, value, loaded_at
    from {{ relation }}
{%- endmacro %}

{# The objects of one kind that count: neither archived nor merged into another, with the days their portal is known. #}
{% macro hubspot_objects(objects, kind) -%}
    select
        objects.*, coalesce(objects.source, '') as campaign_id, loaded.currency, loaded.first_day, loaded.last_day
    from {{ objects }} as objects
    inner join loaded on objects.account_id = loaded.account_id
    left join merged_objects on merged_objects.kind = '{{ kind }}' and objects.id = merged_objects.object_id
    where merged_objects.object_id is null and not coalesce(objects.archived, false)
{%- endmacro %}
