-- A CRM has no campaigns of its own: the original source of contacts and deals takes their place.
with

contacts as (
    select * from {{ source('hubspot', 'contacts') }}
),

companies as (
    select * from {{ source('hubspot', 'companies') }}
),

deals as (
    select * from {{ source('hubspot', 'deals') }}
),

sources as (
    select
        account_id,
        source
    from contacts

    union

    select
        account_id,
        source
    from companies

    union

    select
        account_id,
        source
    from deals
),

final as (
    select
        'hubspot' as channel,
        account_id,
        source as campaign_id,
        lower(replace(source, '_', ' ')) as campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        cast(null as {{ dbt.type_string() }}) as status
    from sources
    where source is not null
)

select * from final
