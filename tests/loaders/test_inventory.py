"""Tables and indexes: read, kept as history, never lost to an account that denies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from loading import FEW_TABLES, MEMBERS, Interrupted, interrupt, query, talk_to

from loaders import inventory
from loaders.aws import Access
from loaders.inventory.load import _Inventory
from loaders.inventory.reader import PlaceReader
from loaders.pipeline import OpenWarehouse, Warehouse
from optima.sandbox import Sandbox, running

SHOP = "012345678901"
VAULT = "666677778888"  # denies access

OPEN_VERSIONS = "select count(*) from raw_dynamodb.table_metadata where _dlt_valid_to is null"
ALL_VERSIONS = "select count(*) from raw_dynamodb.table_metadata"


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An organisation of this test alone, which it may change."""
    with running(replace(FEW_TABLES, tables=6)) as served:
        talk_to(served, monkeypatch)
        yield served


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


def test_resuming_reads_only_what_is_left(small: Warehouse, small_organisation: Sandbox) -> None:
    first = inventory.load(small, MEMBERS, now=small_organisation.end)
    assert first.status == "partial"  # one account denies, so it is not complete
    with small.open() as opened:
        opened.connection.execute(
            f"update ops.checkpoints set status = 'pending' where operation_id = '{first.operation_id}' "
            f"and unit = '{SHOP}/us-east-1'"
        )
    resumed = inventory.load(small, MEMBERS, resume=True, now=small_organisation.end)
    assert resumed.operation_id == first.operation_id
    assert (resumed.units_total, resumed.units_done) == (10, 9)
    assert set(resumed.counts) == {"us-east-1"}
    assert query(small, OPEN_VERSIONS) == [(10,)]


def test_an_organisation_without_tables_says_so(
    warehouse: Warehouse, empty: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk_to(empty, monkeypatch)
    report = inventory.load(warehouse, MEMBERS, now=empty.end)
    assert "No DynamoDB table was found." in [problem.message for problem in report.problems]
    assert report.counts == {}
