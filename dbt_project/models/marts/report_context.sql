{{ config(tags=['every_refresh']) }}

with

context as (
    select * from {{ ref('stg_definitions__context') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

sources as (
    select * from {{ ref('int_sources_judged') }}
),

newest as (
    select max(data_through) as data_through from sources
),

final as (
    select
        settings.organisation,
        settings.currency,
        settings.timezone,
        settings.locale,
        settings.language,
        context.today,
        context.refresh_id,
        context.refreshed_at,
        coalesce(newest.data_through, context.today) as data_through,
        settings.status_on_track,
        settings.status_at_risk,
        settings.grace,
        settings.success_committed,
        settings.success_aspirational,
        settings.check_in_repository,
        settings.check_in_host,
        settings.check_in_branch,
        settings.check_in_folder,
        settings.check_in_desk,
        settings.check_in_form
    from context
    cross join settings
    cross join newest
)

select * from final
