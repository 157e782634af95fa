{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_days() }}",
    )
}}

with

measures as (
    {{ of_changed_days(ref('int_measures_summed')) }}
),

final as (
    select
        date,
        channel,
        account_id,
        campaign_id,
        -- A measure in two currencies has none.
        case when min(coalesce(currency, '')) = max(currency) then max(currency) end as currency,
        {% for measure in ad_measures() -%}
        max(case when measure = '{{ measure }}' then value end) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from measures
    where measure in ('{{ ad_measures() | join("', '") }}')
    group by date, channel, account_id, campaign_id
)

select * from final
{{ stored_by('channel, date') }}
