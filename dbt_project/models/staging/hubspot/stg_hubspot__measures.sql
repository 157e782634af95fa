{# HubSpot's own words for where a contact or deal first came from; the others are direct, referred, offline. #}
{% set marketing_sources = [
    'ORGANIC_SEARCH', 'PAID_SEARCH', 'PAID_SOCIAL', 'SOCIAL_MEDIA', 'EMAIL_MARKETING', 'OTHER_CAMPAIGNS',
] %}
{# Measure, the objects it counts, the day it counts them on, what it adds up, and which of them count. #}
{% set measures = [
    ('contacts_created', 'contacts', 'created_on', '1', 'true'),
    ('companies_created', 'companies', 'created_on', '1', 'true'),
    ('mqls', 'contacts', 'mql_on', '1', 'true'),
    ('sqls', 'contacts', 'sql_on', '1', 'true'),
    ('deals_created', 'deals', 'created_on', '1', 'true'),
    ('created_pipeline_value', 'deals', 'created_on', 'amount', 'true'),
    ('deals_closed', 'deals', 'closed_on', '1', 'is_closed'),
    ('deals_won', 'deals', 'closed_on', '1', 'is_won'),
    ('revenue', 'deals', 'closed_on', 'amount', 'is_won'),
] %}
{% set marketing_measures = ['contacts_created', 'deals_won', 'revenue', 'created_pipeline_value'] %}

with

accounts as (
    select * from {{ source('hubspot', 'accounts') }}
),

loaded_windows as (
    select * from {{ source('hubspot', 'loaded_windows') }}
),

merged_objects as (
    select * from {{ source('hubspot', 'merged_objects') }}
),

-- Objects last changed before the first load are unknown, and today is not over: only the days between count.
loaded as (
    select
        accounts.id as account_id,
        upper(accounts.currency) as currency,
        min(loaded_windows.loaded_from) as first_day,
        max(loaded_windows.loaded_through) as last_day
    from accounts
    inner join loaded_windows
        on accounts.id = loaded_windows.account_id
    group by accounts.id, upper(accounts.currency)
),

{% for kind in ['contacts', 'companies', 'deals'] %}
{{ kind }} as (
    {{ hubspot_objects(source('hubspot', kind), kind) }}
),

{% endfor %}
-- An open deal adds its amount on the day it was created and takes it off on the day it was closed.
pipeline_changes as (
    select
        account_id,
        campaign_id,
        currency,
        amount,
        loaded_at,
        last_day,
        case when created_on < first_day then first_day else created_on end as date
    from deals
    where
        amount is not null
        and (not coalesce(is_closed, false) or (closed_on > created_on and closed_on > first_day))

    union all

    select
        account_id,
        campaign_id,
        currency,
        -amount as amount,
        loaded_at,
        last_day,
        closed_on as date
    from deals
    where amount is not null and is_closed and closed_on > created_on and closed_on > first_day
),

pipeline_days as (
    select
        account_id,
        campaign_id,
        currency,
        date,
        sum(amount) as change,
        max(loaded_at) as loaded_at
    from pipeline_changes
    where date <= last_day
    group by account_id, campaign_id, currency, date
),

-- A stock: the days without a change keep the value of the day before.
pipeline as (
    select
        date,
        account_id,
        campaign_id,
        currency,
        loaded_at,
        sum(change) over (partition by account_id, campaign_id order by date) as value
    from pipeline_days
),

counted as (
    {% for measure, kind, day, amount, condition in measures %}
    {{ hubspot_measure(measure, kind, day, amount, condition) }}
    union all
    {% endfor %}
    {{ hubspot_stock('pipeline_value', 'pipeline') }}
),

-- What marketing brought stands beside the whole, so that one can be divided by the other.
labelled as (
    select * from counted

    union all

    select
        account_id,
        campaign_id,
        currency,
        'marketing_' || measure as measure,
        date,
        value,
        loaded_at
    from counted
    where
        campaign_id in ('{{ marketing_sources | join("', '") }}')
        and measure in ('{{ (marketing_measures + ['pipeline_value']) | join("', '") }}')
),

final as (
    select
        date,
        'hubspot' as channel,
        account_id,
        campaign_id,
        '' as source_file,
        measure,
        {{ to_amount('value') }} as value_local,
        currency,
        loaded_at
    from labelled
    where value is not null
)

select * from final
