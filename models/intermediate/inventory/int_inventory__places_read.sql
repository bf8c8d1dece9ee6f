with
    inventory_reads as (select * from {{ ref("stg_ops__inventory_reads") }}),

    tables as (select distinct account_id, region from {{ ref("stg_dynamodb__tables") }}),

    regions as (
        select account_id, region
        from tables
        union
        select account_id, region
        from inventory_reads
        where region <> '*'
    ),

    -- An account that was never asked for its regions, because it let nobody in, has one row for all.
    places as (
        select account_id, region
        from regions
        union all
        select distinct inventory_reads.account_id, '*' as region
        from inventory_reads
        left join regions on inventory_reads.account_id = regions.account_id
        where regions.account_id is null
    ),

    reads_of_places as (
        select
            places.account_id,
            places.region,
            inventory_reads.read_at,
            inventory_reads.outcome,
            inventory_reads.tables_seen,
            inventory_reads.message,
            row_number() over (
                partition by places.account_id, places.region
                order by {{ known_first("inventory_reads.read_at") }}, inventory_reads.read_at desc
            ) as recency
        from places
        inner join
            inventory_reads
            on places.account_id = inventory_reads.account_id
            and (places.region = inventory_reads.region or inventory_reads.region = '*')
    ),

    last_reads as (select * from reads_of_places where recency = 1),

    -- Up to the last reading that counts; what came after the build's moment does not.
    successes as (
        select reads_of_places.account_id, reads_of_places.region, max(reads_of_places.read_at) as read_at
        from reads_of_places
        inner join
            last_reads
            on reads_of_places.account_id = last_reads.account_id
            and reads_of_places.region = last_reads.region
            and reads_of_places.read_at <= last_reads.read_at
        where reads_of_places.outcome = 'read'
        group by reads_of_places.account_id, reads_of_places.region
    ),

    denials as (
        select
            reads_of_places.account_id,
            reads_of_places.region,
            min(reads_of_places.read_at) as denied_since_at
        from reads_of_places
        inner join
            last_reads
            on reads_of_places.account_id = last_reads.account_id
            and reads_of_places.region = last_reads.region
            and reads_of_places.read_at <= last_reads.read_at
        left join
            successes
            on reads_of_places.account_id = successes.account_id
            and reads_of_places.region = successes.region
        where
            last_reads.outcome = 'denied'
            and reads_of_places.outcome = 'denied'
            and reads_of_places.read_at > coalesce(successes.read_at, timestamp '1970-01-01')
        group by reads_of_places.account_id, reads_of_places.region
    )

select
    {{ surrogate_key(["places.account_id", "places.region"]) }} as place_key,
    places.account_id,
    places.region,
    last_reads.read_at as last_read_at,
    last_reads.outcome as last_read_outcome,
    last_reads.message as last_read_message,
    successes.read_at as last_successful_read_at,
    denials.denied_since_at
from places
left join last_reads on places.account_id = last_reads.account_id and places.region = last_reads.region
left join successes on places.account_id = successes.account_id and places.region = successes.region
left join denials on places.account_id = denials.account_id and places.region = denials.region
