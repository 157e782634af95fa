{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

-- Only the past knows how a KPI was defined before, so no full refresh may drop these rows.
with

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

{% if is_incremental() -%}
newest as (
    select
        *,
        row_number() over (partition by kpi_id order by version desc) as newest_first
    from {{ this }}
),

{% endif -%}
final as (
    select
        kpis.kpi_id,
        cast({{ 'coalesce(newest.version, 0) + 1' if is_incremental() else 1 }} as {{ dbt.type_bigint() }}) as version,
        context.today as valid_from,
        context.refresh_id,
        kpis.signature,
        kpis.definition,
        kpis.kind,
        kpis.unit,
        kpis.changed_by,
        kpis.changed_at
    from kpis
    cross join context
    {% if is_incremental() -%}
    left join newest
        on kpis.kpi_id = newest.kpi_id and newest.newest_first = 1
    where newest.version is null or newest.signature <> kpis.signature
    {%- endif %}
)

select * from final
