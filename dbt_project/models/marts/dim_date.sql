with

context as (
    select * from {{ ref('stg_definitions__context') }}
),

periods as (
    select * from {{ ref('stg_definitions__periods') }}
),

key_results as (
    select * from {{ ref('stg_definitions__key_results') }}
),

measures as (
    select * from {{ ref('int_measures_converted') }}
),

named_days as (
    select today as date from context
    union all
    select start_date as date from periods
    union all
    select end_date as date from periods
    union all
    select baseline_start as date from key_results
    union all
    select last_year_start as date from key_results
    union all
    select min(date) as date from measures
),

final as (
    {{ calendar('named_days') }}
)

select * from final
