with

targets as (
    select * from {{ ref('int_targets_resolved') }}
),

versions as (
    select * from {{ ref('int_target_version') }}
),

lines as (
    select * from {{ ref('int_targets_spanned') }}
),

resolved as (
    select * from {{ ref('int_resolved_target') }}
),

key_results as (
    select * from {{ ref('int_key_results_dated') }}
    where role = 'key_result'
),

-- A reason that was written after the day of the change counts too, as long as the target is the same.
definitions as (
    select * from {{ ref('stg_definitions__key_results') }}
),

final as (
    select
        targets.key_result_id,
        cast(targets.version as {{ dbt.type_bigint() }}) as version,
        targets.valid_from,
        targets.valid_through,
        targets.type,
        targets.kpi_id,
        targets.baseline,
        targets.target,
        targets.low,
        targets.high,
        key_results.unit,
        resolved.resolved_on as baseline_fixed_on,
        resolved.loaded_at as baseline_loaded_at,
        versions.changed_by,
        versions.changed_at,
        coalesce(definitions.change_reason, versions.change_reason) as reason,
        versions.plan_kpi_id
    from targets
    inner join key_results
        on targets.key_result_id = key_results.key_result_id
    inner join versions
        on targets.key_result_id = versions.key_result_id and targets.version = versions.version
    inner join lines
        on targets.key_result_id = lines.key_result_id and targets.version = lines.version
    left join definitions
        on versions.key_result_id = definitions.key_result_id and versions.signature = definitions.signature
    left join resolved
        on lines.key_result_id = resolved.key_result_id and lines.signature = resolved.signature
)

select * from final
