{# Without the plans, so that what needs no simulation can be told what it would leave without use. #}
with
    usage as (select * from {{ ref("int_billing__usage_billed") }} where component <> 'storage'),

    covered as (select * from {{ ref("int_billing__coverage_taken_up") }}),

    resources as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    accounts as (select account_id, payer_account_id from {{ ref("int_inventory__accounts") }}),

    owned as (select * from {{ ref("int_commitments__owned") }} where is_active),

    -- What the bill says that a covered unit cost; no commitment gives it for nothing.
    rates_billed as (
        select
            table_key,
            component,
            billing_mode,
            {% for coverage in ["reserved", "plan"] %}
                cast(
                    nullif(sum(case when coverage = '{{ coverage }}' then amortized_usd end), 0) as double
                ) / nullif(
                    cast(
                        sum(
                            case
                                when coverage = '{{ coverage }}' and amortized_usd is not null
                                then covered_amount
                            end
                        ) as double
                    ),
                    0
                ) as {{ coverage }}_rate_usd {{ "," if not loop.last }}
            {% endfor %}
        from covered
        group by table_key, component, billing_mode
    ),

    -- Else what the reservations of the pool cost a unit-hour.
    rates_owned as (
        select
            payer_account_id,
            region,
            dimension,
            max(ends_at) as ends_at,
            cast({{ complete_sum("monthly_cost_usd") }} as double)
            / nullif(cast(sum(units) as double) * {{ hours_per_month() }}, 0) as rate_usd
        from owned
        where kind = 'reserved'
        group by payer_account_id, region, dimension
    ),

    plans_owned as (
        select payer_account_id, max(ends_at) as ends_at
        from owned
        where kind = 'savings_plan'
        group by payer_account_id
    ),

    tables as (
        select
            resources.table_key,
            resources.region,
            resources.billing_mode,
            coalesce(accounts.payer_account_id, resources.account_id) as payer_account_id
        from resources
        left join accounts on resources.account_id = accounts.account_id
    )

select
    {{ surrogate_key(["usage.table_key", "usage.component"]) }} as table_component_key,
    usage.table_key,
    usage.component,
    cast(usage.monthly_sunk_reserved_amount as double) as sunk_reserved_amount,
    cast(usage.monthly_sunk_plan_amount as double) as sunk_plan_amount,
    coalesce(rates_billed.reserved_rate_usd, rates_owned.rate_usd) as reserved_rate_usd,
    rates_billed.plan_rate_usd,
    case when usage.monthly_sunk_reserved_amount > 0 then rates_owned.ends_at end as reserved_ends_at,
    case when usage.monthly_sunk_plan_amount > 0 then plans_owned.ends_at end as plan_ends_at
from usage
inner join tables on usage.table_key = tables.table_key and usage.billing_mode = tables.billing_mode
left join
    rates_billed
    on usage.table_key = rates_billed.table_key
    and usage.component = rates_billed.component
    and usage.billing_mode = rates_billed.billing_mode
left join
    rates_owned
    on tables.payer_account_id = rates_owned.payer_account_id
    and tables.region = rates_owned.region
    and usage.component = rates_owned.dimension
left join plans_owned on tables.payer_account_id = plans_owned.payer_account_id
where usage.monthly_sunk_amount > 0
