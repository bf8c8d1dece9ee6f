"""Filters, until optima.selection brings them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from optima.decisions import OPEN, Standing

PLAN = "best_plan"


@dataclass(frozen=True)
class Filters:
    """What the reader narrows the pages down to."""

    kinds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    ous: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = OPEN
    min_savings: Decimal = Decimal(0)
    table_pattern: str = ""
    include_keep: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """Named parameters."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern is not one of RE2."""
    with duckdb.connect() as connection:
        try:
            connection.execute("select regexp_matches('', $pattern)", {"pattern": pattern})
        except duckdb.InvalidInputException as error:
            return str(error).removeprefix("Invalid Input Error: ")
    return None


_SELECTED = """
    select recommendations.* replace (coalesce(decided.status, recommendations.status) as status)
    from recommendations
    left join (select unnest($ids::varchar[]) as recommendation_id, unnest($stati::varchar[]) as status)
        as decided using (recommendation_id)
    where
        (advice = 'change' or $include_keep)
        and (len($kinds::varchar[]) = 0 or list_contains($kinds::varchar[], kind))
        and (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], account_id))
        and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
        and (
            len($statuses::varchar[]) = 0
            or list_contains($statuses::varchar[], coalesce(decided.status, recommendations.status))
        )
        and ($min_savings = 0 or monthly_savings_usd >= $min_savings)
        and ($table_pattern = '' or regexp_matches(table_name, $table_pattern))
    order by
        kind <> 'best_plan',
        monthly_savings_usd desc,
        account_id,
        region,
        table_name,
        index_name nulls first,
        kind
"""


def selected(cursor: duckdb.DuckDBPyConnection, filters: Filters, standing: Standing) -> pa.Table:
    """Return the rows."""
    asked = {name: value for name, value in filters.parameters.items() if name not in ("ous", "tags")}
    asked |= {"ids": list(standing.statuses), "stati": list(standing.statuses.values())}
    return cursor.execute(_SELECTED, asked).to_arrow_table()
