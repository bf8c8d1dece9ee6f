"""Billing exports in S3: every format found and read over HTTP, months as a whole, and what AWS refuses."""

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
from loaders.billing import data_files, discovery, sources
from loaders.billing.exports import Month
from loaders.billing.formats import FORMATS
from loaders.billing.load import _delivered
from loaders.errors import LoadError
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.report import LoadReport
from optima.sandbox import Fault, Sandbox, running

BUCKET = "sandbox-billing-exports"
OCTOBER = date(2026, 10, 1)
SEPTEMBER = datetime(2026, 9, 30)
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
def every_format() -> Iterator[Sandbox]:
    """An organisation that has its bill in every format there is."""
    with running(replace(FEW_TABLES, tables=3, billing_formats=FORMATS)) as served:
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


def test_a_month_that_is_delivered_anew_is_replaced_as_a_whole(billed: Warehouse, own: Sandbox) -> None:
    [september, _] = query(billed, LINES)
    for rows in (7, 0):
        redeliver(rows)
        report = billing.load(billed, Access(), now=own.end)
        assert dict(report.counts) == {"2026-10": rows}
        assert query(billed, LINES) == [september, *([(OCTOBER, rows)] if rows else [])]
        assert query(
            billed,
            f"select rows_kept, files from raw_billing.cur_periods where billing_period = '{OCTOBER}'",
        ) == [(rows, 1)]


@pytest.mark.parametrize(("call", "after"), [(2, True), (3, False)])
def test_an_interrupted_month_is_made_whole_by_the_next_load(
    warehouse: Warehouse,
    small_organisation: Sandbox,  # noqa: ARG001
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
            billing.load(warehouse, Access(), now=SEPTEMBER)
    report = billing.load(warehouse, Access(), now=SEPTEMBER)
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


def test_no_export(warehouse: Warehouse, empty: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    talk_to(empty, monkeypatch)
    with pytest.raises(LoadError, match="Account 123456789012 has no billing export: create one"):
        billing.load(warehouse, Access(), now=empty.end)
    with pytest.raises(LoadError, match="s3://nowhere/: AWS answered NoSuchBucket"):
        billing.load(warehouse, Access(), bucket="nowhere", now=empty.end)


def test_exports_without_resources_are_said_to_be_of_no_use(
    warehouse: Warehouse, small_organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = discovery._data_export

    def without_resources(described: Any) -> Any:
        described["DataQuery"]["TableConfigurations"]["COST_AND_USAGE_REPORT"]["INCLUDE_RESOURCES"] = "FALSE"
        return describe(described)

    monkeypatch.setattr(discovery, "_data_export", without_resources)
    with pytest.raises(LoadError, match=r"does not name resources.*create one with INCLUDE_RESOURCES"):
        billing.load(warehouse, Access(), now=small_organisation.end)
    old = {"ReportName": "old", "AdditionalSchemaElements": []}
    said = str(discovery._legacy_report(old, "123456789012"))
    assert "Legacy report old does not name resources" in said
    assert "create one that includes resource ids (RESOURCES)" in said


def test_arguments_that_make_no_sense(warehouse: Warehouse, small_organisation: Sandbox) -> None:
    now = small_organisation.end
    with pytest.raises(LoadError, match=r"No billing export is in csv, there is only organisation-hourly"):
        billing.load(warehouse, Access(), format="csv", now=now)
    with pytest.raises(LoadError, match="0 months is nothing"):
        billing.load(warehouse, Access(), months=0, now=now)
    with pytest.raises(LoadError, match="without its bucket"):
        billing.load(warehouse, Access(), prefix="cur", now=now)


def test_a_bucket_without_manifests(warehouse: Warehouse, small_organisation: Sandbox) -> None:
    with pytest.raises(LoadError, match=f"s3://{BUCKET}/elsewhere/ is empty: check its name"):
        billing.load(warehouse, Access(), bucket=BUCKET, prefix="elsewhere", now=small_organisation.end)


def months_of(source: sources.Source, scratch: Path) -> dict[str, Month]:
    """The month of September of every export that is found, by its format."""
    found, problems = source.exports(scratch)
    assert problems == []
    months: dict[str, Month] = {}
    for export in found:
        [delivery] = source.deliveries(export, SEPTEMBER.date(), 12)
        months[export.format] = _delivered(source.store(export), delivery)
    return months


def test_every_format_tells_the_same_in_a_bucket_and_in_a_copy_of_it(
    every_format: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Files that no manifest lists lie beside in all of them."""
    talk_to(every_format, monkeypatch)
    defined = sources.source_of(Access(), None, None, None)
    named = sources.source_of(Access(), BUCKET, "cur", None)
    months = months_of(defined, tmp_path)
    assert set(months) == set(FORMATS)
    in_bucket = months_of(named, tmp_path)
    assert {told: month.files for told, month in in_bucket.items()} == {
        told: month.files for told, month in months.items()
    }
    lines: dict[str, pa.Table] = {}
    copy = tmp_path / "copy"
    for told, month in months.items():
        assert month.format == told
        store = defined.store(month.delivery.export)
        tables: list[pa.Table] = []
        for key in month.files:
            with store.fetched(key, tmp_path) as path:
                read = data_files.Read(store.place(key), month.format, {"billing_period": OCTOBER})
                tables.extend(data_files.lines(path, read))
                target = copy / key.removeprefix("cur/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        lines[told] = pa.concat_tables(tables)
        assert set(lines[told]["format"].to_pylist()) == {told}
    reports = {
        told: table.drop(["format", "row_number"]).to_pylist()
        for told, table in lines.items()
        if told not in ("focus_1_0", "focus_1_2")
    }
    assert len(reports) == 4
    for told, rows in reports.items():
        assert rows == reports["cur2_parquet"], told
    [first, second] = [lines[told].drop(["format"]) for told in ("focus_1_0", "focus_1_2")]
    assert first.to_pylist() == second.to_pylist()
    net = sum(row["net_unblended_cost"] or 0 for row in reports["cur2_parquet"])
    assert sum(first["billed_cost"].to_pylist()) == pytest.approx(net, abs=1e-6)
    assert net > 1

    for page in (
        s3().paginator("list_objects_v2", s3().list_objects_v2).paginate(Bucket=BUCKET, Prefix="cur/")
    ):
        for found in page["Contents"]:
            if found["Key"].endswith(".json"):
                target = copy / found["Key"].removeprefix("cur/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(s3().get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read())
    copied = months_of(sources.source_of(Access(), None, None, str(copy)), tmp_path)
    for told, month in copied.items():
        assert month.version == months[told].version
        assert [f"cur/{key}" for key in month.files] == list(months[told].files)
        assert month.delivery.name == months[told].delivery.name


def test_of_several_exports_the_best_is_read_unless_another_is_named(
    warehouse: Warehouse, every_format: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk_to(every_format, monkeypatch)
    best = billing.load(warehouse, Access(), format="csv", now=SEPTEMBER)
    assert (best.outcome, list(best.counts)) == ("complete", ["2026-09"])
    assert [note.split(",")[0] for note in best.notes] == [
        "Billing export organisation-hourly-legacy-csv (legacy report",
        "Billing export organisation-hourly-focus-1-0 (FOCUS 1.0",
    ]
    prefix = "cur/organisation-hourly-legacy-csv"
    named = billing.load(warehouse, Access(), bucket=BUCKET, prefix=prefix, now=SEPTEMBER)
    assert (named.outcome, named.notes, named.counts) == ("complete", [], best.counts)
    entered = query(
        warehouse,
        "select payer_account_id, export_name, bucket, prefix, region "
        "from raw_billing.cur_metadata order by export_name",
    )
    assert entered == [
        ("123456789012", "organisation-hourly-cur2-csv", BUCKET, "cur", "us-east-1"),
        ("123456789012", "organisation-hourly-legacy-csv", BUCKET, "cur", None),
    ]
    totals = query(
        warehouse,
        "select format, export_name, sum(unblended_cost::decimal(38, 10)) from raw_billing.cur_data "
        "group by all order by all",
    )
    (_, _, total), (_, _, same) = totals
    assert [found[0] for found in totals] == ["cur2_csv", "legacy_csv"]
    assert total == same > 1
    every_format.set_faults(Fault("denied", service="bcm-data-exports"))
    only = billing.load(warehouse, Access(), now=SEPTEMBER)
    every_format.set_faults()
    assert only.outcome == "complete"
    assert "organisation-hourly-legacy-csv (legacy report, CSV) was left out" in only.notes[0]
    assert query(warehouse, DUPLICATES) == [(0,)]
