{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

-- Baselines that are final, as they were on the day they became so, with the load they came from: kept whatever the
-- vendor restates later.
with

lines as (
    select * from {{ ref('int_targets_spanned') }}
    where baseline_start is not null
),

values_now as (
    select * from {{ ref('int_baselines_valued') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

{% if is_incremental() -%}
kept as (
    select * from {{ this }}
),

{% endif -%}
final as (
    select
        lines.key_result_id,
        lines.signature,
        values_now.value as baseline,
        context.today as resolved_on,
        context.refresh_id,
        coverage.last_load_at as loaded_at
    from lines
    inner join values_now
        on
            lines.kpi_id = values_now.kpi_id
            and lines.baseline_start = values_now.start_date
            and lines.baseline_end = values_now.end_date
    inner join coverage
        on lines.kpi_id = coverage.kpi_id
    cross join context
    {% if is_incremental() -%}
    left join kept
        on
            lines.key_result_id = kept.key_result_id
            and lines.signature = kept.signature
    {% endif -%}
    where
        lines.is_current
        and values_now.value is not null
        and (values_now.data_share is null or values_now.data_share >= lines.least_coverage)
        and (values_now.value > 0 or lines.change is null)
        and (coverage.provisional_from is null or coverage.provisional_from > lines.baseline_end)
        {% if is_incremental() -%}
        and kept.key_result_id is null
        {%- endif %}
)

select * from final
