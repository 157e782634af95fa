with

versions as (
    select * from {{ ref('int_kpi_version') }}
),

-- Of several versions of one day the last counts.
spans as (
    select
        *,
        lead(valid_from) over (partition by kpi_id order by version) as next_from
    from versions
),

final as (
    select
        kpi_id,
        version,
        valid_from,
        case when next_from is not null then {{ add_days('next_from', -1) }} end as valid_through,
        kind,
        unit,
        definition,
        changed_by,
        changed_at
    from spans
    where next_from is null or next_from > valid_from
)

select * from final
