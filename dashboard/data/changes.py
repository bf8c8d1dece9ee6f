"""What changed since the build that was published before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from dashboard.builds import cursor
from dashboard.data import scope
from dashboard.data.selected import remembered
from dashboard.view import View
from optima import published
from optima.selection import PLAN

MARTS = ("previous_recommendations", "publications")
# In the order in which they are shown.
MOVEMENTS = ("new", "gone", "larger", "smaller")

# Below a cent nothing has changed that anybody would read.
_MOVED = """
    with
        plans_then as (
            select recommendation_id, account_id, region, table_name, monthly_savings_usd
            from previous_recommendations
            where kind = $plan and advice = 'change'
        ),

        plans_now as (
            select recommendation_id, account_id, region, table_name, monthly_savings_usd
            from recommendations
            where kind = $plan and advice = 'change'
        ),

        compared as (
            select
                recommendation_id,
                coalesce(plans_now.account_id, plans_then.account_id) as account_id,
                coalesce(plans_now.region, plans_then.region) as region,
                coalesce(plans_now.table_name, plans_then.table_name) as table_name,
                coalesce(plans_then.monthly_savings_usd, 0) as savings_then_usd,
                coalesce(plans_now.monthly_savings_usd, 0) as savings_now_usd,
                savings_now_usd - savings_then_usd as difference_usd,
                case
                    when plans_then.recommendation_id is null then 'new'
                    when plans_now.recommendation_id is null then 'gone'
                    when difference_usd >= 0.01 then 'larger'
                    when difference_usd <= -0.01 then 'smaller'
                    else 'same'
                end as movement
            from plans_then
            full join plans_now using (recommendation_id)
        ),

        moved as (
            select compared.*, tables.account_name
            from compared
            inner join tables using (account_id, region, table_name)
        )
"""

_BY_MOVEMENT = f"""
    {_MOVED}
    select
        movement,
        count(*) as plans,
        sum(savings_then_usd) as savings_then_usd,
        sum(savings_now_usd) as savings_now_usd,
        sum(difference_usd) as difference_usd
    from moved
    group by grouping sets ((movement), ())
"""  # noqa: S608 (the parts are ours)

_LARGEST = f"""
    {_MOVED}
    select
        movement,
        account_id,
        account_name,
        region,
        table_name,
        savings_then_usd::double as savings_then_usd,
        savings_now_usd::double as savings_now_usd,
        difference_usd::double as difference_usd
    from moved
    where movement <> 'same'
    order by abs(difference_usd) desc, account_id, region, table_name
    limit $most
"""  # noqa: S608 (the parts are ours)

_PLACES = "select distinct account_id, region, table_name from previous_recommendations"

_PUBLICATIONS = """
    select
        published_at,
        as_of,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        monthly_savings_usd::double as monthly_savings_usd,
        changes
    from publications
    order by published_at desc
    limit $most
"""


@dataclass(frozen=True)
class Movement:
    """Plans that moved alike; amounts are USD a month that they save.

    Attributes:
        savings_then_usd: In the build before.
        savings_now_usd: In the build that is shown.
        difference_usd: The second less the first.
    """

    plans: int = 0
    savings_then_usd: Decimal = Decimal(0)
    savings_now_usd: Decimal = Decimal(0)
    difference_usd: Decimal = Decimal(0)


@dataclass(frozen=True)
class Changes:
    """What changed, whatever was decided.

    Attributes:
        total: All plans of both builds.
        movements: By name, those of `MOVEMENTS`.
        largest: The plans that moved most: movement, account_id, account_name, region, table_name,
            savings_then_usd, savings_now_usd, difference_usd.
    """

    total: Movement
    movements: dict[str, Movement]
    largest: pd.DataFrame


def knows(view: View) -> bool:
    """Return whether the build knows of the one before; those of older versions do not."""
    return set(MARTS) <= set(published.columns(cursor(view.build)))


@remembered
def publications(view: View, most: int = 60) -> pd.DataFrame:
    """Return the newest builds of the workspace, oldest first, each with the sums of its best plans."""
    return cursor(view.build).execute(_PUBLICATIONS, {"most": most}).df().iloc[::-1].reset_index(drop=True)


@remembered
def since_last(view: View, most: int = 10) -> Changes:
    """Return how the best plans of the tables that the filters select moved since the build before."""
    reader = cursor(view.build)
    places = reader.execute(_PLACES).to_arrow_table()
    reader.register("tables", scope.tables_and(view, places))
    found = {
        row[0]: Movement(row[1], *(value or Decimal(0) for value in row[2:]))
        for row in reader.execute(_BY_MOVEMENT, {"plan": PLAN}).fetchall()
    }
    largest = reader.execute(_LARGEST, {"plan": PLAN, "most": most}).df()
    return Changes(
        found.get(None, Movement()), {name: found.get(name, Movement()) for name in MOVEMENTS}, largest
    )
