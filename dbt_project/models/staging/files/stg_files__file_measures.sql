with

file_measures as (
    select * from {{ source('files', 'file_measures') }}
),

final as (
    select
        source_id,
        source_file,
        channel,
        {{ files_account_id() }} as account_id,
        measure,
        spoken_through,
        cadence_days,
        is_ended
    from file_measures
)

select * from final
