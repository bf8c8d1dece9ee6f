"""Sums of the selected recommendations: by kind, by place, by table."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from dashboard.data.selected import ask, remembered, selected
from dashboard.view import View
from optima.selection import PLAN

# What savings are summed by.
PLACES = ("ou", "account", "region")
# The unit of accounts that are in none.
NOWHERE = "no organisational unit"

_BY_KIND = """
    select
        kind,
        count(*) as recommendations,
        count(distinct (account_id, region, table_name)) as tables,
        sum(current_monthly_cost_usd) as current_monthly_cost_usd,
        sum(projected_monthly_cost_usd) as projected_monthly_cost_usd,
        sum(monthly_savings_usd) as monthly_savings_usd,
        sum(annual_savings_usd) as annual_savings_usd
    from selected
    where advice = 'change'
    group by kind
"""

# What the plans would save at list prices, where they were made at others.
_PRICED = """
    select
        price_basis,
        sum(list_monthly_savings_usd) filter (where kind = $plan and advice = 'change')
    from selected
    where price_basis <> 'list'
    group by price_basis
    order by price_basis
"""

# Of plans, which add up, or where none are selected of every kind for itself.
_BY_PLACE = """
    select
        case $place
            when 'account' then account_name || ' · ' || account_id
            when 'region' then region
            else coalesce(ou_path, $nowhere)
        end as place,
        kind,
        sum(monthly_savings_usd)::double as monthly_savings_usd
    from selected
    where
        advice = 'change'
        and (kind = $plan or not exists (select 1 from selected where kind = $plan and advice = 'change'))
    group by all
"""

# Of plans, or where the filters select none, of the one kind that saves most on a table: kinds overlap.
_TOP_TABLES = """
    with
        per_kind as (
            select
                account_id,
                account_name,
                region,
                table_name,
                kind,
                sum(current_monthly_cost_usd) as current_monthly_cost_usd,
                sum(monthly_savings_usd) as monthly_savings_usd
            from selected
            where
                advice = 'change'
                and (
                    kind = $plan
                    or not exists (select 1 from selected where kind = $plan and advice = 'change')
                )
            group by all
        )
    select
        account_id,
        account_name,
        region,
        table_name,
        kind,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        monthly_savings_usd::double as monthly_savings_usd
    from per_kind
    qualify
        row_number() over (
            partition by account_id, region, table_name
            order by monthly_savings_usd desc, kind
        )
        = 1
    order by monthly_savings_usd desc, account_id, region, table_name
    limit $most
"""


@dataclass(frozen=True)
class KindTotal:
    """The sums of one kind over the rows to change. Sums of different kinds must not be added.

    Attributes:
        tables: The different tables among the rows.
    """

    kind: str
    recommendations: int
    tables: int
    current_monthly_cost_usd: Decimal
    projected_monthly_cost_usd: Decimal
    monthly_savings_usd: Decimal
    annual_savings_usd: Decimal


@remembered
def totals(view: View) -> tuple[KindTotal, ...]:
    """Return the sums of each kind that has something to change."""
    return tuple(KindTotal(*row) for row in ask(view, _BY_KIND).fetchall())


@remembered
def other_prices(view: View) -> tuple[tuple[str, Decimal | None], ...]:
    """Return the price bases that are not the list, each with what its best plans save at list prices."""
    if "list_monthly_savings_usd" not in selected(view).column_names:
        return ()  # published by a version that knew it not
    return tuple(ask(view, _PRICED, {"plan": PLAN}).fetchall())


@remembered
def by_place(view: View, place: str) -> pd.DataFrame:
    """Return monthly savings per place and kind: place, kind, monthly_savings_usd.

    Args:
        view: What is looked at.
        place: One of `PLACES`.
    """
    return ask(view, _BY_PLACE, {"place": place, "nowhere": NOWHERE, "plan": PLAN}).df()


@remembered
def top_tables(view: View, most: int = 10) -> pd.DataFrame:
    """Return the tables on which plans save most, at most `most`; without plans, on which one kind does."""
    return ask(view, _TOP_TABLES, {"most": most, "plan": PLAN}).df()
