"""What the page about utilisation asks: percentiles, and capacity now against what would be enough."""

from __future__ import annotations

import pandas as pd

from dashboard.data.kinds.asking import ANYWHERE, MOST_BARS, Place, answer, bars_keep, of_kind
from dashboard.view import View

KIND = "utilization"
STATISTICS = ("mean", "p50", "p90", "p95", "p99", "max")
# Indexes of one table; more than AWS allows without asking.
_MOST_RESOURCES = 100

# What a policy keeps at least is what is paid for at least: of autoscaled capacity the minimum is compared.
_JUDGED = """
    with
        judged as (
            select
                selected.account_id,
                selected.account_name,
                selected.region,
                selected.table_name,
                selected.index_name,
                selected.advice,
                selected.reason,
                selected.current_setting,
                selected.recommended_setting,
                selected.current_monthly_cost_usd::double as current_monthly_cost_usd,
                selected.projected_monthly_cost_usd::double as projected_monthly_cost_usd,
                selected.monthly_savings_usd::double as monthly_savings_usd,
                coalesce(
                    selected.current_setting ->> '$.read.units', selected.current_setting ->> '$.read.min'
                )::double as read_current_units,
                coalesce(
                    selected.recommended_setting ->> '$.read.units',
                    selected.recommended_setting ->> '$.read.min'
                )::double as read_recommended_units,
                coalesce(
                    selected.current_setting ->> '$.write.units', selected.current_setting ->> '$.write.min'
                )::double as write_current_units,
                coalesce(
                    selected.recommended_setting ->> '$.write.units',
                    selected.recommended_setting ->> '$.write.min'
                )::double as write_recommended_units,
                used.read_mean_utilization,
                used.read_p50_utilization,
                used.read_p90_utilization,
                used.read_p95_utilization,
                used.read_p99_utilization,
                used.read_max_utilization,
                used.read_stored_peak_units_per_second,
                used.write_mean_utilization,
                used.write_p50_utilization,
                used.write_p90_utilization,
                used.write_p95_utilization,
                used.write_p99_utilization,
                used.write_max_utilization,
                used.write_stored_peak_units_per_second
            from selected
            inner join utilization_recommendations as used using (recommendation_id)
        )

    select *
    from judged
    where
        (advice = 'change' or $include_keep)
        and (
            $table_name = ''
            or (account_id = $account_id and region = $region and table_name = $table_name)
        )
    order by
        case when $table_name = '' then monthly_savings_usd end desc nulls last,
        case when $table_name = '' then current_monthly_cost_usd end desc nulls last,
        account_id,
        region,
        table_name,
        index_name nulls first
    limit $most
"""


def largest(view: View) -> pd.DataFrame:
    """Return the tables and indexes with the largest savings, then those that cost most, `MOST_BARS` at most.

    Utilisation is a ratio of the capacity in force, capacities and peaks are units per second.
    """
    asked = {**vars(ANYWHERE), "include_keep": bars_keep(view, KIND), "most": MOST_BARS}
    return answer(of_kind(view, KIND), _JUDGED, "utilisation of capacity", asked)


def of_table(view: View, place: Place) -> pd.DataFrame:
    """Return one table and its indexes, each with utilisation and capacities as in `largest`."""
    asked = {**vars(place), "include_keep": True, "most": _MOST_RESOURCES}
    return answer(of_kind(view, KIND), _JUDGED, "utilisation of capacity", asked)
