-- The first version reaches back to the period's start; each ends the day before the next begins.
with

versions as (
    select * from {{ ref('int_target_version') }}
),

key_results as (
    select * from {{ ref('int_key_result') }}
),

-- Of several versions of one day the last counts.
standing as (
    select
        *,
        row_number() over (partition by key_result_id, valid_from order by version desc) as newest_first
    from versions
),

spans as (
    select
        *,
        row_number() over (partition by key_result_id order by valid_from) as line_no,
        lead(valid_from) over (partition by key_result_id order by valid_from) as next_valid_from
    from standing
    where newest_first = 1
),

final as (
    select
        spans.key_result_id,
        spans.version,
        case when spans.line_no = 1 then key_results.period_start else spans.valid_from end as valid_from,
        case
            when spans.next_valid_from is not null then {{ add_days('spans.next_valid_from', -1) }}
        end as valid_through,
        spans.next_valid_from is null as is_current,
        spans.signature,
        spans.type,
        spans.kpi_id,
        spans.kpi_kind,
        {{ to_double('spans.target') }} as target,
        spans.change,
        {{ to_double('spans.low') }} as low,
        {{ to_double('spans.high') }} as high,
        spans.baseline_kind,
        {{ to_double('spans.baseline_value') }} as baseline_value,
        spans.baseline_start,
        spans.baseline_end
    from spans
    inner join key_results
        on spans.key_result_id = key_results.key_result_id
)

select * from final
