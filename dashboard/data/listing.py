"""The rows of the list, a page at a time, in the order asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
import pyarrow as pa

from dashboard.data.selected import ask, remembered, selected
from dashboard.view import View
from optima.selection import PLAN

# Rows of a page: what a reader scrolls through, and little enough to be sent at every touch.
ROWS = 100

_UNIQUE = "kind <> 'best_plan', kind, account_id, region, table_name, index_name nulls first"
# What the rows can be sorted by, as the reader chooses it.
_ORDERS = {
    "Best plans, largest saving first": f"kind <> 'best_plan', monthly_savings_usd desc, {_UNIQUE}",
    "Largest saving": f"monthly_savings_usd desc, {_UNIQUE}",
    "Largest cost now": f"current_monthly_cost_usd desc nulls last, {_UNIQUE}",
    "Largest share saved": f"""
        monthly_savings_usd / nullif(current_monthly_cost_usd, 0) desc nulls last, {_UNIQUE}
    """,
    "Table name": f"lower(table_name), {_UNIQUE}",
    "Account": f"lower(account_name), {_UNIQUE}",
    "Region": f"region, {_UNIQUE}",
    "Status": f"status, monthly_savings_usd desc, {_UNIQUE}",
    "Lowest risk": f"""
        list_position(['low', 'medium', 'high'], risk) nulls last, monthly_savings_usd desc, {_UNIQUE}
    """,
    "Highest confidence": f"""
        list_position(['high', 'medium', 'low'], confidence) nulls last, monthly_savings_usd desc, {_UNIQUE}
    """,
}
ORDERS = tuple(_ORDERS)
_OF_KIND = "($kind is null or kind = $kind)"
_PAGES = {
    name: f"""
    select
        recommendation_id,
        table_name,
        index_name,
        account_id,
        account_name,
        ou_path,
        region,
        kind,
        advice,
        monthly_savings_usd::double as monthly_savings_usd,
        annual_savings_usd::double as annual_savings_usd,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        projected_monthly_cost_usd::double as projected_monthly_cost_usd,
        (100 * monthly_savings_usd / nullif(current_monthly_cost_usd, 0))::double as saved_pct,
        current_setting,
        recommended_setting,
        confidence,
        risk,
        status,
        decided_by,
        decision_reason,
        snoozed_until,
        reason
    from selected
    where {_OF_KIND}
    order by {terms}
    limit $rows
    offset $skipped
    """  # noqa: S608 (the parts are ours)
    for name, terms in _ORDERS.items()
}
_ALL = f"select * from selected where {_OF_KIND}"  # noqa: S608 (the parts are ours)
_CHOSEN = """
    select *
    from selected
    where recommendation_id in (select unnest($ids::varchar[]))
"""
_SIZE = f"""
    select count(*), count(*) filter (kind = $plan), sum(monthly_savings_usd) filter (kind = $plan)
    from selected
    where {_OF_KIND}
"""  # noqa: S608 (the parts are ours)


@dataclass(frozen=True)
class Size:
    """How much the list holds.

    Attributes:
        plan_savings_usd: USD a month that the plans among the rows save; None without any.
    """

    rows: int
    plans: int
    plan_savings_usd: Decimal | None

    @property
    def pages(self) -> int:
        """Pages of `ROWS` rows, at least one."""
        return max(1, -(-self.rows // ROWS))


@remembered
def size(view: View, kind: str | None = None) -> Size:
    """Return how many rows are selected, of one kind or of all."""
    row = ask(view, _SIZE, {"kind": kind, "plan": PLAN}).fetchone()
    assert row is not None  # an aggregate without group by has exactly one row
    return Size(*row)


@remembered
def page(view: View, order: str, number: int, kind: str | None = None) -> pd.DataFrame:
    """Return one page of the selected rows, amounts as plain numbers; pages count from 1."""
    asked = {"kind": kind, "rows": ROWS, "skipped": (number - 1) * ROWS}
    return ask(view, _PAGES[order], asked).df()


def rows(view: View, kind: str | None = None) -> pa.Table:
    """Return all selected rows with all their columns, of one kind or of all."""
    return ask(view, _ALL, {"kind": kind}).to_arrow_table()


def chosen(view: View, ids: Iterable[str]) -> pa.Table:
    """Return the selected rows with these ids, with all their columns."""
    wanted = list(ids)
    if not wanted:
        return selected(view).slice(0, 0)
    return ask(view, _CHOSEN, {"ids": wanted}).to_arrow_table()
