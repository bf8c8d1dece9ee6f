"""The selection: each filter by itself, what is decided together, and what stands now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from optima import decisions, selection
from optima.decisions import Standing
from optima.errors import AmbiguousError, OptimaError
from optima.selection import Filters, Total

NOW = datetime(2026, 11, 1)
MONEY = "decimal(28, 10)"
RECOMMENDATIONS = {
    "recommendation_id": "varchar",
    "kind": "varchar",
    "account_id": "varchar",
    "account_name": "varchar",
    "ou_path": "varchar",
    "region": "varchar",
    "table_name": "varchar",
    "index_name": "varchar",
    "monthly_savings_usd": MONEY,
    "list_monthly_savings_usd": MONEY,
    "price_basis": "varchar",
    "advice": "varchar",
    "status": "varchar",
    "decided_by": "varchar",
    "decision_key": "varchar",
}
TABLES = {"account_id": "varchar", "region": "varchar", "table_name": "varchar", "tags": "varchar"}
PAYMENTS = {"account_id": "111", "account_name": "payments", "ou_path": "Root/Shops"}
ANALYTICS = {"account_id": "222", "account_name": "analytics", "ou_path": "Root/Shops/Data"}
# Whose unit only starts like another one's.
LOANS = {"account_id": "333", "account_name": "loans", "ou_path": "Root/Shopsters"}
# A replica of `carts` gets dearer by itself.
ROWS: list[dict[str, Any]] = [
    {
        **PAYMENTS,
        "recommendation_id": "aa11",
        "region": "eu-west-1",
        "table_name": "orders",
        "saved": "13",
    },
    {**PAYMENTS, "recommendation_id": "aa22", "region": "us-east-1", "table_name": "carts", "saved": "-1.5"},
    {**PAYMENTS, "recommendation_id": "ab33", "region": "eu-west-1", "table_name": "carts", "saved": "70"},
    {**ANALYTICS, "recommendation_id": "b1", "region": "eu-west-1", "table_name": "events", "saved": "0"},
    {**LOANS, "recommendation_id": "c1", "region": "eu-west-1", "table_name": "prod-loans", "saved": "5"},
    {**PAYMENTS, "recommendation_id": "d1", "region": "eu-west-1", "table_name": "orders", "saved": "900"},
    {**PAYMENTS, "recommendation_id": "d2", "region": "eu-west-1", "table_name": "orders", "saved": "900"},
]
KINDS = {"d1": "utilization", "d2": "utilization"}
# A key is one of a kind: the cut of `orders` is not decided with the plans of `carts`.
SHARED = {"aa22": "carts", "ab33": "carts", "d1": "carts"}
TAGS = {
    "orders": {"env": "prod", "team": "a=b"},
    "carts": {"env": "prod"},
    "events": {"env": "test", "team": "it's"},
}


def completed(row: dict[str, Any]) -> dict[str, Any]:
    key, saved = row["recommendation_id"], Decimal(row["saved"])
    return {
        **row,
        "kind": KINDS.get(key, "best_plan"),
        "index_name": "by-day" if key == "d2" else None,
        "monthly_savings_usd": saved,
        "list_monthly_savings_usd": 2 * saved,
        "price_basis": "net",
        "advice": "change" if saved else "keep",
        "status": "rejected",
        "decided_by": "what the build had read",
        "decision_key": SHARED.get(key, key),
    }


def fill(
    connection: duckdb.DuckDBPyConnection, mart: str, columns: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create or replace table {mart} ({described})")
    values = [[row.get(name) for name in columns] for row in rows]
    connection.executemany(f"insert into {mart} values ({', '.join('?' * len(columns))})", values)


@pytest.fixture(scope="module")
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        fill(connection, "recommendations", RECOMMENDATIONS, [completed(row) for row in ROWS])
        places = {(row["account_id"], row["region"], row["table_name"]) for row in ROWS}
        tables = [
            {"account_id": account, "region": region, "table_name": table, "tags": json.dumps(TAGS[table])}
            for account, region, table in places
            if table in TAGS
        ]
        fill(connection, "dim_tables", TABLES, tables)
        yield connection


@pytest.fixture
def nobody(tmp_path: Path) -> Standing:
    return decisions.standing(tmp_path / "decisions.jsonl", NOW)


def ids(build: duckdb.DuckDBPyConnection, standing: Standing, **filters: Any) -> list[str]:
    found = selection.selected(build.cursor(), Filters(**filters), standing)
    return found["recommendation_id"].to_pylist()


PLANS = ["ab33", "aa11", "c1", "aa22"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [*PLANS, "d1", "d2"]),
        ({"include_keep": True}, ["ab33", "aa11", "c1", "b1", "aa22", "d1", "d2"]),
        ({"kinds": ("best_plan",)}, PLANS),
        ({"kinds": ("utilization", "table_class")}, ["d1", "d2"]),
        ({"accounts": ("111",)}, ["ab33", "aa11", "aa22", "d1", "d2"]),
        ({"accounts": ("loans", "222")}, ["c1"]),
        ({"ous": ("Root/Shops",)}, ["ab33", "aa11", "aa22", "d1", "d2"]),
        ({"ous": ("Root/Shops",), "include_keep": True}, ["ab33", "aa11", "b1", "aa22", "d1", "d2"]),
        ({"ous": ("Root",)}, [*PLANS, "d1", "d2"]),
        ({"ous": ("Root/Shops/Data", "Root/Shopsters"), "include_keep": True}, ["c1", "b1"]),
        ({"ous": ("Shops",)}, []),
        ({"regions": ("us-east-1",)}, ["aa22"]),
        ({"tags": ("env",)}, ["ab33", "aa11", "aa22", "d1", "d2"]),
        ({"tags": ("env=prod", "team")}, ["aa11", "d1", "d2"]),
        ({"tags": ("team=a=b",)}, ["aa11", "d1", "d2"]),
        ({"tags": ("team=it's",), "include_keep": True}, ["b1"]),
        ({"tags": ("env=test", "env=prod", "team=it's"), "include_keep": True}, ["b1"]),
        ({"tags": ("Env=prod",)}, []),
        ({"min_savings": Decimal("13")}, ["ab33", "aa11", "d1", "d2"]),
        ({"min_savings": Decimal("13.0000000001")}, ["ab33", "d1", "d2"]),
        ({"table_pattern": "^prod-"}, ["c1"]),
        ({"table_pattern": "(?i)ORD|loan"}, ["aa11", "c1", "d1", "d2"]),
        ({"table_pattern": "'; drop table recommendations; --"}, []),
        ({"accounts": ("111' or true --",)}, []),
        ({"statuses": ()}, [*PLANS, "d1", "d2"]),
        ({"statuses": ("rejected",)}, []),
    ],
)
def test_each_filter(
    build: duckdb.DuckDBPyConnection, nobody: Standing, filters: dict[str, Any], expected: list[str]
) -> None:
    assert ids(build, nobody, **filters) == expected


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?=x)", "\\"])
def test_a_pattern_that_is_none_is_said(
    build: duckdb.DuckDBPyConnection, nobody: Standing, pattern: str
) -> None:
    assert selection.pattern_problem(pattern)
    with pytest.raises(OptimaError, match="is no regular expression"):
        ids(build, nobody, table_pattern=pattern)
    assert selection.pattern_problem("^(?i)prod-.*$") is None


def test_what_was_decided_is_laid_over_the_build(build: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    until = NOW + timedelta(days=1)
    for key, status, reason, end in (
        ("aa11", "accepted", None, None),
        ("ab33", "rejected", "December", None),
        ("d1", "snoozed", None, until),
        ("gone", "implemented", None, None),
    ):
        row = {"recommendation_id": key}
        decisions.take(path, [row], status, now=NOW, by="ana", reason=reason, until=end)
    standing = decisions.standing(path, NOW)
    assert ids(build, standing) == ["aa11", "c1", "aa22", "d2"]
    assert ids(build, standing, statuses=("rejected", "implemented")) == ["ab33"]
    assert ids(build, standing, statuses=("snoozed",)) == ["d1"]
    later = decisions.standing(path, until)
    assert ids(build, later, statuses=("pending",)) == ["c1", "aa22", "d1", "d2"]
    found = selection.selected(build.cursor(), Filters(statuses=("rejected", "accepted")), standing)
    names = ("recommendation_id", "status", "decided_at", "decided_by", "decision_reason", "snoozed_until")
    assert [tuple(row[name] for name in names) for row in found.to_pylist()] == [
        ("ab33", "rejected", NOW, "ana", "December", None),
        ("aa11", "accepted", NOW, "ana", None, None),
    ]
    assert json.loads(found["tags"][0].as_py()) == {"env": "prod"}


def test_totals_are_of_the_changes_that_stand_like_this(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "decisions.jsonl"
    rows = [{"recommendation_id": key} for key in ("ab33", "d1", "d2")]
    decisions.take(path, rows, "implemented", now=NOW, by="ana")
    everything = Filters(statuses=(), include_keep=True)
    cursor = build.cursor()
    found = selection.selected(cursor, everything, decisions.standing(path, NOW))
    plans = Total("best_plan", 3, Decimal("16.5"), Decimal("33"), False)
    cuts = Total("utilization", 0, Decimal(0), Decimal(0), False)
    assert sorted(selection.totals(cursor, found), key=lambda total: total.kind) == [plans, cuts]
    done = selection.totals(cursor, found, ["implemented"])
    assert {total.kind: total.monthly_savings_usd for total in done} == {"best_plan": 70, "utilization": 1800}


def test_replicas_are_decided_together_whatever_the_filters_left_out(
    build: duckdb.DuckDBPyConnection, nobody: Standing
) -> None:
    def together(*keys: str) -> list[str]:
        found = selection.decided_together(build.cursor(), keys, nobody)
        return found["recommendation_id"].to_pylist()

    assert together("aa22") == ["ab33", "aa22"]
    assert together("d1", "aa11") == ["aa11", "d1"]
    assert together("b1", "gone") == ["b1"]
    assert together() == []


def test_ids_may_be_shortened_as_long_as_they_fit_one_alone(
    build: duckdb.DuckDBPyConnection, nobody: Standing
) -> None:
    cursor = build.cursor()
    assert selection.named(cursor, ["ab", "aa11", "b", "ab33"], nobody) == ["ab33", "aa11", "b1"]
    with pytest.raises(
        AmbiguousError, match=r"^3 recommendations start with a: write more of it: aa11 \("
    ) as said:
        selection.named(cursor, ["b", "a"], nobody)
    assert "; aa22 (best plan of carts in us-east-1, payments); ab33 (" in str(said.value)
    for wrong in ("x", "aa111", ""):
        with pytest.raises(OptimaError, match=f"There is no recommendation '{wrong}'"):
            selection.named(cursor, [wrong], nobody)


def test_what_was_decided_on_can_be_named_although_it_is_gone(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "decisions.jsonl"
    rows = [{"recommendation_id": key} for key in ("aa11", "ab44", "e1")]
    decisions.take(path, rows, "accepted", now=NOW, by="ana")
    standing = decisions.standing(path, NOW)
    assert selection.named(build.cursor(), ["e", "ab44", "aa1"], standing) == ["e1", "ab44", "aa11"]
    with pytest.raises(AmbiguousError, match=r"ab33 \(.*; ab44 \(which the newest build has no more\)\.$"):
        selection.named(build.cursor(), ["ab"], standing)


def test_an_id_that_another_one_starts_with_is_itself(nobody: Standing) -> None:
    with duckdb.connect() as connection:
        rows = [{**completed(ROWS[0]), "recommendation_id": key} for key in ("ab", "abc")]
        fill(connection, "recommendations", RECOMMENDATIONS, rows)
        fill(connection, "dim_tables", TABLES, [{"table_name": "orders"}])
        assert selection.named(connection, ["ab"], nobody) == ["ab"]


def test_ids_are_shown_as_long_as_tells_them_apart() -> None:
    with duckdb.connect() as connection:
        for other, expected in (("0f", 8), ("00000000f", 9), ("000000000f", 10)):
            keys = ("f" * 32, "0" * 32, other.ljust(32, "0"))
            rows = [{**completed(ROWS[0]), "recommendation_id": key} for key in keys]
            fill(connection, "recommendations", RECOMMENDATIONS, rows)
            assert selection.short_length(connection) == expected


def test_a_build_of_an_older_version_is_selected_from_too(nobody: Standing) -> None:
    lacking = ("ou_path", "decision_key", "list_monthly_savings_usd", "price_basis", "status", "decided_by")
    with duckdb.connect() as connection:
        columns = {name: kind for name, kind in RECOMMENDATIONS.items() if name not in lacking}
        fill(connection, "recommendations", columns, [completed(row) for row in ROWS])
        tables = {name: kind for name, kind in TABLES.items() if name != "tags"}
        fill(connection, "dim_tables", tables, [{name: ROWS[0][name] for name in tables}])
        assert ids(connection, nobody) == [*PLANS, "d1", "d2"]
        assert ids(connection, nobody, tags=("env",)) == []
        assert ids(connection, nobody, ous=("Root",)) == []
        found = selection.decided_together(connection, ["aa22"], nobody)
        assert found["recommendation_id"].to_pylist() == ["aa22"]
        assert found["stranded_commitment_usd"].to_pylist() == [None]
        [total] = selection.totals(connection, found)
        assert total == Total("best_plan", 1, Decimal("-1.5"), None, True)
        connection.execute("drop table dim_tables")
        with pytest.raises(OptimaError, match="The published build holds no recommendations"):
            ids(connection, nobody)
