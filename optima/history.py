"""What a build keeps of the builds before it: what each would have saved, and what the last one advised.

It lives in the builds alone and is handed on from one to the next, so that it outlives every rebuild of the
warehouse. Where no earlier build can be read it starts anew.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from optima.errors import OptimaError
from optima.published import Build, columns, open_build

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_log = logging.getLogger(__name__)

_MONEY = "decimal(28, 10)"
PREVIOUS_RECOMMENDATIONS = {
    "recommendation_id": "varchar",
    "kind": "varchar",
    "account_id": "varchar",
    "region": "varchar",
    "table_name": "varchar",
    "index_name": "varchar",
    "advice": "varchar",
    "recommended_setting": "varchar",
    "current_monthly_cost_usd": _MONEY,
    "monthly_savings_usd": _MONEY,
}
# The sums are of best plans; null where the build has none. `changes` are plans that differ from today.
PUBLICATIONS = {
    "build_id": "varchar",
    "published_at": "timestamp",
    "as_of": "timestamp",
    "current_monthly_cost_usd": _MONEY,
    "monthly_savings_usd": _MONEY,
    "changes": "bigint",
}
_TABLES = {"previous_recommendations": PREVIOUS_RECOMMENDATIONS, "publications": PUBLICATIONS}

# What was seen of an account that has left is paid by nobody any more, as in savings_summary.
_TOTALS = """
    select
        cast($build_id as varchar),
        cast($published_at as timestamp),
        cast($as_of as timestamp),
        cast(
            sum(current_monthly_cost_usd) filter (keep_reason is distinct from 'account_inactive')
            as decimal(28, 10)
        ),
        cast(sum(monthly_savings_usd) as decimal(28, 10)),
        count(*) filter (advice = 'change')
    from ({advice})
    where kind = 'best_plan'
"""


@dataclass(frozen=True)
class Past:
    """The rows that an earlier build hands on, with the columns of the tables of the same names."""

    previous_recommendations: pa.Table
    publications: pa.Table


def read(earlier: Iterable[Build]) -> Past | None:
    """Return what the first of these builds that can be read hands on; None where none can be."""
    import duckdb

    for build in earlier:
        try:
            with open_build(build) as connection:
                return _read(connection, build)
        except (OptimaError, duckdb.Error) as error:
            _log.warning("the history of %s is lost: %s", build.path.name, error)
    return None


def write(
    connection: duckdb.DuckDBPyConnection, build: Build, as_of: datetime | None, past: Past | None
) -> None:
    """Fill the tables of history of a new build, whose marts are already there.

    Args:
        connection: The new build, open for writing.
        build: Which one it is.
        as_of: The instant that it stands for.
        past: What the build before hands on.
    """
    for name, kinds in _TABLES.items():
        columns_ = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
        connection.execute(f"create table {name} ({columns_})")
        if past is not None:
            rows = getattr(past, name)
            connection.register("handed_on", rows)
            connection.execute(f"insert into {name} from handed_on")
            connection.unregister("handed_on")
    connection.execute(f"insert into publications {_totals(connection)}", _parameters(build, as_of))


def _read(connection: duckdb.DuckDBPyConnection, build: Build) -> Past:
    advice = connection.execute(
        f"select {', '.join(PREVIOUS_RECOMMENDATIONS)} from ({_advice(connection)})"  # noqa: S608
    )
    return Past(advice.to_arrow_table(), _publications(connection, build))


def _publications(connection: duckdb.DuckDBPyConnection, build: Build) -> pa.Table:
    """Return the publications that a build knows; where its version noted none, its own."""
    known = columns(connection)
    if "publications" in known:
        rows = connection.execute(f"select {', '.join(PUBLICATIONS)} from publications order by build_id")  # noqa: S608
        return rows.to_arrow_table()
    noted = connection.execute("select as_of from publication").fetchone() if "publication" in known else None
    parameters = _parameters(build, noted[0] if noted else None)
    return connection.execute(_totals(connection), parameters).to_arrow_table()


def _totals(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the query of the row of PUBLICATIONS that an opened build makes; it takes `_parameters`."""
    return _TOTALS.format(advice=_advice(connection))


def _advice(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the query of a build's recommendations; what its version did not know is null."""
    known = columns(connection).get("recommendations", frozenset())
    selected = (
        f"cast({column if column in known else 'null'} as {kind}) as {column}"
        for column, kind in {**PREVIOUS_RECOMMENDATIONS, "keep_reason": "varchar"}.items()
    )
    rows = "recommendations" if known else "(select 1 where false)"
    return f"select {', '.join(selected)} from {rows}"  # noqa: S608


def _parameters(build: Build, as_of: datetime | None) -> dict[str, object]:
    return {"build_id": build.build_id, "published_at": build.published_at, "as_of": as_of}
