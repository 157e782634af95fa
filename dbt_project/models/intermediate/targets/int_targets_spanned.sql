{{ config(materialized='table') }}

-- The first version reaches back to the period's start; each ends the day before the next begins. Versions of another
-- period are none of this one: a key result may move on to the next quarter under its old id. One whose plan does not
-- cover the period counts only until it does.
with

versions as (
    select * from {{ ref('int_target_version') }}
),

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

numbered as (
    select
        versions.*,
        lead(versions.version) over (partition by versions.key_result_id order by versions.version) as next_version
    from versions
    inner join key_results
        on versions.key_result_id = key_results.key_result_id and versions.period_id = key_results.period_id
),

-- Of several versions of one day the last counts.
last_of_day as (
    select
        *,
        row_number() over (partition by key_result_id, valid_from order by version desc) as newest_first
    from numbered
    where plan_kpi_id is null or target is not null or next_version is null
),

spans as (
    select
        *,
        row_number() over (partition by key_result_id order by valid_from) as line_no,
        lead(valid_from) over (partition by key_result_id order by valid_from) as next_valid_from
    from last_of_day
    where newest_first = 1
),

lines as (
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
        -- What a KPI is now: a kind that was fixed holds for all days, as the KPI's own values do.
        coalesce(kpis.kind, spans.kpi_kind) as kpi_kind,
        {{ to_double('spans.target') }} as target,
        spans.change,
        {{ to_double('spans.low') }} as low,
        {{ to_double('spans.high') }} as high,
        spans.baseline_kind,
        {{ to_double('spans.baseline_value') }} as baseline_value,
        spans.baseline_start,
        spans.baseline_end,
        spans.plan_kpi_id,
        spans.plan_missing_from,
        key_results.least_coverage,
        coalesce(kpis.is_signed, false) as is_signed,
        types.is_held,
        types.needs_dates,
        types.reads,
        types.limit_low_from,
        types.limit_high_from,
        types.size_start,
        types.size_sign
    from spans
    inner join key_results
        on spans.key_result_id = key_results.key_result_id
    left join kpis
        on spans.kpi_id = kpis.kpi_id
    -- A version of a type that is no longer installed scores nothing.
    left join {{ ref('stg_definitions__key_result_types') }} as types
        on spans.type = types.type
),

final as (
    select
        *,
        case limit_low_from when 'target' then target when 'low' then low end as limit_low,
        case limit_high_from when 'target' then target when 'high' then high end as limit_high
    from lines
)

select * from final
