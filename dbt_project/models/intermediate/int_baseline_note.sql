with

now_rows as (
    select * from {{ ref('int_key_result_now') }}
    where is_restated
),

key_results as (
    select * from {{ ref('int_key_result') }}
),

phrases as (
    select * from {{ ref('int_phrase') }}
    where phrase = 'restated'
),

settings as (
    select * from {{ source('definitions', 'settings') }}
),

spelled as (
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
    cross join phrases
    cross join settings
),

final as (
    select
        key_result_id,
        {{ fill('text', ['kept_text', 'now_text']) }} as baseline_note
    from spelled
)

select * from final
