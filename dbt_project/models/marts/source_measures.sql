with

covered as (
    select * from {{ ref('int_file_measures_covered') }}
),

final as (
    select
        channel,
        account_id,
        measure,
        state,
        data_through,
        max(data_through) over (partition by channel, account_id) as furthest_through
    from covered
)

select * from final
