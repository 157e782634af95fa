{{ config(tags=['every_refresh']) }}

with

-- The last report of an earlier day: today's may already hold what is wrong.
earlier as (
    select * from {{ ref('fct_key_result_reported') }}
    where reported_on < (select context.today from {{ ref('stg_definitions__context') }} as context)
),

checks as (
    select * from {{ ref('int_gate_checks_listed') }}
    union all
    {% for kind, shown in [('objective', 'int_objectives_current'), ('key_result', 'key_results')] -%}
    select
        'objectives_complete' as rule,
        '{{ kind }} ' || defined.{{ kind }}_id as name,
        shown.{{ kind }}_id is not null as is_met
    from {{ ref('stg_definitions__' ~ kind ~ 's') }} as defined
    left join {{ ref(shown) }} as shown
        on defined.{{ kind }}_id = shown.{{ kind }}_id
    {{ "where defined.role = 'key_result'" if kind == 'key_result' }}
    union all
    {% endfor -%}
    select
        'values_kept' as rule,
        'key_result ' || key_results.key_result_id as name,
        key_results.value is not null as is_met
    from {{ ref('key_results') }} as key_results
    inner join earlier
        on key_results.key_result_id = earlier.key_result_id
    cross join {{ ref('stg_definitions__context') }} as context
    where
        context.today between key_results.period_start and key_results.period_end
        and earlier.value is not null
        and earlier.reported_on = (select max(newest.reported_on) from earlier as newest)
),

rules as (
    {% for rule, least_share in [
        ('objectives_complete', '1.0'), ('sources_loaded', 'null'), ('sources_fresh', 'gate_least_fresh'),
        ('values_kept', 'gate_least_kept')
    ] -%}
    select
        {{ loop.index }} as position,
        '{{ rule }}' as rule,
        {{ least_share }} as least_share
    from {{ ref('stg_definitions__settings') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

measured as (
    select count(kpi_id) as key_result_count from {{ ref('stg_definitions__key_results') }}
),

refusals as (
    select
        rule,
        max(refused_at) as last_refused_at
    from {{ ref('stg_ops__gate_refusals') }}
    group by rule
),

counted as (
    select
        rules.position,
        rules.rule,
        rules.least_share,
        count(checks.name) as asked_count,
        count(case when checks.is_met then 1 end) as met_count,
        min(case when not checks.is_met then checks.name end) as first_missed
    from rules
    left join checks
        on rules.rule = checks.rule
    group by rules.position, rules.rule, rules.least_share
),

final as (
    select
        counted.position,
        counted.rule,
        case
            -- a single source is enough, and none is needed where no key result is measured by sources
            when counted.least_share is null then counted.met_count > 0 or measured.key_result_count = 0
            else counted.met_count >= counted.least_share * counted.asked_count
        end as is_passed,
        counted.met_count,
        counted.asked_count,
        {{ to_double('counted.least_share') }} as least_share,
        counted.first_missed,
        refusals.last_refused_at
    from counted
    cross join measured
    left join refusals
        on counted.rule = refusals.rule
)

select * from final
