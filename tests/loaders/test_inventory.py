"""Tables and indexes: read, kept as history, never lost to an account that denies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from loading import FEW_TABLES, MEMBERS, Interrupted, interrupt, query, talk_to

from loaders import inventory
from loaders.aws import Access
from loaders.inventory.load import _Inventory
from loaders.inventory.reader import PlaceReader
from loaders.pipeline import OpenWarehouse, Warehouse
from optima.sandbox import Fault, Sandbox, SandboxError, running

SHOP = "012345678901"
VAULT = "666677778888"  # denies access

PAYMENTS = "111122223333"

OPEN_VERSIONS = "select count(*) from raw_dynamodb.table_metadata where _dlt_valid_to is null"
ALL_VERSIONS = "select count(*) from raw_dynamodb.table_metadata"


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An organisation of this test alone, which it may change."""
    with running(replace(FEW_TABLES, tables=6)) as served:
        talk_to(served, monkeypatch)
        yield served


@pytest.fixture
def faulty(small_organisation: Sandbox) -> Iterator[Sandbox]:
    """The small organisation, with faults until the test ends."""
    yield small_organisation
    small_organisation.set_faults()


@pytest.fixture
def moving(small_organisation: Sandbox) -> Iterator[Sandbox]:
    """The small organisation, whose members are back when the test ends."""
    yield small_organisation
    for account_id in (SHOP, PAYMENTS):
        with suppress(SandboxError):  # it never left
            small_organisation.join(account_id)


def test_tables_are_read_with_what_belongs_to_them(inventoried: Warehouse) -> None:
    [(tables, distinct)] = query(
        inventoried,
        "select count(*), count(distinct (account_id, region, table_name)) from raw_dynamodb.table_metadata",
    )
    assert (tables, distinct) == (60, 60)
    described = query(
        inventoried,
        "select billing_mode, count(*), count(read_capacity_units), count(created_at), count(ttl_enabled), "
        "count(pitr_enabled), count(tags), count(table_class) from raw_dynamodb.table_metadata "
        "group by 1 order by 1",
    )
    for mode, count, with_units, *others in described:
        assert with_units == (count if mode == "PROVISIONED" else 0)
        assert others == [count] * 5
    assert {mode for mode, *_ in described} == {"PAY_PER_REQUEST", "PROVISIONED"}


def test_sizes_are_of_every_table_and_index(inventoried: Warehouse) -> None:
    assert (
        query(
            inventoried,
            """
        select resource_name from raw_dynamodb.table_sizes
        except (select table_name from raw_dynamodb.table_metadata
                union all select resource_name from raw_dynamodb.gsi_metadata)
        """,
        )
        == []
    )
    assert query(inventoried, "select count(*) from raw_dynamodb.table_sizes") == query(
        inventoried,
        "select (select count(*) from raw_dynamodb.table_metadata) "
        "+ (select count(*) from raw_dynamodb.gsi_metadata)",
    )
    assert query(inventoried, "select distinct observed_on::varchar from raw_dynamodb.table_sizes") == [
        ("2026-11-01",)
    ]


def test_autoscaling_belongs_to_a_dimension_of_a_table_or_index(inventoried: Warehouse) -> None:
    [(targets, bad)] = query(
        inventoried,
        """
        select count(*), count(*) filter (not (read_autoscaling_min >= 1
            and read_autoscaling_max >= read_autoscaling_min
            and read_autoscaling_target_pct between 20 and 90))
        from raw_dynamodb.table_metadata where read_autoscaling_min is not null
        """,
    )
    assert targets > 0
    assert bad == 0
    assert query(
        inventoried,
        "select count(*) from raw_dynamodb.table_metadata "
        "where billing_mode = 'PAY_PER_REQUEST' and read_autoscaling_target_pct is not null",
    ) == [(0,)]


def test_a_global_table_names_all_its_regions(inventoried: Warehouse) -> None:
    replicated = query(
        inventoried,
        "select region, replica_regions from raw_dynamodb.table_metadata where replica_regions is not null",
    )
    assert replicated
    for region, regions in replicated:
        assert region in json.loads(regions)
        assert len(json.loads(regions)) > 1
        assert json.loads(regions) == sorted(json.loads(regions))


def test_a_second_read_adds_no_version_and_no_size(small: Warehouse, small_organisation: Sandbox) -> None:
    counts = [
        ALL_VERSIONS,
        "select count(*) from raw_dynamodb.gsi_metadata",
        "select count(*) from raw_dynamodb.table_sizes",
    ]
    before = [query(small, sql) for sql in counts]
    report = inventory.load(small, MEMBERS, now=small_organisation.end)
    assert [query(small, sql) for sql in counts] == before
    assert (report.accounts, sum(report.counts.values())) == (3, 10)
    assert query(small, OPEN_VERSIONS) == [(10,)]


def test_a_denying_account_is_reported_and_keeps_its_tables(
    small: Warehouse, small_organisation: Sandbox
) -> None:
    with small.open() as opened:
        opened.connection.execute(
            f"update raw_dynamodb.table_metadata set account_id = '{VAULT}' where table_name in "
            "(select table_name from raw_dynamodb.table_metadata order by 1 limit 3)"
        )
    [(held,)] = query(small, f"{ALL_VERSIONS} where account_id = '{VAULT}'")
    assert held >= 3
    report = inventory.load(small, MEMBERS, now=small_organisation.end)
    assert report.status == "partial"
    [problem] = report.problems
    assert problem.account_id == VAULT
    assert "MetricsCollectorRole" in problem.message
    assert query(small, f"{OPEN_VERSIONS} and account_id = '{VAULT}'") == [(held,)]
    assert query(
        small,
        f"select distinct outcome, tables_seen from ops.inventory_reads where account_id = '{VAULT}'",
    ) == [("denied", None)]


def test_a_suspended_account_is_not_asked(small: Warehouse) -> None:
    assert query(small, "select count(*) from ops.inventory_reads where account_id = '777788889999'") == [
        (0,)
    ]


def test_one_region_is_read_without_closing_the_others(small: Warehouse, small_organisation: Sandbox) -> None:
    report = inventory.load(small, MEMBERS, regions=["us-west-2"], now=small_organisation.end)
    assert set(report.counts) == {"us-west-2"}
    assert query(small, OPEN_VERSIONS) == [(10,)]


def test_without_the_organisation_only_the_own_account_is_read(
    warehouse: Warehouse, small_organisation: Sandbox
) -> None:
    report = inventory.load(warehouse, Access(), now=small_organisation.end)
    assert report.accounts == 1
    accounts = query(warehouse, "select distinct account_id from ops.inventory_reads")
    assert accounts == [(small_organisation.management_account_id,)]


def test_change_deletion_and_an_account_left_empty_make_history(warehouse: Warehouse, own: Sandbox) -> None:
    inventory.load(warehouse, MEMBERS, skip_tags=True, now=own.end)
    [(account_id, region, deleted)] = query(
        warehouse,
        "select account_id, region, table_name from raw_dynamodb.gsi_metadata order by all limit 1",
    )
    place = f"account_id = '{account_id}' and region = '{region}'"
    [(changed,)] = query(
        warehouse,
        "select table_name from raw_dynamodb.table_metadata "
        f"where {place} and table_name <> '{deleted}' order by 1 limit 1",
    )
    own.delete_table(account_id, region, deleted)

    inventory.load(warehouse, MEMBERS, now=own.end)
    versions = query(
        warehouse,
        "select table_name, tags is null, _dlt_valid_to is null "
        f"from raw_dynamodb.table_metadata where {place} and table_name in ('{changed}', '{deleted}') "
        f"order by table_name = '{deleted}', _dlt_valid_from",
    )
    assert versions == [(changed, True, False), (changed, False, True), (deleted, True, False)]
    indexes = f"select count(*) from raw_dynamodb.gsi_metadata where {place} and table_name = '{deleted}'"
    assert query(warehouse, indexes) > [(0,)]
    assert query(warehouse, f"{indexes} and _dlt_valid_to is null") == [(0,)]

    for (name,) in query(
        warehouse,
        f"select table_name from raw_dynamodb.table_metadata where {place} and _dlt_valid_to is null",
    ):
        own.delete_table(account_id, region, name)
    inventory.load(warehouse, MEMBERS, now=own.end)
    assert query(warehouse, f"{OPEN_VERSIONS} and {place}") == [(0,)]
    assert query(warehouse, OPEN_VERSIONS) > [(0,)]
    assert query(
        warehouse,
        f"select tables_seen from ops.inventory_reads where {place} and outcome = 'read' "
        "order by read_at desc limit 1",
    ) == [(0,)]


def test_skipped_tags_stay_as_they_were(small: Warehouse, small_organisation: Sandbox) -> None:
    inventory.load(small, MEMBERS, skip_tags=True, now=small_organisation.end)
    assert query(small, f"{ALL_VERSIONS} where tags is not null") == [(10,)]
    assert query(small, ALL_VERSIONS) == [(10,)]


def test_what_may_not_be_read_is_a_problem_and_stays_as_it_was(
    small: Warehouse, small_organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_arguments: object) -> None:
        said = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
        raise ClientError(said, "DescribeScalingPolicies")  # type: ignore[arg-type]

    monkeypatch.setattr(PlaceReader, "_targets", deny)
    report = inventory.load(small, MEMBERS, regions=["us-east-1"], now=small_organisation.end)
    said = [problem for problem in report.problems if problem.subject == "the autoscaling policies"]
    assert said
    assert all(problem.region == "us-east-1" for problem in said)
    assert query(small, ALL_VERSIONS) == [(10,)]


@pytest.mark.parametrize(
    ("owner", "step", "after"),
    [
        (OpenWarehouse, "load", True),
        (_Inventory, "_enter", False),
        (_Inventory, "_mark", False),
    ],
)
def test_an_interrupted_inventory_is_made_whole_by_the_next(
    small: Warehouse,
    small_organisation: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    step: str,
    after: bool,
) -> None:
    with monkeypatch.context() as broken:
        interrupt(broken, owner, step, after=after)
        with pytest.raises(Interrupted):
            inventory.load(small, MEMBERS, now=small_organisation.end)
    report = inventory.load(small, MEMBERS, now=small_organisation.end)
    assert (report.units_done, report.units_total) == (9, 10)  # one account denies
    assert query(small, OPEN_VERSIONS) == query(small, ALL_VERSIONS) == [(10,)]


def test_resuming_reads_only_what_is_left(small: Warehouse, faulty: Sandbox) -> None:
    faulty.set_faults(Fault("denied", service="sts", account_id=PAYMENTS))
    first = inventory.load(small, MEMBERS, now=faulty.end)
    assert first.outcome == "complete but for 2 accounts"
    faulty.set_faults()
    resumed = inventory.load(small, MEMBERS, resume=True, now=faulty.end)
    assert resumed.operation_id == first.operation_id
    assert resumed.outcome == "complete but for 1 account"
    assert (resumed.units_total, resumed.units_done) == (10, 9)
    assert set(resumed.counts) == {
        region
        for (region,) in query(
            small, f"select region from raw_dynamodb.table_metadata where account_id = '{PAYMENTS}'"
        )
    }
    units = query(
        small,
        "select account_id, status, sum(attempts), count(*) from ops.checkpoints "
        f"where operation_id = '{first.operation_id}' and kind = 'inventory' group by all order by all",
    )
    assert units == [
        (SHOP, "done", 3, 3),
        (PAYMENTS, "done", 4, 4),  # three regions, and the account that refused at first
        (faulty.management_account_id, "done", 3, 3),
        (VAULT, "denied", 2, 1),
    ]
    assert query(small, OPEN_VERSIONS) == [(10,)]


def test_an_organisation_without_tables_says_so(
    warehouse: Warehouse, empty: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk_to(empty, monkeypatch)
    report = inventory.load(warehouse, MEMBERS, now=empty.end)
    assert "No DynamoDB table was found." in [problem.message for problem in report.problems]
    assert report.counts == {}


def test_every_unit_is_in_the_ledger_with_what_it_took(small: Warehouse, small_organisation: Sandbox) -> None:
    report = inventory.load(small, MEMBERS, now=small_organisation.end)
    of_this = f"operation_id = '{report.operation_id}'"
    units = query(
        small,
        "select kind, status, count(*), count(*) filter (bytes > 0 and calls > 0 and started_at < ended_at), "
        f"sum(calls), sum(bytes) from ops.checkpoints where {of_this} group by all order by all",
    )
    assert [unit[:4] for unit in units] == [
        ("inventory", "denied", 1, 0),
        ("inventory", "done", 9, 9),
        ("organization", "done", 1, 1),
    ]
    assert query(
        small, f"select unit, account_id, error from ops.checkpoints where {of_this} and status = 'denied'"
    ) == [(f"{VAULT}/*", VAULT, report.problems[0].message)]
    asked_for_regions = 3  # once an account, before there is a unit
    assert report.calls == sum(calls for *_, calls, _ in units if calls) + asked_for_regions
    assert report.bytes > sum(received for *_, received in units if received) > 0
    assert query(small, f"select calls, bytes_loaded from ops.collection_state where {of_this}") == [
        (report.calls, report.bytes)
    ]
    assert query(small, "select distinct read_by from ops.inventory_reads") == [
        (small_organisation.management_account_id,)
    ]


def test_what_aws_leaves_out_or_refuses_is_said_and_closes_no_table(
    small: Warehouse, faulty: Sandbox
) -> None:
    faulty.set_faults(
        Fault("partial", service="dynamodb", region="us-east-1"),
        Fault("denied", operation="DescribeTable", region="us-west-2"),
        Fault("region_not_enabled", region="eu-west-1"),
    )
    report = inventory.load(small, MEMBERS, now=faulty.end)
    assert query(small, OPEN_VERSIONS) == query(small, ALL_VERSIONS) == [(10,)]
    assert report.status == "partial"
    [(listed,)] = query(small, f"{OPEN_VERSIONS} and region = 'us-east-1'")
    assert report.counts == {"us-east-1": listed}
    said = {(problem.account_id, problem.region): problem.message for problem in report.problems}
    assert (VAULT, None) in said
    for account_id, region, known in query(
        small,
        "select account_id, region, count(*) from raw_dynamodb.table_metadata group by all order by all",
    ):
        expected = {
            "us-east-1": "they were read, but others that are new may be missing",
            "us-west-2": "is not authorized to perform: dynamodb:DescribeTable",
            "eu-west-1": f"Account {account_id} has not enabled region eu-west-1.",
        }
        # Half of one table is none less.
        assert expected[region] in said.pop((account_id, region), "") or (region, known) == ("us-east-1", 1)
    assert said.keys() == {(VAULT, None)}
    outcomes = (
        "select distinct region, {} from {} where region in ('us-west-2', 'eu-west-1') and {} order by all"
    )
    assert query(
        small,
        outcomes.format(
            "status", "ops.checkpoints", f"operation_id = '{report.operation_id}' and status <> 'done'"
        ),
    ) == [("eu-west-1", "skipped"), ("us-west-2", "denied")]
    assert query(small, outcomes.format("outcome", "ops.inventory_reads", "outcome <> 'read'")) == [
        ("eu-west-1", "region not enabled"),
        ("us-west-2", "denied"),
    ]


def test_a_list_cut_short_once_is_fetched_again(small: Warehouse, faulty: Sandbox) -> None:
    faulty.set_faults(Fault("partial", rate=0.3, service="dynamodb"))
    report = inventory.load(small, MEMBERS, now=faulty.end)
    assert faulty.faults_injected()["partial"] > 0
    assert report.outcome == "complete but for 1 account"
    assert query(small, OPEN_VERSIONS) == query(small, ALL_VERSIONS) == [(10,)]


def test_one_table_that_may_not_be_described_stays_as_it_was(
    small: Warehouse, small_organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(account_id, region, name)] = query(
        small,
        "select account_id, region, table_name from raw_dynamodb.gsi_metadata join "
        "(select account_id, region from raw_dynamodb.table_metadata group by all having count(*) > 1) "
        "using (account_id, region) order by all limit 1",
    )
    describe = PlaceReader._describe

    def refuse(reader: PlaceReader, table: str) -> object:
        if table != name:
            return describe(reader, table)
        said = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
        raise ClientError(said, "DescribeTable")  # type: ignore[arg-type]

    monkeypatch.setattr(PlaceReader, "_describe", refuse)
    report = inventory.load(small, MEMBERS, now=small_organisation.end)
    [problem] = [problem for problem in report.problems if problem.account_id != VAULT]
    assert (problem.account_id, problem.region, problem.subject) == (account_id, region, name)
    assert report.outcome == "complete but for 1 account, 1 table"
    for table in ("table_metadata", "gsi_metadata"):
        versions = f"select count(*) from raw_dynamodb.{table}"
        assert query(small, versions) == query(small, f"{versions} where _dlt_valid_to is null")
    monkeypatch.undo()
    talk_to(small_organisation, monkeypatch)
    resumed = inventory.load(small, MEMBERS, resume=True, now=small_organisation.end)
    assert resumed.outcome == "complete but for 1 account"
    assert set(resumed.counts) == {region}
    assert query(small, ALL_VERSIONS) == [(10,)]


def test_autoscaling_that_could_never_be_read_is_unknown_and_not_absent(
    warehouse: Warehouse, faulty: Sandbox
) -> None:
    tables = (
        "select autoscaling_unknown, count(*) from raw_dynamodb.{} where _dlt_valid_to is null group by all"
    )
    faulty.set_faults(Fault("denied", service="application-autoscaling"))
    report = inventory.load(warehouse, MEMBERS, now=faulty.end)
    assert query(warehouse, tables.format("table_metadata")) == [(True, 10)]
    assert {mark for mark, _ in query(warehouse, tables.format("gsi_metadata"))} == {True}
    said = [problem for problem in report.problems if problem.subject == "the autoscaling policies"]
    assert said
    for problem in said:
        assert str(problem.account_id) in problem.message
        assert "application-autoscaling:DescribeScalableTargets" in problem.message
        assert "statement ReadAutoscaling of deploy/policies/account.json allows it" in problem.message

    faulty.set_faults()
    inventory.load(warehouse, MEMBERS, now=faulty.end)
    assert query(warehouse, tables.format("table_metadata")) == [(None, 10)]
    assert {mark for mark, _ in query(warehouse, tables.format("gsi_metadata"))} == {None}


def test_accounts_that_leave_keep_their_tables_and_those_that_join_are_read(
    warehouse: Warehouse, moving: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving.leave(PAYMENTS)
    with monkeypatch.context() as broken:
        interrupt(broken, _Inventory, "_enter", after=True)
        with pytest.raises(Interrupted):
            inventory.load(warehouse, MEMBERS, regions=["us-east-1"], now=moving.end)
    moving.join(PAYMENTS)
    # As it was asked for, of the accounts that there are now.
    resumed = inventory.load(warehouse, MEMBERS, resume=True, now=moving.end)
    assert query(
        warehouse,
        f"select unit, attempts from ops.checkpoints where operation_id = '{resumed.operation_id}' "
        "and status = 'done' order by all",
    ) == [
        (f"{SHOP}/us-east-1", 2),
        (f"{PAYMENTS}/us-east-1", 1),
        (f"{moving.management_account_id}/us-east-1", 2),
        ("organization", 2),
    ]

    moving.leave(SHOP)
    [(held,)] = query(warehouse, f"{OPEN_VERSIONS} and account_id = '{SHOP}'")
    report = inventory.load(warehouse, MEMBERS, regions=["us-east-1"], now=moving.end)
    assert held > 0
    assert query(warehouse, f"{OPEN_VERSIONS} and account_id = '{SHOP}'") == [(held,)]
    assert [problem.message for problem in report.problems if problem.account_id == SHOP] == [
        f"Account {SHOP} has left the organisation: its {held} tables are no longer read."
    ]
    assert report.outcome == "complete but for 1 account"  # the one that denies
    assert query(
        warehouse,
        f"select account_id from ops.checkpoints where operation_id = '{report.operation_id}' "
        "and status = 'done' and kind = 'inventory' order by all",
    ) == [(PAYMENTS,), (moving.management_account_id,)]

    moving.join(SHOP)
    report = inventory.load(warehouse, MEMBERS, regions=["us-east-1"], now=moving.end)
    assert [problem.account_id for problem in report.problems] == [VAULT]
    assert query(warehouse, f"{OPEN_VERSIONS} and account_id = '{SHOP}'") == [(held,)]
    assert query(
        warehouse, f"select state from raw_organizations.aws_accounts where account_id = '{SHOP}'"
    ) == [("ACTIVE",)]
