with

now_rows as (
    select * from {{ ref('int_key_result_now') }}
    where is_restated
),

key_results as (
    select * from {{ ref('int_key_result') }}
),

lines as (
    select * from {{ ref('int_target_line') }}
    where is_current and kpi_kind in ('flow', 'ratio')
),

coverage as (
    select * from {{ ref('int_kpi_coverage') }}
),

phrases as (
    select * from {{ ref('int_phrase') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

restated as (
    select
        now_rows.key_result_id,
        phrases.text,
        {{ value_text('now_rows.baseline_kept', 'key_results.unit', 'settings.language', 'settings.currency') }}
        as kept_text,
        {{ value_text('now_rows.baseline_now', 'key_results.unit', 'settings.language', 'settings.currency') }}
        as now_text
    from now_rows
    inner join key_results
        on now_rows.key_result_id = key_results.key_result_id
    inner join phrases
        on phrases.phrase = 'restated'
    cross join settings
),

-- A sum over half a quarter is a target too easily reached.
begun as (
    select
        lines.key_result_id,
        phrases.text,
        coverage.first_day,
        {{ day_text('coverage.first_day') }} as first_text
    from lines
    inner join coverage
        on lines.kpi_id = coverage.kpi_id and lines.baseline_start < coverage.first_day
    inner join phrases
        on phrases.phrase = 'baseline_begins'
    where coverage.first_day <= lines.baseline_end
),

final as (
    select
        coalesce(restated.key_result_id, begun.key_result_id) as key_result_id,
        case when restated.key_result_id is not null then 'restated' else 'baseline_begins' end as baseline_note_code,
        begun.first_day as baseline_from,
        coalesce(
            {{ fill('restated.text', ['kept_text', 'now_text']) }}, {{ fill('begun.text', ['first_text']) }}
        ) as baseline_note
    from restated
    full outer join begun
        on restated.key_result_id = begun.key_result_id
)

select * from final
