{#
Campaigns that no list of the vendor shows (deleted before they were first listed) but whose days it still reports, by
the name on their newest day. `facts` has account_id, campaign_id, campaign_name, date, loaded_at; `campaigns` has id.
#}
{% macro unlisted_campaigns(facts, campaigns) -%}
    select
        account_id,
        campaign_id,
        campaign_name
    from (
        select
            facts.account_id,
            facts.campaign_id,
            facts.campaign_name,
            row_number() over (
                partition by facts.account_id, facts.campaign_id
                order by facts.date desc, facts.loaded_at desc, facts.campaign_name
            ) as newest_first
        from {{ facts }} as facts
        left join {{ campaigns }} as campaigns
            on facts.campaign_id = campaigns.id
        where campaigns.id is null
    ) as named
    where newest_first = 1
{%- endmacro %}
