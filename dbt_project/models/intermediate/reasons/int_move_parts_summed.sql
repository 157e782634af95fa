{{ config(materialized='table') }}

-- A flow and a ratio are summed over a window; a level is what a campaign said last before the window's end.
with

moves as (
    select * from {{ ref('int_moves_spanned') }}
),

parts as (
    select * from {{ ref('int_kpi_parts_listed') }}
),

campaigns as (
    {{ campaigns_of_kpis() }}
),

measures as (
    {{ measures_of_kpis() }}
),

days as (
    select
        parts.kpi_id,
        parts.kind,
        measures.date,
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        {{ whole_sum('measures.value', "parts.part = 'numerator'") }} as numerator,
        {{ whole_sum('measures.value', "parts.part = 'denominator'") }} as denominator
    from parts
    inner join campaigns
        on parts.kpi_id = campaigns.kpi_id
    inner join measures
        on
            parts.measure = measures.measure
            and campaigns.channel = measures.channel
            and campaigns.account_id = measures.account_id
            and campaigns.campaign_id = measures.campaign_id
            and campaigns.source_file = measures.source_file
            and measures.date >= campaigns.valid_from and measures.date < campaigns.next_from
    where parts.kpi_id in (select kpi_id from moves) and parts.kind <> 'distinct'
    group by parts.kpi_id, parts.kind, measures.date, measures.channel, measures.account_id, measures.campaign_id
),

spans as (
    select
        *,
        lead(date) over (partition by kpi_id, channel, account_id, campaign_id order by date) as next_date
    from days
),

final as (
    select
        moves.key_result_id,
        moves.comparison,
        moves.kind,
        moves.expected_amount,
        spans.channel,
        spans.account_id,
        spans.campaign_id,
        {% for side in ['before', 'after'] -%}
        {% set inside -%}
        case
            when moves.kind = 'stock'
                then
                    spans.date <= moves.{{ side }}_end
                    and (spans.next_date > moves.{{ side }}_end or spans.next_date is null)
            else spans.date between moves.{{ side }}_start and moves.{{ side }}_end
        end
        {%- endset -%}
        {{ whole_sum('spans.numerator', inside) }} as numerator_{{ side }},
        {{ whole_sum('spans.denominator', inside) }} as denominator_{{ side }},
        {{ any_row(inside) }} as is_there_{{ side }}{{ ',' if not loop.last }}
        {% endfor %}
    from moves
    inner join spans
        on moves.kpi_id = spans.kpi_id and spans.date <= moves.after_end
    group by
        moves.key_result_id, moves.comparison, moves.kind, moves.expected_amount, spans.channel, spans.account_id,
        spans.campaign_id
)

select * from final
where is_there_before or is_there_after
