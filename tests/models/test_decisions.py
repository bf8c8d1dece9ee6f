"""The people's decisions on recommendations, as the models read them and as publishing leaves them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from small_warehouse import AS_OF, SmallWarehouse

from optima import decisions, published, selection
from optima.publish import publish
from optima.selection import Filters
from optima.workspace import Workspace

STAGING = "stg_decisions__recommendation_decisions"
MARTS = f"{STAGING} recommendations savings_summary"
KINDS = (
    "best_plans",
    "capacity_mode_recommendations",
    "table_class_recommendations",
    "utilization_recommendations",
)
TABLE = {
    "account_id": "012345678901",
    "account_name": "payments",
    "region": "eu-west-1",
    "current_setting": "{}",
    "recommended_setting": "{}",
    "price_basis": "list",
    "advice": "change",
    "reason": "Because.",
}
LATER = AS_OF + timedelta(days=3)


def advice(recommendation_id: str, kind: str, table: str, saved: str, **columns: Any) -> dict[str, Any]:
    amounts = {"monthly_savings_usd": saved, "annual_savings_usd": saved}
    what = {"recommendation_id": recommendation_id, "kind": kind, "table_name": table}
    return what | amounts | TABLE | columns


PLANS = [
    advice("p1", "best_plan", "orders", "10"),
    advice("p2", "best_plan", "events", "20"),
    advice("p3", "best_plan", "carts", "30", decision_key="carts"),
    advice("p4", "best_plan", "carts", "40", decision_key="carts", region="us-east-1"),
]
CUTS = [advice("u1", "utilization", "orders", "5", index_name="by-day")]


def write_marts(warehouse: SmallWarehouse, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Create marts with the columns of their contracts, in place of a build of all that is above them."""
    nodes = warehouse.project.manifest.nodes
    with warehouse.connection() as connection:
        connection.execute("create schema if not exists marts")
        for mart in (*KINDS, "dim_tables"):
            columns = {
                name: column.data_type
                for name, column in nodes[f"model.dynamodb_optima.{mart}"].columns.items()
            }
            described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create or replace table marts.{mart} ({described})")
            for row in rows.get(mart, []):
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"insert into marts.{mart} ({', '.join(row)}) values ({marks})", list(row.values())
                )


def let_go() -> None:
    """Close the warehouse, which dbt keeps open for the life of a process."""
    DuckDBConnectionManager.close_all_connections()


def take(warehouse: SmallWarehouse, key: str, status: str, *, until: datetime | None = None) -> None:
    rows = [row for row in PLANS if row["recommendation_id"] == key]
    decisions.take(
        warehouse.decisions_path, rows, status, now=AS_OF, by="ana", reason="Because.", until=until
    )


def test_a_file_of_decisions_is_read_as_it_is(warehouse: SmallWarehouse, tmp_path: Path) -> None:
    warehouse.build(STAGING, decisions_path=str(tmp_path / "nobody-decided.jsonl"))
    assert warehouse.query(f"select * from staging.{STAGING}") == []
    by_hand = '{"recommendation_id": "p2", "status": "Accepted", "decided_at": "2026-10-31T10:00:00+02:00"}\n'
    warehouse.decisions_path.write_text(by_hand)
    take(warehouse, "p1", "snoozed", until=LATER)
    warehouse.build(STAGING)
    found = warehouse.query(
        f"""
        select * exclude (recommendation_decision_key, about), about ->> 'table_name' as about_table
        from staging.{STAGING}
        order by line_number
        """
    )
    nothing = {"decided_by": None, "reason": None, "snoozed_until": None, "about_table": None}
    assert found == [
        {
            "recommendation_id": "p2",
            "status": "accepted",
            "decided_at": datetime(2026, 10, 31, 8),
            "line_number": 1,
            **nothing,
        },
        {
            "recommendation_id": "p1",
            "status": "snoozed",
            "decided_at": AS_OF,
            "decided_by": "ana",
            "reason": "Because.",
            "snoozed_until": LATER,
            "line_number": 2,
            "about_table": "orders",
        },
    ]


@pytest.fixture
def workspace(warehouse: SmallWarehouse, tmp_path: Path) -> Workspace:
    """A workspace over the warehouse, whose decisions dbt reads; the minutes of nobody."""
    workspace = Workspace.at(tmp_path, warehouse.path)
    workspace.create()
    warehouse.decisions_path = workspace.decisions
    return workspace


def stands(workspace: Workspace, now: datetime = AS_OF) -> tuple[dict[str, str], dict[str, str]]:
    """Return every status as the published mart has it, and as readers lay the file over it."""
    standing = decisions.standing(workspace.decisions, now)
    with published.open_build(published.current(workspace)) as connection:
        built = dict(connection.execute("select recommendation_id, status from recommendations").fetchall())
        found = selection.selected(connection, Filters(statuses=()), standing)
    laid_over = zip(found["recommendation_id"].to_pylist(), found["status"].to_pylist(), strict=True)
    return built, dict(laid_over)


def test_no_rebuild_refresh_or_restored_warehouse_loses_a_decision(
    warehouse: SmallWarehouse, workspace: Workspace, tmp_path: Path
) -> None:
    def rebuild(as_of: datetime = AS_OF) -> None:
        """Build the marts anew, the whole warehouse if it was dropped, and publish them."""
        with warehouse.connection() as connection:
            connection.execute("create schema if not exists intermediate")
            connection.execute(_NO_MINUTES)
        write_marts(warehouse, {"best_plans": PLANS, "utilization_recommendations": CUTS})
        warehouse.build(MARTS, as_of=as_of)
        let_go()
        publish(workspace, as_of)

    rebuild()
    nobody = dict.fromkeys(("p1", "p2", "p3", "p4", "u1"), "pending")
    assert stands(workspace) == (nobody, nobody)
    older = tmp_path / "older.duckdb"
    shutil.copy(warehouse.path, older)

    take(warehouse, "p1", "rejected")
    take(warehouse, "p2", "snoozed", until=LATER)
    decided = nobody | {"p1": "rejected", "p2": "snoozed"}
    assert stands(workspace) == (nobody, decided)

    # A full refresh starts from no warehouse at all.
    warehouse.path.unlink()
    rebuild()
    assert stands(workspace) == (decided, decided)
    [plans] = warehouse.query(
        """
        select changes_open, open_monthly_savings_usd
        from marts.savings_summary
        where region = 'eu-west-1' and kind = 'best_plan'
        """
    )
    assert plans == {"changes_open": 1, "open_monthly_savings_usd": 30}

    # Replicas of a global table are decided together, and nothing else is.
    with published.open_build(published.current(workspace)) as connection:
        standing = decisions.standing(workspace.decisions, AS_OF)
        for chosen, expected in ((["p3"], ["p4", "p3"]), (["p1", "u1"], ["p1", "u1"])):
            together = selection.decided_together(connection, chosen, standing)
            assert together["recommendation_id"].to_pylist() == expected

    # What an older warehouse holds is published as it is, and readers know better.
    shutil.copy(older, warehouse.path)
    publish(workspace)
    assert stands(workspace) == (nobody, decided)

    # A pause that is over when the models are built is over in them, too.
    rebuild(LATER)
    assert stands(workspace, LATER) == (decided | {"p2": "pending"},) * 2


_NO_MINUTES = """
    create table if not exists intermediate.int_demand__days_arrayed (
        updated_at timestamp, account_id varchar, region varchar, resource_name varchar, day date,
        reads double[], writes double[], read_capacity double[], write_capacity double[],
        read_throttles double[], write_throttles double[]
    )
"""
