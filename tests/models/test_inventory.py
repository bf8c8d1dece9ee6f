"""The inventory: which tables and indexes are in force, as what, and since when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from small_warehouse import SmallWarehouse

ACCOUNT = "012345678901"
TABLE = {
    "account_id": ACCOUNT,
    "region": "us-east-1",
    "table_name": "orders",
    "billing_mode": "PROVISIONED",
    "table_class": "STANDARD",
    "read_capacity_units": 1000,
    "write_capacity_units": 10,
    "created_at": datetime(2025, 5, 1),
}
INDEX = {
    "account_id": ACCOUNT,
    "region": "us-east-1",
    "table_name": "orders",
    "gsi_name": "by-date",
    "resource_name": "orders#by-date",
    "read_capacity_units": 5,
    "write_capacity_units": 5,
}
FIRST_READ = datetime(2026, 10, 10)
SECOND_READ = datetime(2026, 10, 20)
THIRD_READ = datetime(2026, 10, 27)


def tables(warehouse: SmallWarehouse, *versions: dict[str, Any]) -> None:
    warehouse.rows("raw_dynamodb.table_metadata", [TABLE | version for version in versions])


def indexes(warehouse: SmallWarehouse, *versions: dict[str, Any]) -> None:
    warehouse.rows("raw_dynamodb.gsi_metadata", [INDEX | version for version in versions])


def resources(warehouse: SmallWarehouse, **variables: object) -> dict[str, dict[str, Any]]:
    warehouse.build("+int_inventory__resources +int_inventory__configuration_history", **variables)
    rows = warehouse.query("select * from intermediate.int_inventory__resources")
    return {row["resource_name"]: row for row in rows}


@pytest.mark.parametrize(
    ("as_of", "read_units"),
    [
        (datetime(2025, 4, 30), None),
        (datetime(2025, 5, 1), 1000),
        (datetime(2026, 10, 9), 1000),
        (datetime(2026, 10, 19, 23, 59), 1000),
        (SECOND_READ, 100),
        (datetime(2026, 10, 26), 100),
        (THIRD_READ, None),
    ],
)
def test_the_version_in_force_is_that_of_the_moment(
    warehouse: SmallWarehouse, as_of: datetime, read_units: int | None
) -> None:
    tables(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": SECOND_READ},
        {"valid_from": SECOND_READ, "valid_to": THIRD_READ, "read_capacity_units": 100},
    )
    found = resources(warehouse, as_of=as_of)
    assert [row["read_units"] for row in found.values()] == ([] if read_units is None else [read_units])


def test_changes_are_dated_each_by_itself(warehouse: SmallWarehouse) -> None:
    fourth_read = datetime(2026, 10, 29)
    autoscaled = {
        "write_autoscaling_min": 1,
        "write_autoscaling_max": 50,
        "write_autoscaling_target_pct": 70.0,
    }
    tables(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": SECOND_READ, **autoscaled},
        # Autoscaling changed the write units; a person changed the read units.
        {
            "valid_from": SECOND_READ,
            "valid_to": THIRD_READ,
            **autoscaled,
            "read_capacity_units": 100,
            "write_capacity_units": 20,
        },
        {
            "valid_from": THIRD_READ,
            "valid_to": fourth_read,
            **autoscaled,
            "read_capacity_units": 100,
            "write_capacity_units": 20,
            "table_class": "STANDARD_INFREQUENT_ACCESS",
        },
        {
            "valid_from": fourth_read,
            **autoscaled,
            "read_capacity_units": 100,
            "write_capacity_units": 20,
            "table_class": "STANDARD_INFREQUENT_ACCESS",
            "write_autoscaling_min": 2,
        },
    )
    row = resources(warehouse)["orders"]
    assert row["read_setting_changed_at"] == SECOND_READ
    assert row["write_setting_changed_at"] == fourth_read
    assert row["table_class_changed_at"] == THIRD_READ
    assert row["billing_mode_changed_at"] is None
    assert (row["is_read_autoscaled"], row["is_write_autoscaled"], row["write_target"]) == (False, True, 0.7)
    history = warehouse.query(
        """select valid_from, valid_to, read_units, write_units, table_class
        from intermediate.int_inventory__configuration_history order by valid_from"""
    )
    assert warehouse.failures("int_inventory__resources int_inventory__configuration_history") == []
    assert [tuple(row.values()) for row in history] == [
        (TABLE["created_at"], SECOND_READ, 1000, 10, "STANDARD"),
        (SECOND_READ, THIRD_READ, 100, 20, "STANDARD"),
        (THIRD_READ, None, 100, 20, "STANDARD_INFREQUENT_ACCESS"),
    ]


@pytest.mark.parametrize(
    ("mode", "chosen_at", "seen_changed", "changed_at"),
    [
        # AWS's own date is the exact one; that of creation is no change.
        ("PAY_PER_REQUEST", datetime(2026, 10, 15, 7), True, datetime(2026, 10, 15, 7)),
        ("PAY_PER_REQUEST", datetime(2025, 5, 1, 0, 0, 3), False, None),
        ("PAY_PER_REQUEST", None, True, SECOND_READ),
        # A provisioned table left on-demand at some time after it was chosen.
        ("PROVISIONED", datetime(2026, 10, 5), False, datetime(2026, 10, 5)),
        ("PROVISIONED", datetime(2026, 10, 5), True, SECOND_READ),
        ("PROVISIONED", None, False, None),
        # Not yet, at the moment of the build.
        ("PAY_PER_REQUEST", datetime(2026, 11, 5), False, None),
    ],
)
def test_a_change_of_mode_is_dated_by_aws_or_by_the_history(
    warehouse: SmallWarehouse,
    mode: str,
    chosen_at: datetime | None,
    seen_changed: bool,
    changed_at: datetime | None,
) -> None:
    other = {"PROVISIONED": "PAY_PER_REQUEST", "PAY_PER_REQUEST": "PROVISIONED"}[mode]
    tables(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": SECOND_READ, "billing_mode": other if seen_changed else mode},
        {"valid_from": SECOND_READ, "billing_mode": mode, "pay_per_request_since_at": chosen_at},
    )
    assert resources(warehouse)["orders"]["billing_mode_changed_at"] == changed_at


def test_an_index_is_as_old_as_its_table_unless_it_was_seen_later(warehouse: SmallWarehouse) -> None:
    tables(warehouse, {"valid_from": FIRST_READ})
    indexes(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": None},
        {"valid_from": SECOND_READ, "gsi_name": "late", "resource_name": "orders#late"},
    )
    found = resources(warehouse)
    assert found["orders#by-date"]["created_at"] == TABLE["created_at"]
    assert found["orders#late"]["created_at"] == SECOND_READ
    assert (found["orders#late"]["billing_mode"], found["orders#late"]["is_index"]) == ("PROVISIONED", True)
    earlier = resources(warehouse, as_of=datetime(2026, 10, 15))
    assert set(earlier) == {"orders", "orders#by-date"}


def test_an_index_follows_its_tables_mode(warehouse: SmallWarehouse) -> None:
    tables(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": SECOND_READ},
        {"valid_from": SECOND_READ, "billing_mode": "PAY_PER_REQUEST"},
    )
    indexes(warehouse, {"valid_from": FIRST_READ})
    row = resources(warehouse)["orders#by-date"]
    assert (row["billing_mode"], row["billing_mode_changed_at"]) == ("PAY_PER_REQUEST", SECOND_READ)


def test_a_table_created_anew_has_no_past(warehouse: SmallWarehouse) -> None:
    again = datetime(2026, 10, 12)
    tables(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": SECOND_READ},
        {"valid_from": SECOND_READ, "created_at": again, "read_capacity_units": 7},
    )
    row = resources(warehouse, as_of=datetime(2026, 10, 13))["orders"]
    assert (row["read_units"], row["created_at"], row["read_setting_changed_at"]) == (7, again, None)
    assert resources(warehouse, as_of=datetime(2026, 10, 11))["orders"]["read_units"] == 1000


def test_an_account_read_without_tables_has_none(warehouse: SmallWarehouse) -> None:
    tables(warehouse, {"valid_from": FIRST_READ})
    read = {"account_id": ACCOUNT, "region": "us-east-1"}
    warehouse.rows(
        "ops.inventory_reads",
        [
            read | {"read_at": FIRST_READ, "outcome": "read", "tables_seen": 1},
            read | {"read_at": SECOND_READ, "outcome": "denied", "tables_seen": None},
            read | {"read_at": THIRD_READ, "outcome": "read", "tables_seen": 0},
        ],
    )
    assert set(resources(warehouse, as_of=datetime(2026, 10, 26))) == {"orders"}
    assert resources(warehouse) == {}
    warehouse.build("+dim_accounts")
    (account,) = warehouse.query("select * from marts.dim_accounts")
    assert (account["account_name"], account["payer_account_id"]) == (ACCOUNT, ACCOUNT)
    assert (account["last_read_at"], account["last_read_outcome"]) == (THIRD_READ, "read")


def test_one_region_that_is_denied_is_heard_of(warehouse: SmallWarehouse) -> None:
    tables(warehouse, {"valid_from": FIRST_READ})
    warehouse.rows(
        "ops.inventory_reads",
        [
            {"account_id": ACCOUNT, "region": "eu-west-1", "read_at": FIRST_READ, "outcome": "denied"},
            {"account_id": ACCOUNT, "region": "us-east-1", "read_at": SECOND_READ, "outcome": "read"},
            {"account_id": ACCOUNT, "region": "us-west-2", "read_at": SECOND_READ, "outcome": "read"},
        ],
    )
    warehouse.build("+dim_accounts")
    (account,) = warehouse.query("select last_read_at, last_read_outcome from marts.dim_accounts")
    assert account == {"last_read_at": SECOND_READ, "last_read_outcome": "denied"}


def test_replicas_share_a_decision(warehouse: SmallWarehouse) -> None:
    regions = {"replica_regions": '["eu-west-1","us-east-1"]'}
    tables(
        warehouse,
        regions,
        regions | {"region": "eu-west-1"},
        {"table_name": "alone", "replica_regions": None},
        {"table_name": "former", "replica_regions": '["us-east-1"]'},
    )
    warehouse.build("+int_inventory__resources")
    rows = warehouse.query("select * from intermediate.int_inventory__resources order by table_name, region")
    alone, former, ireland, virginia = rows
    assert [row["is_replicated"] for row in rows] == [False, False, True, True]
    assert ireland["decision_key"] == virginia["decision_key"] != virginia["table_key"]
    assert (alone["decision_key"], former["decision_key"]) == (alone["table_key"], former["table_key"])
    assert virginia["replica_regions"] == ["eu-west-1", "us-east-1"]
    assert ireland["table_key"] != virginia["table_key"]


def test_sizes_are_the_newest_known_then(warehouse: SmallWarehouse) -> None:
    tables(warehouse, {})
    size = {key: TABLE[key] for key in ("account_id", "region", "table_name")} | {"resource_name": "orders"}
    warehouse.rows(
        "raw_dynamodb.table_sizes",
        [
            size | {"observed_on": day.date(), "size_bytes": day.day, "item_count": 1}
            for day in (FIRST_READ, SECOND_READ, THIRD_READ)
        ],
    )
    assert resources(warehouse)["orders"]["size_bytes"] == 27
    assert resources(warehouse, as_of=datetime(2026, 10, 26))["orders"]["size_bytes"] == 20
    assert resources(warehouse, as_of=datetime(2026, 9, 1))["orders"]["size_bytes"] == 10


def test_the_dimensions_pass_their_own_tests(warehouse: SmallWarehouse) -> None:
    tables(warehouse, {})
    indexes(warehouse, {})
    warehouse.build("+dim_tables +dim_indexes +dim_accounts +dim_prices")
    assert warehouse.failures("dim_tables dim_indexes dim_accounts dim_prices") == []
    (table,) = warehouse.query("select * from marts.dim_tables")
    assert (table["index_count"], table["account_name"]) == (1, ACCOUNT)
    (index,) = warehouse.query("select * from marts.dim_indexes")
    assert (index["table_key"], index["read_units"]) == (table["table_key"], 5)


def test_autoscaling_that_was_read_later_was_so_before_and_is_no_change(warehouse: SmallWarehouse) -> None:
    autoscaled = {
        "write_autoscaling_min": 1,
        "write_autoscaling_max": 50,
        "write_autoscaling_target_pct": 70.0,
    }
    unknown = {"autoscaling_unknown": True}
    tables(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": SECOND_READ, **unknown},
        {"valid_from": SECOND_READ, "valid_to": THIRD_READ, "write_capacity_units": 20, **unknown},
        {"valid_from": THIRD_READ, "write_capacity_units": 20, **autoscaled},
        {"table_name": "hidden", "valid_from": FIRST_READ, **unknown},
        {"table_name": "demanded", "valid_from": FIRST_READ, "billing_mode": "PAY_PER_REQUEST", **unknown},
    )
    indexes(
        warehouse,
        {"valid_from": FIRST_READ, "valid_to": SECOND_READ, **unknown},
        {"valid_from": SECOND_READ, **autoscaled},
    )
    found = resources(warehouse)
    for name, target in (("orders", 0.7), ("orders#by-date", 0.7), ("hidden", None), ("demanded", None)):
        row = found[name]
        assert (row["write_target"], row["is_write_autoscaled"]) == (target, target is not None)
        assert row["is_autoscaling_unknown"] is (name == "hidden")
        assert row["write_setting_changed_at"] is None
