{{ config(materialized='table') }}

-- How far files speak of each measure. What a file has of one account it says of all of them: an account without rows
-- on its last days had nothing there. An account of several files reaches as far as the furthest of them.
with

measures as (
    select * from {{ ref('stg_files__measures') }}
),

file_measures as (
    select
        channel,
        source_file,
        account_id,
        measure,
        max(spoken_through) as spoken_through,
        max(cadence_days) as cadence_days,
        {{ any_row('is_ended') }} as is_ended
    from {{ ref('stg_files__file_measures') }}
    group by channel, source_file, account_id, measure
),

context as (
    select
        today,
        {{ add_days('today', -1) }} as yesterday
    from {{ ref('stg_definitions__context') }}
),

-- A plan's days to come are no news of the days before them.
by_account as (
    select
        measures.channel,
        measures.source_file,
        measures.account_id,
        measures.measure,
        max(case when measures.date < context.today then measures.date end) as last_day
    from measures
    cross join context
    group by measures.channel, measures.source_file, measures.account_id, measures.measure
),

by_file as (
    select
        *,
        max(last_day) over (partition by channel, source_file, measure) as file_day
    from by_account
),

reached as (
    select
        by_file.channel,
        by_file.account_id,
        by_file.measure,
        coalesce(file_measures.cadence_days, 3) as cadence_days,
        coalesce(file_measures.is_ended, false) as is_ended,
        file_measures.spoken_through is null as has_only_its_days,
        case
            when file_measures.spoken_through > by_file.file_day or by_file.file_day is null
                then {{ earlier('file_measures.spoken_through', 'context.yesterday') }}
            else by_file.file_day
        end as day_reached
    from by_file
    cross join context
    left join file_measures
        on
            by_file.channel = file_measures.channel
            and by_file.source_file = file_measures.source_file
            and by_file.account_id = file_measures.account_id
            and by_file.measure = file_measures.measure
),

together as (
    select
        channel,
        account_id,
        measure,
        max(day_reached) as data_through,
        min(case when cadence_days > 0 then cadence_days end) as cadence_days,
        {{ any_row('is_ended') }} as is_ended,
        {{ any_row('has_only_its_days') }} as has_only_its_days
    from reached
    group by channel, account_id, measure
),

final as (
    select
        together.channel,
        together.account_id,
        together.measure,
        together.data_through,
        together.is_ended,
        together.has_only_its_days,
        together.cadence_days,
        case
            when together.is_ended then 'ended'
            -- It has days to come alone, as a plan of the next quarter has.
            when together.data_through is null then 'fresh'
            when {{ days_between('together.data_through', 'context.yesterday') }} > together.cadence_days then 'stale'
            else 'fresh'
        end as state
    from together
    cross join context
)

select * from final
