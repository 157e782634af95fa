-- What the daily numbers are made from. A row that comes, goes or changes its digest changes the numbers of its channel
-- ('': of all channels) from date_from on.
with

context as (
    select * from {{ ref('stg_definitions__context') }}
),

loads as (
    select * from {{ ref('stg_ops__source_loads') }}
    where state <> 'failed' or window_from is not null
),

whole_accounts as (
    {% for channel in var('whole_channels') if channel in var('channels') -%}
    select * from {{ ref('stg_' ~ channel ~ '__accounts') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

whole as (
    select
        whole_accounts.channel,
        count(distinct coalesce(all_loads.load_id, all_loads.refresh_id)) as load_count
    from whole_accounts
    left join {{ ref('stg_ops__source_loads') }} as all_loads
        on whole_accounts.channel = all_loads.channel
    group by whole_accounts.channel
),

money as (
    select {{ digest_of_rows(['measure']) }} as digest from {{ ref('stg_definitions__measures') }}
    where is_money
),

sources as (
    select * from {{ ref('int_source_freshness') }}
    where provisional_from is not null
),

final as (
    select
        'settings' as kind,
        '' as id,
        '' as channel,
        settings.currency || ' ' || coalesce(money.digest, '') as digest,
        {{ from_the_beginning() }} as date_from
    from {{ ref('stg_definitions__settings') }} as settings
    cross join money

    union all

    select
        'rate' as kind,
        currency || ' ' || cast(date as {{ dbt.type_string() }}) as id,
        '' as channel,
        cast(rate as {{ dbt.type_string() }}) as digest,
        date as date_from
    from {{ ref('stg_definitions__exchange_rates') }}

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
        whole.channel as id,
        whole.channel,
        cast(context.today as {{ dbt.type_string() }}) || ' ' || cast(whole.load_count as {{ dbt.type_string() }}) as digest,
        {{ from_the_beginning() }} as date_from
    from whole
    cross join context

    union all

    select
        'off' as kind,
        channel as id,
        channel,
        '' as digest,
        {{ from_the_beginning() }} as date_from
    from {{ ref('stg_definitions__channels') }}
    where is_off

    union all

    -- Days become final with time alone.
    select
        'provisional' as kind,
        channel || ' ' || account_id as id,
        channel,
        cast(provisional_from as {{ dbt.type_string() }}) as digest,
        provisional_from as date_from
    from sources
)

select * from final
