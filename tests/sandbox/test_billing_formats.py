"""One bill in six forms: the same numbers, under the columns and in the layout that each form has."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from optima.cli.app import app
from optima.sandbox import SandboxConfig
from optima.sandbox.billing.export import BillingExports, objects_of
from optima.sandbox.billing.formats.delivery import BUCKET, export
from optima.sandbox.billing.lines import Month
from optima.sandbox.config import BILLING_FORMATS, MANAGEMENT_ACCOUNT_ID
from optima.sandbox.planting import build
from optima.sandbox.wire import Call
from tests.sandbox.served import SHOP

# All planted tables, with every kind of line, for nine hours.
MORNING = Month(datetime(2026, 10, 1), datetime(2026, 11, 1), billed_hours=9)
END = datetime(2026, 10, 1, 9)
NAMES = {
    one: "organisation-hourly" + ("" if one == "cur2_parquet" else "-" + one.replace("_", "-"))
    for one in BILLING_FORMATS
}


@pytest.fixture(scope="module")
def bucket() -> dict[str, bytes]:
    """Every object of October in all six forms."""
    organisation = build(SandboxConfig(end=END))
    return dict(objects_of(organisation, [export(one) for one in BILLING_FORMATS], MORNING))


def asked(operation: str, account_id: str = MANAGEMENT_ACCOUNT_ID, **request: str) -> dict[str, Any]:
    """The answer of an organisation that has its bill in all six forms."""
    organisation = build(SandboxConfig(end=END, tables=0, billing_formats=BILLING_FORMATS))
    handlers = BillingExports(organisation, lambda *_: None).handlers()
    (found,) = [key for key in handlers if key[1] == operation]
    body = json.dumps(request).encode()
    answer = handlers[found](Call(*found, "us-east-1", "AKIA", account_id, "/", body))
    read: dict[str, Any] = json.loads(answer.body)
    return read


def manifests(bucket: dict[str, bytes], name: str) -> dict[str, Any]:
    """All manifests of an export, by key."""
    return {
        key: json.loads(body)
        for key, body in bucket.items()
        if key.startswith(f"cur/{name}/") and key.endswith("Manifest.json")
    }


def listed(manifest: dict[str, Any]) -> list[str]:
    """The keys of the files that a manifest lists."""
    if "reportKeys" in manifest:
        return [str(key) for key in manifest["reportKeys"]]
    return [str(url).removeprefix(f"s3://{BUCKET}/") for url in manifest["dataFiles"]]


def newest(bucket: dict[str, bytes], billing_format: str) -> dict[str, Any]:
    """The manifest that rules: the one nearest to the export's root."""
    found = manifests(bucket, NAMES[billing_format])
    manifest: dict[str, Any] = found[min(found, key=lambda key: key.count("/"))]
    return manifest


# What a form calls the account, product and usage type, and its costs: net, list, amortised, and units used.
_CUR = """select line_item_usage_account_id, line_item_product_code, line_item_usage_type,
    sum(coalesce(line_item_net_unblended_cost::double::decimal(28, 10), 0)),
    sum(coalesce(pricing_public_on_demand_cost::double::decimal(28, 10), 0)),
    sum(coalesce(case line_item_line_item_type
        when 'SavingsPlanCoveredUsage'
            then savings_plan_net_savings_plan_effective_cost::double::decimal(28, 10)
        when 'DiscountedUsage' then reservation_net_effective_cost::double::decimal(28, 10)
        when 'RIFee' then reservation_net_unused_recurring_fee::double::decimal(28, 10)
            + reservation_net_unused_amortized_upfront_fee_for_billing_period::double::decimal(28, 10)
        when 'SavingsPlanRecurringFee' then (savings_plan_total_commitment_to_date::double::decimal(28, 10)
            - savings_plan_used_commitment::double::decimal(28, 10))
        when 'SavingsPlanNegation' then 0
        else line_item_net_unblended_cost::double::decimal(28, 10) end, 0)),
    sum(case when line_item_line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
        then line_item_usage_amount::double::decimal(28, 10) else 0 end)
    from {} group by all order by all"""
_FOCUS = """select SubAccountId, x_ServiceCode, {usage_type},
    sum(BilledCost::double::decimal(28, 10)), sum(ListCost::double::decimal(28, 10)),
    sum(EffectiveCost::double::decimal(28, 10)), sum(coalesce(ConsumedQuantity::double::decimal(28, 10), 0))
    from {{}} group by all order by all"""


def told(bucket: dict[str, bytes], billing_format: str, folder: Path) -> list[tuple[Any, ...]]:
    """Per account, product and usage type: net, list and amortised cost, and units used."""
    paths = []
    for number, key in enumerate(listed(newest(bucket, billing_format))):
        paths.append(folder / f"{billing_format}-{number}-{Path(key).name}")
        paths[-1].write_bytes(bucket[key])
    names = [str(path) for path in paths]
    if billing_format.startswith("focus"):
        usage_type = "x_UsageType" if billing_format == "focus_1_0" else "SkuMeter"
        query = _FOCUS.format(usage_type=usage_type)
    else:
        query = _CUR
    with duckdb.connect() as connection:
        is_csv = names[0].endswith(".csv.gz")
        read = connection.read_csv(names, all_varchar=True) if is_csv else connection.read_parquet(names)
        connection.register("found", read)
        if billing_format == "legacy_csv":
            query = _slashed(query)
        return connection.execute(query.format("found")).fetchall()


def _slashed(query: str) -> str:
    """The query with the names of a legacy CSV's columns, which tell prefix and name by a slash."""
    from optima.sandbox.billing.formats.legacy import CSV_NAMES

    for name in sorted(CSV_NAMES, key=len, reverse=True):
        query = query.replace(name, f'"{CSV_NAMES[name]}"')
    return query


def test_all_forms_tell_the_same_costs_and_units(bucket: dict[str, bytes], tmp_path: Path) -> None:
    found = {one: told(bucket, one, tmp_path) for one in BILLING_FORMATS}
    assert len(found["cur2_parquet"]) > 80
    for one in ("cur2_csv", "legacy_csv", "legacy_parquet"):
        assert found[one] == found["cur2_parquet"], one
    assert found["focus_1_0"] == found["focus_1_2"]
    # CUR has a discount where FOCUS has none, but no costs that FOCUS has not.
    assert [row for row in found["cur2_parquet"] if any(row[3:])] == [
        row for row in found["focus_1_0"] if any(row[3:])
    ]


def test_every_component_and_kind_of_line_is_on_the_bill(bucket: dict[str, bytes], tmp_path: Path) -> None:
    (key,) = listed(newest(bucket, "cur2_parquet"))
    (tmp_path / "month.parquet").write_bytes(bucket[key])
    with duckdb.connect() as connection:
        lines = connection.read_parquet(str(tmp_path / "month.parquet"))
        kinds = {kind for (kind,) in lines.project("line_item_line_item_type").distinct().fetchall()}
        own = lines.filter("line_item_product_code = 'AmazonDynamoDB' and line_item_resource_id is not null")
        suffixes = "regexp_extract(line_item_usage_type, '(IA-)?[A-Za-z]+-?[A-Za-z]+$')"
        usage_types = {kind for (kind,) in own.project(suffixes).distinct().fetchall()}
    assert kinds == {
        *("Usage", "DiscountedUsage", "RIFee"),
        *("SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee"),
        *("EdpDiscount", "Tax", "Credit", "Refund", "Fee"),
    }
    assert usage_types >= {
        *("TimedPITRStorage-ByteHrs", "TimedBackupStorage-ByteHrs", "RestoreDataSize-Bytes"),
        *("ExportDataSize-Bytes", "ImportDataSize-Bytes", "Streams-Requests"),
        *("ChangeDataCaptureUnits-Kinesis", "Out-Bytes", "In-Bytes", "ReplWriteRequestUnits"),
    }


@pytest.mark.parametrize("billing_format", BILLING_FORMATS)
def test_what_an_earlier_delivery_left_lies_beside(bucket: dict[str, bytes], billing_format: str) -> None:
    name = NAMES[billing_format]
    files = set(listed(newest(bucket, billing_format)))
    stored = {key for key in bucket if key.startswith(f"cur/{name}/") and not key.endswith(".json")}
    assert files < stored
    assert len(stored - files) == 1
    creates_new = billing_format in ("legacy_csv", "cur2_csv", "focus_1_2")
    others = [listed(one) for one in manifests(bucket, name).values() if set(listed(one)) != files]
    assert others == ([sorted(stored - files)] if creates_new else [])


@pytest.mark.parametrize(
    ("billing_format", "manifest", "file"),
    [
        (
            "legacy_csv",
            "20261001-20261101/NAME-Manifest.json",
            "20261001-20261101/ID/NAME-1.csv.gz",
        ),
        (
            "legacy_parquet",
            "20261001-20261101/NAME-Manifest.json",
            "NAME/year=2026/month=10/NAME-00001.snappy.parquet",
        ),
        (
            "cur2_csv",
            "metadata/BILLING_PERIOD=2026-10/NAME-Manifest.json",
            "data/BILLING_PERIOD=2026-10/2026-10-01T09:00:00.000Z-ID/NAME-00001.csv.gz",
        ),
        (
            "cur2_parquet",
            "metadata/BILLING_PERIOD=2026-10/NAME-Manifest.json",
            "data/BILLING_PERIOD=2026-10/NAME-00001.snappy.parquet",
        ),
        (
            "focus_1_0",
            "metadata/billing_period=2026-10/NAME-Manifest.json",
            "data/billing_period=2026-10/NAME-00001.csv.gz",
        ),
        (
            "focus_1_2",
            "metadata/billing_period=2026-10/NAME-Manifest.json",
            "data/billing_period=2026-10/2026-10-01T09:00:00.000Z-ID/NAME-00001.snappy.parquet",
        ),
    ],
)
def test_files_lie_where_aws_puts_them(
    bucket: dict[str, bytes], billing_format: str, manifest: str, file: str
) -> None:
    name = NAMES[billing_format]
    found = newest(bucket, billing_format)
    root = f"cur/{name}/"
    assert json.loads(bucket[root + manifest.replace("NAME", name)]) == found
    stamp = str(found.get("assemblyId", ""))
    (key,) = listed(found)
    if not stamp and "ID" in file:
        stamp = key.split("Z-")[1].split("/")[0]
    assert key == root + file.replace("NAME", name).replace("ID", stamp)


def test_columns_are_those_of_the_form(bucket: dict[str, bytes]) -> None:
    def header(billing_format: str) -> list[str]:
        (key,) = listed(newest(bucket, billing_format))
        return gzip.decompress(bucket[key]).split(b"\n", 1)[0].decode().replace('"', "").split(",")

    def columns(billing_format: str) -> list[str]:
        (key,) = listed(newest(bucket, billing_format))
        return pq.read_schema(io.BytesIO(bucket[key])).names

    assert header("cur2_csv") == columns("cur2_parquet")
    assert len(header("focus_1_0")) == 48
    assert len(columns("focus_1_2")) == 60
    assert {"SkuMeter", "InvoiceId"} <= set(columns("focus_1_2"))
    assert "x_UsageType" not in columns("focus_1_2")
    assert "x_UsageType" in header("focus_1_0")
    legacy = header("legacy_csv")
    assert {"lineItem/UsageType", "reservation/ReservationARN", "resourceTags/user:team"} <= set(legacy)
    snake = columns("legacy_parquet")
    assert len(snake) == len(legacy)
    for slashed, name in (
        ("product/ProductName", "product_product_name"),
        ("product/regionCode", "product_region_code"),
        ("resourceTags/user:team", "resource_tags_user_team"),
        ("reservation/ReservationARN", "reservation_reservation_a_r_n"),
        ("savingsPlan/NetSavingsPlanEffectiveCost", "savings_plan_net_savings_plan_effective_cost"),
    ):
        assert snake[legacy.index(slashed)] == name
    named = newest(bucket, "legacy_csv")["columns"]
    assert [f"{one['category']}/{one['name']}" for one in named] == legacy


def test_a_legacy_report_may_be_zipped() -> None:
    organisation = build(SandboxConfig(end=END, tables=1))
    packed = export("legacy_csv", "ZIP")
    plain = dict(objects_of(organisation, [export("legacy_csv")], MORNING))
    zipped = dict(objects_of(organisation, [packed], MORNING))
    manifest = newest(zipped, "legacy_csv")
    (key,) = listed(manifest)
    assert key.endswith("/organisation-hourly-legacy-csv-1.csv.zip")
    assert manifest["compression"] == "ZIP"
    (csv,) = listed(newest(plain, "legacy_csv"))
    with zipfile.ZipFile(io.BytesIO(zipped[key])) as archive:
        assert archive.namelist() == ["organisation-hourly-legacy-csv-1.csv"]
        assert archive.read(archive.namelist()[0]) == gzip.decompress(plain[csv])


def test_every_export_is_found_by_its_owner_alone() -> None:
    found = {one["ExportName"]: one["ExportArn"] for one in asked("ListExports")["Exports"]}
    assert set(found) == {NAMES[one] for one in BILLING_FORMATS if not one.startswith("legacy")}
    described = {name: asked("GetExport", ExportArn=arn)["Export"] for name, arn in found.items()}
    tables = {
        name.removeprefix("organisation-hourly"): (
            one["DataQuery"]["QueryStatement"].rpartition(" ")[2],
            *_output(one, "Format", "Compression", "Overwrite"),
        )
        for name, one in described.items()
    }
    assert tables == {
        "-cur2-csv": ("COST_AND_USAGE_REPORT", "TEXT_OR_CSV", "GZIP", "CREATE_NEW_REPORT"),
        "": ("COST_AND_USAGE_REPORT", "PARQUET", "PARQUET", "OVERWRITE_REPORT"),
        "-focus-1-0": ("FOCUS_1_0_AWS", "TEXT_OR_CSV", "GZIP", "OVERWRITE_REPORT"),
        "-focus-1-2": ("FOCUS_1_2_AWS", "PARQUET", "PARQUET", "CREATE_NEW_REPORT"),
    }
    reports = asked("DescribeReportDefinitions")["ReportDefinitions"]
    assert [
        tuple(one[name] for name in ("ReportName", "Format", "Compression", "ReportVersioning"))
        for one in reports
    ] == [
        ("organisation-hourly-legacy-csv", "textORcsv", "GZIP", "CREATE_NEW_REPORT"),
        ("organisation-hourly-legacy-parquet", "Parquet", "Parquet", "OVERWRITE_REPORT"),
    ]
    assert {(one["S3Bucket"], one["S3Prefix"], *one["AdditionalSchemaElements"]) for one in reports} == {
        (BUCKET, "cur", "RESOURCES")
    }
    assert asked("ListExports", SHOP)["Exports"] == []
    assert asked("DescribeReportDefinitions", SHOP)["ReportDefinitions"] == []


@pytest.mark.parametrize("formats", [("cur2_parquet", "xlsx"), ()])
def test_what_is_no_format_is_refused(formats: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="is no format of a bill: choose of legacy_csv, legacy_parquet"):
        SandboxConfig(billing_formats=formats)


def test_the_command_refuses_it_too() -> None:
    refused = CliRunner().invoke(app, ["sandbox", "serve", "--billing-format", "xlsx"])
    assert refused.exit_code == 2
    assert "xlsx is no format of a bill" in refused.output


def _output(described: dict[str, Any], *names: str) -> tuple[str, ...]:
    output = described["DestinationConfigurations"]["S3Destination"]["S3OutputConfigurations"]
    return tuple(output[name] for name in names)
