"""What the page about table classes asks: ratios of storage to throughput, and costs in both classes."""

from __future__ import annotations

import pandas as pd

from dashboard.data.kinds.asking import ANYWHERE, MOST_BARS, MOST_POINTS, Place, answer, bars_keep, of_kind
from dashboard.view import View

KIND = "table_class"

# A table that is read and written for nothing has no ratio: however little it stores, Standard-IA is cheaper.
# The counts are of all tables that the filters select, the rows of those that are asked for.
_JUDGED = """
    with
        judged as (
            select
                selected.account_id,
                selected.account_name,
                selected.region,
                selected.table_name,
                selected.advice,
                selected.reason,
                selected.current_setting ->> '$.table_class' as current_table_class,
                selected.current_monthly_cost_usd::double as current_monthly_cost_usd,
                selected.monthly_savings_usd::double as monthly_savings_usd,
                classes.standard_storage_cost_usd::double as standard_storage_cost_usd,
                classes.standard_throughput_cost_usd::double as standard_throughput_cost_usd,
                (classes.standard_storage_cost_usd + classes.standard_throughput_cost_usd)::double
                    as standard_cost_usd,
                classes.ia_storage_cost_usd::double as ia_storage_cost_usd,
                classes.ia_throughput_cost_usd::double as ia_throughput_cost_usd,
                (classes.ia_storage_cost_usd + classes.ia_throughput_cost_usd)::double as ia_cost_usd,
                classes.storage_gb::double as storage_gb,
                classes.ratio,
                classes.breakeven_ratio,
                classes.source_of_usage,
                case
                    when classes.standard_throughput_cost_usd = 0 and classes.standard_storage_cost_usd > 0
                    then 'no throughput'
                    when classes.ratio is null or classes.breakeven_ratio is null
                    then 'unknown'
                    when classes.ratio > classes.breakeven_ratio
                    then 'above'
                    else 'below'
                end as side
            from selected
            inner join table_class_recommendations as classes using (recommendation_id)
        ),

        counted as (
            select
                count(*) as tables,
                count(*) filter (side = 'above') as tables_above,
                count(*) filter (side = 'below') as tables_below,
                count(*) filter (side = 'no throughput') as tables_without_throughput,
                count(*) filter (side = 'unknown') as tables_unknown,
                count(*) filter (source_of_usage = 'modelled') as tables_modelled
            from judged
        )

    select judged.*, counted.*
    from judged
    cross join counted
    where
        (advice = 'change' or $include_keep)
        and (
            $table_name = ''
            or (account_id = $account_id and region = $region and table_name = $table_name)
        )
    order by
        case when $is_by_side then side = 'unknown' end,
        case when $is_by_side then monthly_savings_usd end desc nulls last,
        current_monthly_cost_usd desc nulls last,
        account_id,
        region,
        table_name
    limit $most
"""


def ratios(view: View) -> pd.DataFrame:
    """Return the tables with their side of the break-even line, at most `MOST_POINTS`, and counts of all.

    Those whose side is known come first, those with the largest saving before others, then those that cost
    most. The side is above (Standard-IA is cheaper), below, no throughput (nothing to divide by: Standard-IA
    is cheaper) or unknown.
    """
    return _judged(view, include_keep=True, is_by_side=True, most=MOST_POINTS)


def classes(view: View) -> pd.DataFrame:
    """Return storage and throughput in both classes of the tables that cost most, USD a month."""
    return _judged(view, include_keep=bars_keep(view, KIND), most=MOST_BARS)


def table(view: View, place: Place) -> pd.DataFrame:
    """Return one table's comparison: one row, or none."""
    return _judged(view, include_keep=True, place=place, most=1)


def _judged(
    view: View,
    *,
    include_keep: bool,
    most: int,
    is_by_side: bool = False,
    place: Place = ANYWHERE,
) -> pd.DataFrame:
    asked = {**vars(place), "include_keep": include_keep, "is_by_side": is_by_side, "most": most}
    return answer(of_kind(view, KIND), _JUDGED, "comparison of table classes", asked)
