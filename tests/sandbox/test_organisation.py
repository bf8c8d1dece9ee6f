"""What the planted organisation consists of, and how it grows with what is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from optima.sandbox import SandboxConfig, planting
from optima.sandbox.organisation import Organisation
from optima.sandbox.planting import build
from tests.sandbox.served import END


def test_the_default_has_sixty_tables_and_twenty_five_indexes_in_seven_accounts_and_three_regions(
    organisation: Organisation,
) -> None:
    assert len(organisation.tables) == 60
    assert sum(len(table.indexes) for table in organisation.tables) == 25
    assert len({table.account_id for table in organisation.tables}) == 7
    assert {table.region for table in organisation.tables} == {"us-east-1", "us-west-2", "eu-west-1"}


def test_accounts_are_a_management_account_six_members_a_denied_and_a_suspended_one(
    organisation: Organisation,
) -> None:
    assert Counter((account.access, account.state) for account in organisation.accounts) == {
        ("granted", "ACTIVE"): 7,
        ("denied", "ACTIVE"): 1,
        ("granted", "SUSPENDED"): 1,
    }
    assert [account.id for account in organisation.accounts if account.id.startswith("0")] == ["012345678901"]


def test_every_kind_of_table_is_there(organisation: Organisation) -> None:
    tables = organisation.tables
    assert {table.on_demand for table in tables} == {True, False}
    assert {(table.on_demand, table.infrequent_access) for table in tables} == {
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    }
    assert sum(table.resource.read.is_autoscaled for table in tables) == 4
    assert sum(table.resource.resolution_minutes == 5 for table in tables) == 2
    assert sorted(table.name for table in tables if table.replica_regions) == [
        "exchange-rates",
        "exchange-rates",
        "user-settings",
        "user-settings",
    ]
    names = Counter((table.account_id, table.name) for table in tables if not table.replica_regions)
    assert [name for (_, name), count in names.items() if count == 2] == ["orders"]
    youngest = max(table.resource.created_minute for table in tables)
    assert organisation.clock_minute - youngest == 24 * 60


def test_more_tables_repeat_the_planted_ones_under_new_names_in_all_accounts() -> None:
    large = build(SandboxConfig(end=END, tables=1_000, accounts=40))
    keys = {(table.account_id, table.region, table.name) for table in large.tables}
    assert len(keys) == 1_000
    assert large.tables[60].name == "orders-002"
    assert large.tables[60].resource.read == large.tables[0].resource.read
    members = [
        account for account in large.accounts if (account.access, account.state) == ("granted", "ACTIVE")
    ]
    assert len(members) == 41
    assert {table.account_id for table in large.tables} == {account.id for account in members}


def test_copies_of_a_global_table_are_global_tables_of_their_own() -> None:
    copied = [table for table in build(SandboxConfig(end=END, tables=120)).tables if table.replica_regions]
    assert {table.name for table in copied} == {
        "user-settings",
        "user-settings-002",
        "exchange-rates",
        "exchange-rates-002",
    }
    assert all(len(table.replica_regions) == 2 for table in copied)


def test_fewer_accounts_share_the_tables() -> None:
    small = build(SandboxConfig(end=END, accounts=2))
    assert len({table.account_id for table in small.tables}) == 3  # the management account has one of its own
    assert len(small.tables) == 60


def test_a_planted_key_that_means_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {"name": "t", "account": "analytics", "region": "us-east-1", "mode": "on-demand"}
    wrong = {**planted, "why": "", "expect": [], "indexes": [{"name": "i", "raed": {"rate": 1}}]}
    monkeypatch.setattr(planting, "_archetypes", lambda: [wrong])
    with pytest.raises(ValueError, match=r"'t' has keys that mean nothing: \['raed'\]"):
        build(SandboxConfig(tables=1))


def test_no_tables_are_an_organisation_too() -> None:
    assert build(SandboxConfig(end=END, tables=0)).tables == ()


def test_dated_events_stay_where_they_are_when_the_clock_moves_on(organisation: Organisation) -> None:
    later = build(SandboxConfig(end=END + timedelta(days=3), founded=END))
    assert later.clock_minute == organisation.clock_minute + 3 * 24 * 60
    assert later.tables == organisation.tables


def test_the_clock_is_naive_utc_and_a_whole_minute() -> None:
    zoned = datetime(2026, 11, 1, 2, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert SandboxConfig(end=zoned).clock == datetime(2026, 11, 1)
    midnight = datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    assert SandboxConfig().clock in (midnight, midnight + timedelta(days=1))


@pytest.mark.parametrize("wrong", [{"accounts": 0}, {"tables": -1}, {"days": 0}, {"latency_seconds": -0.1}])
def test_a_size_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least 1 account and 1 day"):
        replace(SandboxConfig(), **wrong)
