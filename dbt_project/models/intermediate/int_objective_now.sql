-- The last day's row of each objective, with the sentence that explains its status.
with

objectives as (
    select * from {{ ref('int_objective') }}
),

days as (
    select * from {{ ref('fct_objective_daily') }}
),

phrases as (
    select * from {{ ref('int_phrase') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

newest as (
    select
        objective_id,
        max(date) as date
    from days
    group by objective_id
),

dated as (
    select
        objectives.objective_id,
        objectives.period_start,
        objectives.period_days,
        {{ days_between('objectives.period_start', 'coalesce(days.date, objectives.today)') }} + 1 as day_no,
        coalesce(days.date, objectives.today) as date,
        days.score,
        days.expected,
        coalesce(days.coverage, 0) as coverage,
        days.weakest_key_result_id,
        case
            when days.status is not null then days.status
            when objectives.today < objectives.period_start then 'scheduled'
            else 'no_data'
        end as status,
        case
            when days.status in ('achieved', 'missed') then 'objective_final'
            when days.status = 'too_early' then 'objective_too_early'
            when days.status <> 'no_data' then 'objective_running'
            when days.status is null and objectives.today < objectives.period_start then 'scheduled'
            else 'objective_no_data'
        end as phrase,
        settings.language,
        {{ success_line('objectives.ambition') }} as success_line
    from objectives
    cross join settings
    left join newest
        on objectives.objective_id = newest.objective_id
    left join days
        on newest.objective_id = days.objective_id and newest.date = days.date
),

spelled as (
    select
        dated.*,
        phrases.text,
        {{ day_text('dated.period_start') }} as start_text,
        {{ percent_text('dated.score', 'dated.language') }} as progress_text,
        {{ percent_text('dated.expected', 'dated.language') }} as expected_text,
        {{ percent_text('dated.coverage', 'dated.language') }} as covered_text,
        {{ percent_text('dated.success_line', 'dated.language') }} as line_text,
        {{ number_text('dated.day_no', 'dated.language') }} as day_text,
        {{ number_text('dated.period_days', 'dated.language') }} as days_text
    from dated
    inner join phrases
        on dated.phrase = phrases.phrase
),

final as (
    select
        objective_id,
        date,
        score,
        expected,
        coverage,
        weakest_key_result_id,
        status,
        phrase as reason_code,
        day_no,
        period_days,
        success_line,
        {{ fill('text', [
            'start_text', 'progress_text', 'expected_text', 'covered_text', 'line_text', 'day_text', 'days_text'
        ]) }} as status_reason
    from spelled
)

select * from final
