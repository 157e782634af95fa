-- Where milestones have due dates, the weight due by each day; one without a date is due at the end.
with

key_results as (
    select * from {{ ref('int_key_results_dated') }}
    where reads = 'done'
),

milestones as (
    select * from {{ ref('stg_definitions__milestones') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

final as (
    select
        key_results.key_result_id,
        dates.date,
        {{ quotient(
            stable_sum(
                'case when coalesce(milestones.due, key_results.period_end) <= dates.date'
                ~ ' then milestones.weight else 0 end'
            ),
            stable_sum('milestones.weight')
        ) }} as share
    from key_results
    inner join milestones
        on key_results.key_result_id = milestones.key_result_id
    inner join dates
        on dates.date between {{ add_days('key_results.period_start', -1) }} and key_results.period_end
    group by key_results.key_result_id, dates.date
    having count(milestones.due) > 0
)

select * from final
