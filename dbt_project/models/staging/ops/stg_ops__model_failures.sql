with

source as (
    select * from {{ source('ops', 'model_failures') }}
),

final as (
    select
        model,
        error
    from source
)

select * from final
