-- Blocks of seven days, each with every day of the week once, so that nothing of the weekly rhythm is in their spread:
-- sums over the chain of blocks that ends on each day, within the period and within the weeks before it.
with

days as (
    select * from {{ ref('int_forecast_weekday') }}
),

blocks as (
    select
        key_result_id,
        date,
        is_in_period,
        day_no,
        sum(amount) over ({{ last_week('key_result_id, is_in_period') }}) / 7 as block_mean
    from days
),

chained as (
    select
        *,
        row_number() over ({{ so_far('key_result_id, is_in_period, day_no % 7') }}) as block_no
    from blocks
    where day_no >= 7
),

final as (
    select
        key_result_id,
        date,
        is_in_period,
        {{ to_double('block_no') }} as blocks,
        sum(block_mean) over ({{ so_far('key_result_id, is_in_period, day_no % 7') }}) as block_sum,
        sum(block_mean * block_mean) over ({{ so_far('key_result_id, is_in_period, day_no % 7') }}) as square_sum,
        sum(block_mean * block_no) over ({{ so_far('key_result_id, is_in_period, day_no % 7') }}) as moment_sum
    from chained
)

select * from final
