-- The totals that people read first are those of the list they read next.
with
    summed as (
        select kind, sum(monthly_savings_usd) as savings_usd, sum(analysed) as analysed
        from {{ ref("savings_summary") }}
        group by kind
    ),

    listed as (
        select kind, sum(monthly_savings_usd) as savings_usd, count(*) as analysed
        from {{ ref("recommendations") }}
        group by kind
    )

select listed.kind
from listed
left join summed on listed.kind = summed.kind
where
    listed.savings_usd is distinct from summed.savings_usd or listed.analysed is distinct from summed.analysed
