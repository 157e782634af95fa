{#
Targets that are taken from a plan, day by day: what the plan's KPI has on each day of a key result, on those that count.
No model of its own, so that versions of targets come no later than they did.
#}
{% macro plan_days() -%}
    select
        counted.key_result_id,
        kpis.kind,
        kpis.grain,
        counted.date,
        counted.is_counted,
        counted.day_no,
        days.date as row_date,
        days.numerator,
        days.denominator,
        days.value
    from {{ ref('stg_definitions__key_results') }} as key_results
    inner join {{ ref('stg_definitions__kpis') }} as kpis
        on key_results.plan_kpi_id = kpis.kpi_id
    inner join {{ ref('int_key_result_days_counted') }} as counted
        on key_results.key_result_id = counted.key_result_id
    left join {{ ref('int_kpi_days_summed') }} as days
        on key_results.plan_kpi_id = days.kpi_id and counted.date = days.date and counted.is_counted
{%- endmacro %}

{#
The plan over all of those days, and the first of them that it says nothing of; of a level the day after its last
reading, where that is more than a month (a quarter, if it is quarterly) before the end.
#}
{% macro plans_summed() -%}
    select
        key_result_id,
        case
            when kind = 'flow' then {{ whole_sum('numerator', 'true') }}
            when kind = 'ratio'
                then {{ to_amount(quotient(whole_sum('numerator', 'true'), whole_sum('denominator', 'true'))) }}
            else {{ to_amount('max(case when date = last_read then value end)') }}
        end as total,
        case
            when kind <> 'stock' then min(case when value is null and not (kind = 'ratio' and denominator = 0) then date end)
            when max(last_read) is null then min(date)
            when {{ days_between('max(last_read)', 'max(date)') }} > case when grain = 'quarter' then 92 else 31 end
                then {{ add_days('max(last_read)', 1) }}
        end as missing_from,
        {{ dbt.hash(dbt.listagg(
            dbt.concat([
                "cast(row_date as " ~ dbt.type_string() ~ ")", "':'",
                "coalesce(cast(numerator as " ~ dbt.type_string() ~ "), '')", "'/'",
                "coalesce(cast(denominator as " ~ dbt.type_string() ~ "), '')",
            ]),
            "','", 'order by date'
        )) }} as digest
    from (
        select
            *,
            max(case when value is not null then date end) over (partition by key_result_id) as last_read
        from ({{ plan_days() }}) as days
    ) as read
    where is_counted
    group by key_result_id, kind, grain
{%- endmacro %}

{# What is expected by a day: where a plan says it, its number as a share of the way. #}
{% macro expected_by_plan() -%}
    {%- set planned = '(plan_amount + baseline_weight * coalesce(baseline, 0))' -%}
    coalesce(
        case
            when kpi_kind in ('flow', 'distinct') then {{ clamp_share(quotient(planned, 'target')) }}
            else {{ clamp_share(quotient(planned ~ ' - baseline', 'target - baseline')) }}
        end * ambition_share,
        share_expected
    )
{%- endmacro %}
