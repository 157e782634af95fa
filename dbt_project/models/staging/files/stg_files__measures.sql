with

measures as (
    select * from {{ source('files', 'measures') }}
),

final as (
    select
        date,
        channel,
        {{ files_account_id() }} as account_id,
        {{ files_campaign_id() }} as campaign_id,
        source_file,
        measure,
        {{ to_amount('sum(value)') }} as value_local,
        upper(currency) as currency,
        max(loaded_at) as loaded_at
    from measures
    where value is not null
    group by
        date,
        channel,
        {{ files_account_id() }},
        {{ files_campaign_id() }},
        source_file,
        measure,
        upper(currency)
)

select * from final
