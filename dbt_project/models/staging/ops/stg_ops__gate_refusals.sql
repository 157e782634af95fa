with

source as (
    select * from {{ source('ops', 'gate_refusals') }}
),

final as (
    select
        refresh_id,
        refused_at,
        rule,
        reason
    from source
)

select * from final
