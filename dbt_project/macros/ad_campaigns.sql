{#
The campaigns of an advertising channel: those that the vendor lists, and those that no list shows (deleted before they
were first listed) but whose days it still reports, by the name on their newest day. Ad groups and ad sets lie below
campaigns; nothing lies above. `listed` has id, account_id, name, status; `facts` has account_id, campaign_id,
campaign_name, date, loaded_at.
#}
{% macro ad_campaigns(channel, listed, facts) -%}
with

listed as (
    select * from {{ listed }}
),

facts as (
    select * from {{ facts }}
),

ranked as (
    select
        facts.account_id,
        facts.campaign_id,
        facts.campaign_name,
        row_number() over (
            partition by facts.account_id, facts.campaign_id
            order by facts.date desc, facts.loaded_at desc, facts.campaign_name
        ) as newest_first
    from facts
    left join listed
        on facts.campaign_id = listed.id
    where listed.id is null
),

named as (
    select
        account_id,
        id as campaign_id,
        name as campaign_name,
        status
    from listed
    union all
    select
        account_id,
        campaign_id,
        campaign_name,
        cast(null as {{ dbt.type_string() }}) as status
    from ranked
    where newest_first = 1
),

final as (
    select
        '{{ channel }}' as channel,
        account_id,
        campaign_id,
        campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        status
    from named
)

select * from final
{%- endmacro %}
