{{ config(tags=['every_refresh']) }}

with

final as (
    select
        channel,
        account_id,
        account_name,
        state,
        data_through,
        provisional_from,
        last_load_at,
        last_error,
        error_code,
        note,
        withheld_days,
        sampled_days,
        grouped_days,
        last_flagged_day,
        missing_currency,
        missing_date,
        stale_since
    from {{ ref('int_sources_judged') }}
)

select * from final
