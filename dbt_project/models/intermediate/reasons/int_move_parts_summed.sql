{{ config(materialized='table') }}
{% set window = ['before_start', 'before_end', 'after_start', 'after_end'] %}

-- A flow and a ratio are summed over a window; a level is what a campaign said last before the window's end.
with

moves as (
    select * from {{ ref('int_moves_spanned') }}
),

spans as (
    select * from {{ ref('int_move_days_counted') }}
),

-- Key results over one KPI have mostly the same windows: each is summed once.
windows as (
    select distinct kpi_id, kind, {{ window | join(', ') }}
    from moves
),

summed as (
    select
        windows.kpi_id,
        windows.{{ window | join(', windows.') }},
        spans.channel,
        spans.account_id,
        spans.campaign_id,
        {% for side in ['before', 'after'] -%}
        {% set inside -%}
        case
            when windows.kind = 'stock'
                then
                    spans.date <= windows.{{ side }}_end
                    and (spans.next_date > windows.{{ side }}_end or spans.next_date is null)
            else spans.date between windows.{{ side }}_start and windows.{{ side }}_end
        end
        {%- endset -%}
        {{ whole_sum('spans.numerator', inside) }} as numerator_{{ side }},
        {{ whole_sum('spans.denominator', inside) }} as denominator_{{ side }},
        {{ any_row(inside) }} as is_there_{{ side }}{{ ',' if not loop.last }}
        {% endfor %}
    from windows
    inner join spans
        on
            windows.kpi_id = spans.kpi_id
            and windows.after_end >= spans.date
            -- of two years of days most are before both windows
            and (
                windows.kind = 'stock'
                or spans.date >= coalesce(windows.before_start, windows.after_start)
            )
    group by
        windows.kpi_id, windows.{{ window | join(', windows.') }}, spans.channel, spans.account_id, spans.campaign_id
),

final as (
    select
        moves.key_result_id,
        moves.comparison,
        moves.kind,
        moves.expected_amount,
        summed.channel,
        summed.account_id,
        summed.campaign_id,
        summed.numerator_before,
        summed.denominator_before,
        summed.is_there_before,
        summed.numerator_after,
        summed.denominator_after,
        summed.is_there_after
    from moves
    inner join summed
        on
            moves.kpi_id = summed.kpi_id
            {% for end in window -%}
            and moves.{{ end }} = summed.{{ end }}
            {% endfor %}
    where summed.is_there_before or summed.is_there_after
)

select * from final
