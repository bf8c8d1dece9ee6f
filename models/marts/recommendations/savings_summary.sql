with recommendations as (select * from {{ ref("recommendations") }})

select
    {{ surrogate_key(["account_id", "region", "kind"]) }} as savings_summary_key,
    account_id,
    max(account_name) as account_name,
    max(ou_path) as ou_path,
    region,
    kind,
    count(*) as analysed,
    count(case when advice = 'change' then 1 end) as changes_advised,
    count(case when advice = 'change' and status in ('pending', 'accepted') then 1 end) as changes_open,
    -- What was seen of an account that has left or is suspended is paid by nobody any more.
    {{
        usd(
            "coalesce(sum(case when keep_reason is distinct from 'account_inactive' then current_monthly_cost_usd end), 0)"
        )
    }}
    as current_monthly_cost_usd,
    {{ usd("sum(monthly_savings_usd)") }} as monthly_savings_usd,
    {{ usd("sum(annual_savings_usd)") }} as annual_savings_usd,
    {{ usd(complete_sum("list_monthly_savings_usd")) }} as list_monthly_savings_usd,
    {{ usd("sum(case when status in ('pending', 'accepted') then monthly_savings_usd else 0 end)") }}
    as open_monthly_savings_usd,
    -- Plans exclude each other's changes already, so that theirs is the one total that may be added up.
    case when kind = 'best_plan' then 'sum of best plans' else 'if only this were applied' end as total_label
from recommendations
group by account_id, region, kind
