-- What each member adds to the move. A ratio's parts are c = n1/D1 - n0/D0 - R (d1/D1 - d0/D0), R the mean of both
-- ratios: they add up to R1 - R0, divide by no member's own denominator, and a channel's is the sum of its campaigns'.
-- The share of it that a member's own rate moved is the rate effect, all else the volume's. Rounded to 12 places, the
-- remainder is the largest part's, so that the sum is exact.
with

members as (
    select * from {{ ref('int_move_members_summed') }}
    where
        not is_any_unknown
        and (kind <> 'ratio' or (total_denominator_before > 0 and total_denominator_after > 0))
        and (comparison <> 'pace' or total_numerator_before > 0)
),

split as (
    select
        *,
        case
            when comparison = 'pace' then expected_amount
            when kind <> 'ratio' then total_numerator_before
        end as total_before,
        {{ quotient('total_numerator_before', 'total_denominator_before') }} as ratio_before,
        {{ quotient('total_numerator_after', 'total_denominator_after') }} as ratio_after,
        {{ quotient('denominator_before', 'total_denominator_before') }} as share_before,
        {{ quotient('denominator_after', 'total_denominator_after') }} as share_after,
        {{ quotient('numerator_before', 'denominator_before') }} as rate_before,
        {{ quotient('numerator_after', 'denominator_after') }} as rate_after
    from members
),

quotients as (
    select
        *,
        case when kind = 'ratio' then ratio_after - ratio_before else {{ to_double('0') }} end as ratio_move,
        case
            when kind = 'ratio'
                then
                    {{ quotient('numerator_after', 'total_denominator_after') }}
                    - {{ quotient('numerator_before', 'total_denominator_before') }}
                    - (ratio_before + ratio_after) / 2 * (share_after - share_before)
            when comparison = 'pace'
                then -{{ quotient('numerator_before', 'total_numerator_before') }} * {{ to_double('expected_amount') }}
            else {{ to_double('0') }}
        end as quotient_part,
        case when kind = 'ratio' then (share_before + share_after) / 2 * (rate_after - rate_before) end as rate_part,
        case when kind = 'ratio' then 0 else numerator_after end as part_after,
        case when kind = 'ratio' or comparison = 'pace' then 0 else numerator_before end as part_before,
        case when kind = 'ratio' then 0 else total_numerator_after end as whole_after,
        case when kind = 'ratio' then 0 else total_before end as whole_before
    from split
),

measured as (
    select
        *,
        {{ places_of_double('quotient_part') }} + {{ to_places('part_after') }} - {{ to_places('part_before') }}
        as rough,
        {{ places_of_double('ratio_move') }} + {{ to_places('whole_after') }} - {{ to_places('whole_before') }} as move,
        coalesce({{ places_of_double('rate_part') }}, 0) as rate_effect
    from quotients
),

ranked as (
    select
        *,
        row_number() over (
            partition by key_result_id, comparison, dimension order by abs(rough) desc, member
        ) as position,
        {{ to_places('move') }}
        - {{ to_places('sum(rough) over (partition by key_result_id, comparison, dimension)') }} as remainder
    from measured
),

exact as (
    select
        *,
        {{ to_places('rough') }} + case when position = 1 then remainder else 0 end as contribution
    from ranked
),

windows as (
    select
        key_result_id,
        comparison,
        weeks_unit
    from {{ ref('int_moves_spanned') }}
),

rounded as (
    select
        key_result_id,
        comparison,
        dimension,
        member,
        member_title,
        cast(contribution as decimal(38, 12)) as contribution,
        cast({{ to_places('contribution') }} - case when kind = 'ratio' then rate_effect else 0 end as decimal(38, 12))
        as volume_effect,
        cast(rate_effect as decimal(38, 12)) as rate_effect,
        case
            when not is_there_before then 'new'
            when not is_there_after then 'ended'
            else 'both'
        end as member_state,
        case when kind = 'ratio' then ratio_before else {{ to_double('total_before') }} end as value_before,
        case when kind = 'ratio' then ratio_after else {{ to_double('total_numerator_after') }} end as value_after,
        position
    from exact
),

final as (
    select
        rounded.*,
        windows.weeks_unit
    from rounded
    inner join windows
        on rounded.key_result_id = windows.key_result_id and rounded.comparison = windows.comparison
)

select * from final
