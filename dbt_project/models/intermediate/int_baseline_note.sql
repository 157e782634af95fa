-- What has to be known of a relative baseline: it has changed since, or its sources begin within it.
with

now_rows as (
    select * from {{ ref('int_key_result_now') }}
    where is_restated
),

lines as (
    select * from {{ ref('int_target_line') }}
    where is_current and kpi_kind in ('flow', 'ratio')
),

coverage as (
    select * from {{ ref('int_kpi_coverage') }}
),

-- A sum over half a quarter is a target too easily reached.
begun as (
    select
        lines.key_result_id,
        coverage.first_day
    from lines
    inner join coverage
        on lines.kpi_id = coverage.kpi_id and lines.baseline_start < coverage.first_day
    where coverage.first_day <= lines.baseline_end
),

final as (
    select
        coalesce(now_rows.key_result_id, begun.key_result_id) as key_result_id,
        case when now_rows.key_result_id is not null then 'restated' else 'baseline_begins' end as baseline_note_code,
        begun.first_day as baseline_from
    from now_rows
    full outer join begun
        on now_rows.key_result_id = begun.key_result_id
)

select * from final
