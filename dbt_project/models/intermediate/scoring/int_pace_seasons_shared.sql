-- The share of its last-year total that a flow had reached on the same day of last year's period. None where last
-- year is not known from its first day on, or came to nothing: pace is linear there.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where pace_kind = 'seasonal'
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
    where kind = 'flow'
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

uncounted as (
    select * from {{ ref('int_key_result_days_counted') }}
    where not is_counted
),

spine as (
    select
        key_results.key_result_id,
        key_results.kpi_id,
        key_results.period_start,
        key_results.period_end,
        key_results.last_year_start,
        key_results.last_year_end,
        dates.date
    from key_results
    inner join coverage
        on
            key_results.kpi_id = coverage.kpi_id
            and key_results.last_year_start >= coverage.first_day
            and key_results.last_year_end <= coverage.data_through
    inner join dates
        on dates.date between key_results.last_year_start and key_results.last_year_end
),

-- Days that do not count this year do not count of last year's either.
counting as (
    select
        spine.*,
        {{ add_days('spine.period_start', days_between('spine.last_year_start', 'spine.date')) }} as same_day
    from spine
),

summed as (
    select
        spine.*,
        sum(days.numerator) over ({{ so_far('spine.key_result_id', 'spine.date') }}) as reached,
        sum(days.numerator) over (partition by spine.key_result_id) as total,
        sum(case when days.date is not null and days.numerator is null then 1 else 0 end)
            over (partition by spine.key_result_id)
        as unknown
    from counting as spine
    inner join key_results
        on spine.key_result_id = key_results.key_result_id and spine.same_day >= key_results.runs_from
    left join uncounted
        on spine.key_result_id = uncounted.key_result_id and spine.same_day = uncounted.date
    left join days
        on spine.kpi_id = days.kpi_id and spine.date = days.date and uncounted.date is null
),

final as (
    select
        key_result_id,
        same_day as date,
        {{ clamp_share(quotient('coalesce(reached, 0)', 'total')) }} as share
    from summed
    where unknown = 0 and total > 0
)

select * from final
