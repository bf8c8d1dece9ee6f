"""Billing exports: the files of the manifest, the lines of DynamoDB, months as a whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loading import FEW_TABLES, Interrupted, query, talk_to

from loaders import billing
from loaders.aws import Access, Sessions
from loaders.billing import exports, lines
from loaders.errors import LoadError
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.report import LoadReport
from loaders.schemas import CUR_DATA
from optima.sandbox import Fault, Sandbox, running

BUCKET = "sandbox-billing-exports"
OCTOBER = date(2026, 10, 1)
LINES = "select billing_period, count(*) from raw_billing.cur_data group by 1 order by 1"
DUPLICATES = (
    "select count(*) from (select 1 from raw_billing.cur_data "
    "group by payer_account_id, export_name, billing_period, file_key, row_number having count(*) > 1)"
)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An organisation whose bucket this test may change."""
    with running(replace(FEW_TABLES, tables=2)) as served:
        talk_to(served, monkeypatch)
        yield served


@pytest.fixture(scope="session")
def billed_once(
    few_tables: Sandbox, declared_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, LoadReport]:
    folder = tmp_path_factory.mktemp("billed")
    warehouse = Warehouse(folder / "optima.duckdb", folder / "state")
    shutil.copy(declared_file, warehouse.path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        talk_to(few_tables, monkeypatch)
        return warehouse.path, billing.load(warehouse, Access(), now=few_tables.end)


@pytest.fixture
def billed(billed_once: tuple[Path, LoadReport], bare: Warehouse, small_organisation: Sandbox) -> Warehouse:  # noqa: ARG001
    """A warehouse into which the small organisation's export has been loaded once."""
    bare.path.parent.mkdir(parents=True)
    shutil.copy(billed_once[0], bare.path)
    return bare


def s3() -> Any:
    return Sessions(Access()).client("s3")


def listed_lines(month: str) -> pa.Table:
    """What the files that a month's manifest lists hold, read with nothing of the loader."""
    key = f"cur/organisation-hourly/metadata/BILLING_PERIOD={month}/organisation-hourly-Manifest.json"
    manifest = json.loads(s3().get_object(Bucket=BUCKET, Key=key)["Body"].read())
    tables = []
    for url in manifest["dataFiles"]:
        body = s3().get_object(Bucket=BUCKET, Key=url.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
        tables.append(pq.read_table(BytesIO(body)))
    return pa.concat_tables(tables)


def test_the_lines_of_the_manifests_files_are_loaded(
    billed: Warehouse, billed_once: tuple[Path, LoadReport]
) -> None:
    report = billed_once[1]
    assert report.status == "complete"
    assert set(report.counts) == {"2026-09", "2026-10"}
    expected = listed_lines("2026-10").to_pylist()
    expected = [line for line in expected if line["line_item_product_code"] == "AmazonDynamoDB"]
    stored = query(
        billed,
        "select usage_account_id, line_item_type, usage_type, resource_id, region, usage_start_at, "
        "usage_amount, unblended_cost, currency from raw_billing.cur_data "
        f"where billing_period = '{OCTOBER}' order by file_key, row_number",
    )
    assert len(stored) == len(expected) > 0
    assert stored == [
        (
            line["line_item_usage_account_id"],
            line["line_item_line_item_type"],
            line["line_item_usage_type"],
            line["line_item_resource_id"],
            line["product_region_code"],
            line["line_item_usage_start_date"].replace(tzinfo=None),
            line["line_item_usage_amount"],
            line["line_item_unblended_cost"],
            line["line_item_currency_code"],
        )
        for line in expected
    ]
    assert query(billed, DUPLICATES) == [(0,)]


def test_the_export_and_its_months_are_entered(
    billed: Warehouse, billed_once: tuple[Path, LoadReport]
) -> None:
    report = billed_once[1]
    assert query(
        billed,
        "select payer_account_id, export_name, format, bucket, prefix, region, granularity, has_resources "
        "from raw_billing.cur_metadata",
    ) == [("123456789012", "organisation-hourly", "cur2_parquet", BUCKET, "cur", "us-east-1", "HOURLY", True)]
    assert query(
        billed,
        "select strftime(billing_period, '%Y-%m'), rows_kept from raw_billing.cur_periods order by 1",
    ) == sorted(report.counts.items())


def test_a_second_load_reads_no_file(billed: Warehouse, small_organisation: Sandbox) -> None:
    before = query(billed, LINES)
    again = billing.load(billed, Access(), now=small_organisation.end)
    assert (again.units_done, again.rows, dict(again.counts)) == (2, 0, {})
    assert query(billed, LINES) == before
    named = billing.load(billed, Access(), bucket=BUCKET, prefix="cur", now=small_organisation.end)
    assert (named.units_done, named.rows, dict(named.counts)) == (2, 0, {})
    assert query(billed, "select has_resources from raw_billing.cur_metadata") == [(True,)]


def test_a_bucket_and_prefix_find_the_same(warehouse: Warehouse, small_organisation: Sandbox) -> None:
    found = billing.load(warehouse, Access(), bucket=BUCKET, prefix="cur/", now=small_organisation.end)
    assert set(found.counts) == {"2026-09", "2026-10"}
    assert query(warehouse, "select payer_account_id, export_name, prefix from raw_billing.cur_metadata") == [
        ("123456789012", "organisation-hourly", "cur")
    ]


def redeliver(rows: int) -> None:
    """Deliver October anew, with only the first lines of what it was."""
    kept = listed_lines("2026-10").slice(0, rows)
    body = BytesIO()
    pq.write_table(kept, body)
    key = "cur/organisation-hourly/data/BILLING_PERIOD=2026-10/new.snappy.parquet"
    client = s3()
    client.put_object(Bucket=BUCKET, Key=key, Body=body.getvalue())
    manifest_key = "cur/organisation-hourly/metadata/BILLING_PERIOD=2026-10/organisation-hourly-Manifest.json"
    manifest = {
        "exportArn": exports_arn(),
        "executionId": f"with {rows} lines",
        "dataFiles": [f"s3://{BUCKET}/{key}"],
    }
    client.put_object(Bucket=BUCKET, Key=manifest_key, Body=json.dumps(manifest).encode())


def exports_arn() -> str:
    client = Sessions(Access()).client("bcm-data-exports")
    return str(client.list_exports()["Exports"][0]["ExportArn"])


def test_a_month_that_is_delivered_anew_is_replaced_as_a_whole(warehouse: Warehouse, own: Sandbox) -> None:
    billing.load(warehouse, Access(), now=own.end)
    [september, _] = query(warehouse, LINES)
    for rows in (7, 0):
        redeliver(rows)
        report = billing.load(warehouse, Access(), now=own.end)
        assert dict(report.counts) == {"2026-10": rows}
        assert query(warehouse, LINES) == [september, *([(OCTOBER, rows)] if rows else [])]
        assert query(
            warehouse,
            f"select rows_kept, files from raw_billing.cur_periods where billing_period = '{OCTOBER}'",
        ) == [(rows, 1)]


@pytest.mark.parametrize(("call", "after"), [(2, True), (3, False)])
def test_an_interrupted_month_is_made_whole_by_the_next_load(
    warehouse: Warehouse,
    small_organisation: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    call: int,
    after: bool,
) -> None:
    """The second write of a load is the month's lines, the third its entry among the months."""
    load, made = OpenWarehouse.load, iter(range(1, 100))

    def broken(*arguments: Any, **named: Any) -> None:
        ends_here = next(made) == call
        if not ends_here or after:
            load(*arguments, **named)
        if ends_here:
            raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(OpenWarehouse, "load", broken)
        with pytest.raises(Interrupted):
            billing.load(warehouse, Access(), now=small_organisation.end)
    report = billing.load(warehouse, Access(), now=small_organisation.end)
    assert report.status == "complete"
    assert query(warehouse, DUPLICATES) == [(0,)]
    assert query(warehouse, LINES) == query(
        warehouse, "select billing_period, rows_kept from raw_billing.cur_periods order by 1"
    )


UNITS = (
    "select split_part(unit, '/', -1), status, attempts, rows_loaded, bytes > 0 from ops.checkpoints "
    "where operation_id = (select max(operation_id) from ops.collection_state) order by unit"
)


def test_a_month_of_several_files_is_whole_or_as_it_was(billed: Warehouse, own: Sandbox) -> None:
    """Its first file is there, its second only when the load is resumed."""
    before = query(billed, LINES)
    body = BytesIO()
    pq.write_table(listed_lines("2026-10").slice(0, 7), body)
    folder = "cur/organisation-hourly/data/BILLING_PERIOD=2026-10"
    metadata = "cur/organisation-hourly/metadata/BILLING_PERIOD=2026-10"
    keys = [f"{folder}/{name}.snappy.parquet" for name in ("a", "b", "c")]
    manifest = {"exportArn": exports_arn(), "executionId": "three", "dataFiles": keys}
    client = s3()
    client.put_object(
        Bucket=BUCKET,
        Key=f"{metadata}/organisation-hourly-Manifest.json",
        Body=json.dumps(manifest).encode(),
    )
    client.put_object(Bucket=BUCKET, Key=keys[0], Body=body.getvalue())
    first = billing.load(billed, Access(), months=1, now=own.end)
    assert (first.status, first.outcome) == ("partial", "complete but for 1 month")
    assert query(billed, UNITS) == [
        ("2026-09", "done", 1, 0, True),
        ("a.snappy.parquet", "skipped", 1, None, None),
        ("b.snappy.parquet", "failed", 1, None, None),
        ("c.snappy.parquet", "skipped", 1, None, None),
    ]
    assert query(billed, LINES) == before
    for key in keys[1:]:
        client.put_object(Bucket=BUCKET, Key=key, Body=body.getvalue())
    resumed = billing.load(billed, Access(), months=12, resume=True, now=own.end)
    assert (resumed.operation_id, resumed.status) == (first.operation_id, "complete")
    assert (resumed.rows, dict(resumed.counts)) == (21, {"2026-10": 21})
    assert query(billed, UNITS)[1:] == [
        (f"{name}.snappy.parquet", "done", 2, 7, True) for name in ("a", "b", "c")
    ]
    assert query(billed, LINES) == [before[0], (OCTOBER, 21)]
    assert query(billed, DUPLICATES) == [(0,)]
    with billed.open() as opened:  # as if killed when all was written and nothing marked
        opened.connection.execute("update ops.checkpoints set status = 'pending'")
        opened.connection.execute("update ops.collection_state set status = 'running'")
    marked = billing.load(billed, Access(), resume=True, now=own.end)
    assert (marked.operation_id, marked.rows) == (first.operation_id, 0)
    assert {status for _, status, *_ in query(billed, UNITS)} == {"done"}


def test_a_denied_export_says_so(billed: Warehouse, own: Sandbox) -> None:
    own.set_faults(Fault("denied", service="s3", operation="GetObject"))
    report = billing.load(billed, Access(), now=own.end)
    assert report.outcome == "failed"
    assert [status for _, status, *_ in query(billed, UNITS)] == ["denied", "denied"]
    own.set_faults(Fault("denied", service="s3"))
    report = billing.load(billed, Access(), now=own.end)
    assert report.outcome == "failed"
    assert [(unit, status) for unit, status, *_ in query(billed, UNITS)] == [
        ("organisation-hourly", "denied")
    ]
    assert [count for _, count in query(billed, LINES)] == [
        rows
        for (rows,) in query(billed, "select rows_kept from raw_billing.cur_periods order by billing_period")
    ]


def test_bodies_that_are_cut_short_are_read_again(warehouse: Warehouse, own: Sandbox) -> None:
    own.set_faults(Fault("cut", rate=0.3, service="s3"))
    report = billing.load(warehouse, Access(), now=own.end)
    assert sum(own.faults_injected().values()) > 0
    assert report.status == "complete"
    assert query(warehouse, DUPLICATES) == [(0,)]
    assert query(warehouse, LINES) == query(
        warehouse, "select billing_period, rows_kept from raw_billing.cur_periods order by 1"
    )


@pytest.mark.parametrize(
    ("manifest", "version"), [({"executionId": "a1"}, "a1"), ({}, "2026-11-02T06:30:00Z")]
)
def test_a_delivery_is_told_from_the_next_by_its_execution_or_its_time(
    manifest: dict[str, str], version: str
) -> None:
    assert exports._version(manifest, datetime(2026, 11, 2, 6, 30)) == version


def test_a_manifest_that_is_none_is_a_problem_and_changes_nothing(billed: Warehouse, own: Sandbox) -> None:
    key = "cur/organisation-hourly/metadata/BILLING_PERIOD=2026-10/organisation-hourly-Manifest.json"
    before = query(billed, LINES)
    s3().put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    report = billing.load(billed, Access(), now=own.end)
    assert report.status == "partial"
    assert "is not the manifest of a CUR 2.0 export" in report.problems[0].message
    assert [month for month in query(billed, LINES) if month[0] == OCTOBER] == [before[1]]


def test_no_export(warehouse: Warehouse, empty: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    talk_to(empty, monkeypatch)
    with pytest.raises(LoadError, match="Account 123456789012 has no billing export: create one"):
        billing.load(warehouse, Access(), now=empty.end)
    with pytest.raises(LoadError, match="the bucket nowhere"):
        billing.load(warehouse, Access(), bucket="nowhere", now=empty.end)


def test_an_export_without_resources_is_said_to_be_of_no_use(
    warehouse: Warehouse, small_organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hindrance = exports._hindrance

    def without_resources(described: Any) -> str | None:
        described["DataQuery"]["TableConfigurations"]["COST_AND_USAGE_REPORT"]["INCLUDE_RESOURCES"] = "FALSE"
        return hindrance(described)

    monkeypatch.setattr(exports, "_hindrance", without_resources)
    with pytest.raises(LoadError, match=r"does not name resources.*create one with INCLUDE_RESOURCES"):
        billing.load(warehouse, Access(), now=small_organisation.end)


def test_arguments_that_make_no_sense(warehouse: Warehouse, small_organisation: Sandbox) -> None:
    now = small_organisation.end
    with pytest.raises(LoadError, match="in csv are not read"):
        billing.load(warehouse, Access(), format="csv", now=now)
    with pytest.raises(LoadError, match="0 months is nothing"):
        billing.load(warehouse, Access(), months=0, now=now)
    with pytest.raises(LoadError, match="without its bucket"):
        billing.load(warehouse, Access(), prefix="cur", now=now)


def test_a_bucket_without_manifests(warehouse: Warehouse, small_organisation: Sandbox) -> None:
    with pytest.raises(LoadError, match=f"No manifest of a CUR 2.0 export lies in s3://{BUCKET}/elsewhere"):
        billing.load(warehouse, Access(), bucket=BUCKET, prefix="elsewhere", now=small_organisation.end)


def read_lines(tmp_path: Path, table: pa.Table) -> list[dict[str, Any]]:
    path = tmp_path / "part.parquet"
    pq.write_table(table, path, row_group_size=2)
    read = lines.read(path, payer_account_id="1", export_name="e", period=OCTOBER, file_key="k")
    return [row for part in read for row in part.to_pylist()]


def test_lines_are_chosen_by_product_and_plan(tmp_path: Path) -> None:
    plan = "arn:aws:savingsplans::1:savingsplan/x"
    table = pa.table(
        {
            "line_item_product_code": [
                "AmazonEC2",
                "AmazonDynamoDB",
                "DatabaseSavingsPlans",
                "AmazonEC2",
                "AWSLambda",
            ],
            "line_item_line_item_type": [
                "Usage",
                "SavingsPlanCoveredUsage",
                "SavingsPlanRecurringFee",
                "SavingsPlanCoveredUsage",
                "SavingsPlanNegation",
            ],
            "savings_plan_savings_plan_a_r_n": [None, plan, plan, plan, plan],
            "line_item_usage_type": list("abcde"),
            "line_item_unblended_cost": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    kept = read_lines(tmp_path, table)
    assert [(row["row_number"], row["usage_type"]) for row in kept] == [(1, "b"), (2, "c")]


def test_columns_are_found_by_name_and_absent_ones_are_null(tmp_path: Path) -> None:
    table = pa.table(
        {
            "line_item_unblended_cost": pa.array(["1.50"], pa.string()),
            "product": pa.array([[("region", "eu-west-1")]], pa.map_(pa.string(), pa.string())),
            "line_item_usage_start_date": pa.array([datetime(2026, 10, 1, 5)], pa.timestamp("ms", tz="UTC")),
            "line_item_usage_account_id": pa.array(["012345678901"]),
            "line_item_usage_type": ["EU-ReadRequestUnits"],
            "line_item_product_code": ["AmazonDynamoDB"],
        }
    )
    [row] = read_lines(tmp_path, table)
    assert set(row) == set(CUR_DATA.schema.names)
    assert row["usage_account_id"] == "012345678901"
    assert row["unblended_cost"] == 1.5
    assert row["region"] == "eu-west-1"
    assert row["usage_start_at"] == datetime(2026, 10, 1, 5)
    assert row["net_unblended_cost"] is None
    assert row["resource_id"] is None
