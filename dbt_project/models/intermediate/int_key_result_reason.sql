{{ config(materialized='table') }}

with

judged as (
    select * from {{ ref('int_key_result_status') }}
),

key_results as (
    select * from {{ ref('int_key_result') }}
),

phrases as (
    select * from {{ ref('int_phrase') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

chosen as (
    select
        judged.*,
        key_results.unit,
        key_results.baseline_start,
        key_results.baseline_end,
        settings.language,
        settings.currency,
        judged.reason_code as phrase,
        judged.type || case when judged.kpi_kind = 'flow' then '/flow' else '/other' end as detail_phrase
    from judged
    inner join key_results
        on judged.key_result_id = key_results.key_result_id
    cross join settings
),

worded as (
    select
        chosen.*,
        replace(sentences.text, '{detail}', coalesce(details.text, '')) as text
    from chosen
    inner join phrases as sentences
        on chosen.phrase = sentences.phrase
    left join phrases as details
        on chosen.detail_phrase = details.phrase
),

spelled as (
    select
        key_result_id,
        date,
        text,
        {% for name, spelling in reason_numbers().items() -%}
        {{ spelling }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from worded
),

final as (
    select
        key_result_id,
        date,
        {{ fill('text', reason_numbers().keys()) }} as status_reason
    from spelled
)

select * from final
