{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_days() }}",
    )
}}

with

measures as (
    {{ of_changed_days(ref('int_measures_converted')) }}
),

final as (
    select
        date,
        channel,
        account_id,
        campaign_id,
        measure,
        {{ whole_sum('value', 'true') }} as value,
        -- Amounts of different currencies are never added.
        case when min(currency) = max(currency) then {{ to_amount('sum(value_local)') }} end as value_local,
        case when min(currency) = max(currency) then min(currency) end as currency
    from measures
    group by date, channel, account_id, campaign_id, measure
)

select * from final
{{ stored_by('channel, date') }}
