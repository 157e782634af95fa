-- What the key results say together: the lowest confidence, the last check-in, the day all sources reach.
with

key_results as (
    select * from {{ ref('key_results') }}
),

final as (
    select
        objective_id,
        min(confidence) as confidence,
        max(last_check_in) as last_check_in,
        case when count(data_through) = count(*) then min(data_through) end as data_through,
        min(stale_since) as stale_since
    from key_results
    group by objective_id
)

select * from final
