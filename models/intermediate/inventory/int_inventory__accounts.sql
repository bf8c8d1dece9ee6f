with
    organization_accounts as (select * from {{ ref("stg_organizations__accounts") }}),

    tables as (select * from {{ ref("stg_dynamodb__tables") }}),

    places_read as (select * from {{ ref("int_inventory__places_read") }}),

    -- An account may be read by its own credentials, without an organisation to list it.
    account_ids as (
        select account_id
        from organization_accounts
        union
        select account_id
        from tables
        union
        select account_id
        from places_read
    ),

    -- All accounts of an organisation are listed at one instant, and keep it when they are gone. Loads say
    -- so in
    -- the state too, older ones did not.
    listings as (
        select organization_id, max(last_seen_at) as listed_at
        from organization_accounts
        where organization_id is not null and last_seen_at <= {{ as_of() }}
        group by organization_id
    ),

    members as (
        select
            organization_accounts.*,
            case
                when
                    organization_accounts.last_seen_at < listings.listed_at
                    or (
                        organization_accounts.state = 'LEFT'
                        and organization_accounts.last_seen_at <= {{ as_of() }}
                    )
                then organization_accounts.last_seen_at
            end as left_after_at
        from organization_accounts
        left join listings on organization_accounts.organization_id = listings.organization_id
    ),

    -- One region that could not be read is what a reader must hear of, however many others could be.
    last_reads as (
        select
            account_id,
            max(last_read_at) as last_read_at,
            coalesce(
                min(case when last_read_outcome in ('denied', 'failed') then last_read_outcome end),
                min(last_read_outcome)
            ) as last_read_outcome
        from places_read
        group by account_id
    )

select
    account_ids.account_id,
    coalesce(members.account_name, account_ids.account_id) as account_name,
    members.ou_path,
    coalesce(members.management_account_id, account_ids.account_id) as payer_account_id,
    members.state,
    coalesce(members.is_management, false) as is_management,
    members.last_seen_at,
    members.left_after_at,
    case
        when members.left_after_at is not null
        then
            concat(
                'its account left the organisation after ',
                cast(cast(members.left_after_at as date) as {{ dbt.type_string() }})
            )
        when members.state not in ('ACTIVE', 'LEFT')
        then concat('its account is ', lower(replace(members.state, '_', ' ')))
    end as inactive_because,
    last_reads.last_read_at,
    last_reads.last_read_outcome
from account_ids
left join members on account_ids.account_id = members.account_id
left join last_reads on account_ids.account_id = last_reads.account_id
