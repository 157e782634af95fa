with

measures as (
    select * from {{ source('sql', 'measures') }}
),

final as (
    select
        date,
        'sql' as channel,
        account_id,
        campaign_id,
        '' as source_file,
        measure,
        {{ to_amount('value') }} as value_local,
        upper(currency) as currency,
        loaded_at
    from measures
    where value is not null
)

select * from final
