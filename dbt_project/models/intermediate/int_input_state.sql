-- What the daily numbers are made from. A row that comes, goes or changes its digest changes the numbers of its channel
-- ('': of all channels) from date_from on.
with

context as (
    select * from {{ source('definitions', 'context') }}
),

settings as (
    select * from {{ source('definitions', 'settings') }}
),

loads as (
    select * from {{ source('ops', 'source_loads') }}
    where state <> 'failed' or window_from is not null
),

whole_accounts as (
    {% for channel in var('whole_channels') if channel in var('channels') -%}
    select * from {{ ref('stg_' ~ channel ~ '__accounts') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

channels_of_accounts as (
    select distinct channel from whole_accounts
),

-- The channel of a file source loads with all others of its kind; which of them was written is not told apart.
written as (
    select
        channel,
        cast(count(distinct coalesce(load_id, refresh_id)) as {{ dbt.type_string() }}) as loads
    from {{ source('ops', 'source_loads') }}
    group by channel
),

rates as (
    select * from {{ source('definitions', 'exchange_rates') }}
),

measures as (
    select * from {{ source('definitions', 'measures') }}
    where is_money
),

sources as (
    select * from {{ ref('int_source_freshness') }}
    where provisional_from is not null
),

money as (
    select {{ digest_of_rows(['measure']) }} as digest from measures
),

final as (
    select
        'settings' as kind,
        '' as id,
        '' as channel,
        settings.currency || ' ' || coalesce(money.digest, '') as digest,
        {{ from_the_beginning() }} as date_from
    from settings
    cross join money

    union all

    select
        'rate' as kind,
        currency || ' ' || {{ day_text('date') }} as id,
        '' as channel,
        cast(rate as {{ dbt.type_string() }}) as digest,
        date as date_from
    from rates

    union all

    -- An account's window was read again, and something in it was new: else no load is written, and the id is the old.
    select
        'load' as kind,
        coalesce(load_id, refresh_id) || ' ' || channel || ' ' || account_id as id,
        channel,
        '' as digest,
        min(coalesce(window_from, {{ from_the_beginning() }})) as date_from
    from loads
    group by coalesce(load_id, refresh_id), channel, account_id

    union all

    -- Any day of these may be another one after each load, and a file may be gone.
    select
        'whole' as kind,
        channels_of_accounts.channel as id,
        channels_of_accounts.channel,
        {{ day_text('context.today') }} || ' ' || coalesce(written.loads, '') as digest,
        {{ from_the_beginning() }} as date_from
    from channels_of_accounts
    cross join context
    left join written
        on channels_of_accounts.channel = written.channel

    union all

    -- Days become final with time alone.
    select
        'provisional' as kind,
        channel || ' ' || account_id as id,
        channel,
        {{ day_text('provisional_from') }} as digest,
        provisional_from as date_from
    from sources
)

select * from final
