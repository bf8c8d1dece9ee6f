with
    organization_accounts as (select * from {{ ref("stg_organizations__accounts") }}),

    tables as (select * from {{ ref("stg_dynamodb__tables") }}),

    inventory_reads as (select * from {{ ref("stg_ops__inventory_reads") }}),

    -- An account may be read by its own credentials, without an organisation to list it.
    account_ids as (
        select account_id
        from organization_accounts
        union
        select account_id
        from tables
        union
        select account_id
        from inventory_reads
    ),

    region_reads as (
        select account_id, region, max(read_at) as last_read_at, max_by(outcome, read_at) as last_outcome
        from inventory_reads
        group by account_id, region
    ),

    -- One region that could not be read is what a reader must hear of, however many others could be.
    last_reads as (
        select
            account_id,
            max(last_read_at) as last_read_at,
            coalesce(
                min(case when last_outcome in ('denied', 'failed') then last_outcome end), min(last_outcome)
            ) as last_read_outcome
        from region_reads
        group by account_id
    )

select
    account_ids.account_id,
    coalesce(organization_accounts.account_name, account_ids.account_id) as account_name,
    organization_accounts.ou_path,
    coalesce(organization_accounts.management_account_id, account_ids.account_id) as payer_account_id,
    organization_accounts.state,
    coalesce(organization_accounts.is_management, false) as is_management,
    organization_accounts.last_seen_at,
    last_reads.last_read_at,
    last_reads.last_read_outcome
from account_ids
left join organization_accounts on account_ids.account_id = organization_accounts.account_id
left join last_reads on account_ids.account_id = last_reads.account_id
