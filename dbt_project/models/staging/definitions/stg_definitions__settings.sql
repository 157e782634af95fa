with

source as (
    select * from {{ source('definitions', 'settings') }}
),

final as (
    select
        organisation,
        upper(currency) as currency,
        timezone,
        locale,
        language,
        status_on_track,
        status_at_risk,
        grace,
        success_committed,
        success_aspirational,
        check_in_stale_after_days,
        close_after_days,
        days_before_monday,
        gate_stale_after_days,
        gate_least_fresh,
        gate_least_kept,
        check_in_repository,
        check_in_host,
        check_in_branch,
        check_in_folder,
        check_in_desk,
        check_in_form
    from source
)

select * from final
