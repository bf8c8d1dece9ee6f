with
    lines as (
        select
            lines.*,
            -- A unit of the free tier costs nothing without any commitment.
            lines.coverage = 'none'
            and lines.part = 'charge'
            and coalesce(coalesce(lines.list_cost, lines.net_cost) = 0, false) as is_free
        from {{ ref("int_billing__lines_chosen") }} as lines
        where
            (
                lines.part = 'charge'
                and lines.component in ('read', 'write', 'replicated_write')
                and lines.usage_end_at <= {{ as_of() }}
            )
            or (lines.part = 'unused' and lines.usage_start_at < {{ as_of() }})
    ),

    sums as (
        select
            payer_account_id,
            billing_month,
            part,
            region,
            component,
            usage_type,
            coverage,
            commitment_arn,
            is_free,
            max(price_key) as price_key,
            {{ quantity("sum(quantity)") }} as amount,
            {{ usd("sum(amortized_cost)") }} as amortized_usd
        from lines
        group by
            payer_account_id,
            billing_month,
            part,
            region,
            component,
            usage_type,
            coverage,
            commitment_arn,
            is_free
    )

select
    {{
        surrogate_key(
            [
                "payer_account_id",
                "billing_month",
                "part",
                "region",
                "component",
                "usage_type",
                "coverage",
                "commitment_arn",
                "is_free",
            ]
        )
    }} as usage_sum_key,
    payer_account_id,
    billing_month,
    part,
    region,
    component,
    usage_type,
    coverage,
    commitment_arn,
    is_free,
    price_key,
    amount,
    amortized_usd
from sums
