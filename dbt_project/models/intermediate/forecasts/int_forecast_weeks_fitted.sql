{# A flow's level drifts by about this share of itself in a quarter of 13 weeks. #}
{% set drift = 0.22 %}

-- Blocks of seven days, each with every day of the week once, so that nothing of the weekly rhythm is in their spread:
-- sums over the chain of blocks that ends on each day, within the period and within the weeks before it. Of them the
-- slope from week to week and the variance around it, from the period's blocks and the weeks before, brought to the
-- period's level (at most fivefold). The slope counts as far as it stands out against the drift one must expect.
with

days as (
    select * from {{ ref('int_forecast_days_learnt') }}
),

weeks as (
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
    from weeks
    where day_no >= 7
),

blocks as (
    select
        key_result_id,
        date,
        is_in_period,
        {{ to_double('block_no') }} as blocks,
        sum(block_mean) over ({{ so_far('key_result_id, is_in_period, day_no % 7') }}) as block_sum,
        sum(block_mean * block_mean) over ({{ so_far('key_result_id, is_in_period, day_no % 7') }}) as square_sum,
        sum(block_mean * block_no) over ({{ so_far('key_result_id, is_in_period, day_no % 7') }}) as moment_sum
    from chained
),

moments as (
    select
        key_result_id,
        date,
        is_in_period,
        blocks,
        block_sum / blocks as level,
        square_sum - block_sum * block_sum / blocks as squares,
        moment_sum - block_sum * (blocks + 1) / 2 as products,
        blocks * (blocks * blocks - 1) / 12 as distances
    from blocks
),

last_before as (
    select
        key_result_id,
        max(date) as date
    from moments
    where not is_in_period
    group by key_result_id
),

joined as (
    select
        moments.*,
        coalesce(history.blocks, 1) as blocks_before,
        coalesce(history.squares, 0) as squares_before,
        coalesce(history.products, 0) as products_before,
        coalesce(history.distances, 0) as distances_before,
        case
            when history.level is null or history.level <= 0 or moments.level <= 0 then 1.0
            when moments.level > 5 * history.level then 5.0
            when moments.level < history.level / 5 then 0.2
            else moments.level / history.level
        end as scale
    from moments
    left join last_before
        on moments.key_result_id = last_before.key_result_id
    left join moments as history
        on last_before.key_result_id = history.key_result_id and last_before.date = history.date
    where moments.is_in_period
),

fitted as (
    select
        key_result_id,
        date,
        level,
        blocks + blocks_before - 3 as degrees,
        distances + distances_before as distances,
        {{ quotient('products + scale * products_before', 'distances + distances_before') }} as slope,
        squares + scale * scale * squares_before as squares
    from joined
    where blocks + blocks_before >= 5
),

spread as (
    select
        *,
        {{ larger_of_zero('(squares - slope * slope * distances) / degrees') }} as block_variance,
        power({{ drift }} * level / 13, 2) as drift_variance
    from fitted
),

final as (
    select
        key_result_id,
        date,
        degrees,
        slope,
        7 * block_variance as day_variance,
        block_variance / distances as slope_variance,
        coalesce({{ quotient('drift_variance', 'drift_variance + block_variance / distances') }}, 0) as slope_share
    from spread
)

select * from final
