{{ config(materialized='table') }}

{% set text, number = dbt.type_string(), double_type() %}
-- What was closed and reported before counts where it was published.
with

judged as (
    select * from {{ ref('int_closings_judged') }}
),

publications as (
    select * from {{ ref('stg_ops__publications') }}
),

reopenings as (
    select
        key_result_id,
        reopened_on,
        max(reopened_by) as reopened_by,
        max(reason) as reason
    from {{ ref('stg_definitions__reopenings') }}
    group by key_result_id, reopened_on
),

closed_before as (
    {{ kept_before('int_key_result_closed', {
        'key_result_id': text, 'period_id': text, 'closing': dbt.type_bigint(), 'closed_on': 'date',
        'reopened_on': 'date'
    }) }}
),

reported_before as (
    {{ kept_before('fct_key_result_reported', {
        'key_result_id': text, 'date': 'date', 'reported_on': 'date', 'value': number, 'score': number, 'status': text
    }, schema='marts') }}
),

kept as (
    select
        key_result_id,
        period_id,
        max(closing) as closing,
        max(closed_on) as closed_on,
        max(reopened_on) as reopened_on
    from closed_before
    where closed_on in (select publications.published_on from publications)
    group by key_result_id, period_id
),

-- An upgrade, or a closing that was lost: the last report of a day on which it had to be closed is what people saw.
reported as (
    select
        reported_before.*,
        row_number() over (
            partition by reported_before.key_result_id order by reported_before.reported_on desc
        ) as newest_first
    from judged
    inner join reported_before
        on
            judged.key_result_id = reported_before.key_result_id
            and judged.period_end = reported_before.date
            and judged.closes_from <= reported_before.reported_on
            and judged.today > reported_before.reported_on
    where reported_before.reported_on in (select publications.published_on from publications)
),

decided as (
    select
        judged.key_result_id,
        cast(1 as {{ dbt.type_bigint() }}) as closing,
        cast(null as date) as reopened_on,
        cast(null as {{ text }}) as reopened_by,
        cast(null as {{ text }}) as reopen_reason
    from judged
    left join kept
        on judged.key_result_id = kept.key_result_id and judged.period_id = kept.period_id
    where judged.is_closing and kept.key_result_id is null

    union all

    select
        judged.key_result_id,
        kept.closing + row_number() over (partition by judged.key_result_id order by reopenings.reopened_on) as closing,
        reopenings.reopened_on,
        reopenings.reopened_by,
        reopenings.reason as reopen_reason
    from judged
    inner join kept
        on judged.key_result_id = kept.key_result_id and judged.period_id = kept.period_id
    inner join reopenings
        on
            judged.key_result_id = reopenings.key_result_id
            and kept.closed_on <= reopenings.reopened_on
            and judged.today >= reopenings.reopened_on
            and (kept.reopened_on is null or kept.reopened_on < reopenings.reopened_on)
    where judged.is_closing and judged.is_whole
),

final as (
    select
        decided.*,
        case
            when decided.reopened_on is not null then 'reopened'
            when reported.key_result_id is not null then 'reported'
            else 'refresh'
        end as origin,
        reported.value as reported_value,
        reported.score as reported_score,
        reported.status as reported_status
    from decided
    left join reported
        on
            decided.reopened_on is null
            and decided.key_result_id = reported.key_result_id
            and reported.newest_first = 1
)

select * from final
