"""The bill and its export: exact amounts, free units, classes, files, manifests."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from optima.sandbox import SandboxConfig
from optima.sandbox.billing.bill import bill, months
from optima.sandbox.billing.formats.cur2_columns import COLUMNS
from optima.sandbox.expectations import GREATEST_FREE_SHARE
from optima.sandbox.organisation import Organisation
from optima.sandbox.planting import build
from tests.sandbox.served import ANALYTICS, ARCHIVE, DENIED, PAYMENTS, SHOP, Client

BUCKET = "sandbox-billing-exports"
OCTOBER = "cur/organisation-hourly/metadata/BILLING_PERIOD=2026-10/organisation-hourly-Manifest.json"


@pytest.fixture(scope="module")
def manifest(client: Client) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(client("s3").get_object(Bucket=BUCKET, Key=OCTOBER)["Body"].read())
    return read


@pytest.fixture(scope="module")
def october(client: Client, manifest: dict[str, Any]) -> pa.Table:
    """All rows of October, from the files that the manifest lists."""
    tables = []
    for url in manifest["dataFiles"]:
        key = url.removeprefix(f"s3://{BUCKET}/")
        tables.append(
            pq.read_table(io.BytesIO(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()))
        )
    return pa.concat_tables(tables)


def rows_of(october: pa.Table, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query over the table `october`."""
    with duckdb.connect() as connection:
        return connection.register("october", october).execute(sql).fetchall()


def usage(
    october: pa.Table, account: str, table: str, region: str = "us-east-1"
) -> dict[str, tuple[float, float]]:
    """Amount and cost of a table by usage type, whatever tier they were charged in."""
    rows = rows_of(
        october,
        f"""select line_item_usage_type, sum(line_item_usage_amount), sum(line_item_unblended_cost)
        from october
        where line_item_resource_id = 'arn:aws:dynamodb:{region}:{account}:table/{table}'
            and line_item_product_code = 'AmazonDynamoDB'
        group by all""",
    )
    return {usage_type: (amount, cost) for usage_type, amount, cost in rows}


def test_the_export_is_found_by_its_owner_alone(client: Client) -> None:
    exports = client("bcm-data-exports").list_exports()["Exports"]
    assert [export["ExportName"] for export in exports] == ["organisation-hourly"]
    assert client("bcm-data-exports", SHOP).list_exports()["Exports"] == []
    assert client("cur").describe_report_definitions()["ReportDefinitions"] == []


def test_the_export_says_what_and_where_it_is(client: Client) -> None:
    exports = client("bcm-data-exports")
    (found,) = exports.list_exports()["Exports"]
    export = exports.get_export(ExportArn=found["ExportArn"])["Export"]
    destination = export["DestinationConfigurations"]["S3Destination"]
    assert (destination["S3Bucket"], destination["S3Prefix"]) == (BUCKET, "cur")
    assert destination["S3OutputConfigurations"]["Format"] == "PARQUET"
    configuration = export["DataQuery"]["TableConfigurations"]["COST_AND_USAGE_REPORT"]
    assert configuration["TIME_GRANULARITY"] == "HOURLY"
    assert configuration["INCLUDE_RESOURCES"] == "TRUE"
    assert "line_item_resource_id" in export["DataQuery"]["QueryStatement"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        exports.get_export(ExportArn=found["ExportArn"] + "x")


def test_the_manifest_leaves_out_what_an_earlier_delivery_left_lying(
    client: Client, manifest: dict[str, Any]
) -> None:
    prefix = "cur/organisation-hourly/data/BILLING_PERIOD=2026-10/"
    stored = {one["Key"] for one in client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]}
    listed = {url.removeprefix(f"s3://{BUCKET}/") for url in manifest["dataFiles"]}
    assert listed < stored
    assert len(stored - listed) == 1
    assert manifest["billingPeriod"] == {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}


def test_columns_are_the_fixed_ones_of_cur_2(october: pa.Table) -> None:
    assert october.schema.names == list(COLUMNS)
    assert october.schema.field("line_item_usage_account_id").type == pa.string()
    assert october.schema.field("line_item_usage_start_date").type == pa.timestamp("ms")
    assert october.schema.field("line_item_unblended_rate").type == pa.string()
    assert october.schema.field("line_item_unblended_cost").type == pa.float64()
    assert october.schema.field("product").type == pa.map_(pa.string(), pa.string())


def test_hours_of_on_demand_use_and_of_storage(october: pa.Table) -> None:
    billed = usage(october, SHOP, "orders")
    assert billed["ReadRequestUnits"] == pytest.approx((70 * 3600 * 744, 70 * 3600 * 744 * 0.125e-6))
    assert billed["TimedStorage-ByteHrs"][0] == pytest.approx(8)
    assert billed["TimedPITRStorage-ByteHrs"] == pytest.approx((8, 1.6))
    assert set(billed) == {"ReadRequestUnits", "TimedStorage-ByteHrs", "TimedPITRStorage-ByteHrs"}


def test_capacity_of_a_table_and_its_indexes_is_one_amount(october: pa.Table) -> None:
    billed = usage(october, "333344445555", "staging-carts")
    assert billed["ReadCapacityUnit-Hrs"][0] == pytest.approx(400 * 744)
    assert billed["WriteCapacityUnit-Hrs"][0] == pytest.approx(400 * 744)


def test_writes_of_a_global_table_are_replicated_and_those_of_an_index_plain(october: pa.Table) -> None:
    settings = usage(october, "444455556666", "user-settings", "us-west-2")
    assert settings["USW2-ReplWriteRequestUnits"][0] == pytest.approx(45 * 3600 * 744)
    assert "USW2-WriteRequestUnits" not in settings


def test_the_class_is_in_the_usage_type_and_changes_with_it(october: pa.Table) -> None:
    assert set(usage(october, ARCHIVE, "cold-exports")) == {"IA-WriteRequestUnits", "IA-TimedStorage-ByteHrs"}
    scans = usage(october, ARCHIVE, "scans", "us-west-2")
    assert scans["USW2-IA-TimedStorage-ByteHrs"] == pytest.approx((800 * 21 / 31, 80 * 21 / 31))
    assert scans["USW2-TimedStorage-ByteHrs"][0] == pytest.approx(800 * 10 / 31)


def test_a_month_has_its_free_units_once_in_each_region(october: pa.Table) -> None:
    rows = rows_of(
        october,
        """select product_region_code, split_part(line_item_usage_type, '-', -2) || '-' ||
            split_part(line_item_usage_type, '-', -1), sum(line_item_usage_amount)
        from october
        where line_item_product_code = 'AmazonDynamoDB' and line_item_line_item_type = 'Usage'
            and line_item_unblended_cost = 0 and line_item_usage_type not like '%DataTransfer%'
        group by all""",
    )
    free = {(region, usage_type): amount for region, usage_type, amount in rows}
    for region in ("us-east-1", "us-west-2", "eu-west-1"):
        assert free.pop((region, "ReadCapacityUnit-Hrs")) == pytest.approx(18_600)
        assert free.pop((region, "WriteCapacityUnit-Hrs")) == pytest.approx(18_600)
        assert free.pop((region, "TimedStorage-ByteHrs")) == pytest.approx(25)
    # carts has 20,000 requests of its stream an hour.
    assert free == {("us-east-1", "Streams-Requests"): pytest.approx(2_500_000)}


def test_free_units_are_the_first_of_the_month(october: pa.Table) -> None:
    ((last,),) = rows_of(
        october,
        """select max(line_item_usage_start_date) from october
        where line_item_usage_type = 'WriteCapacityUnit-Hrs' and line_item_unblended_cost = 0""",
    )
    # us-east-1 provisions about 2,342 units: 18,600 last into the eighth hour.
    assert last == datetime(2026, 10, 1, 7)


def test_no_pool_has_a_greater_free_share_than_expectations_allow_for(october: pa.Table) -> None:
    """In eu-west-1 1,395 of 2,395 read units are not reserved: 18,600 of 744 hours of them are free."""
    rows = rows_of(
        october,
        """select product_region_code, regexp_extract(line_item_usage_type, '[A-Za-z]+-[A-Za-z]+$'),
            sum(line_item_usage_amount)
        from october
        where line_item_product_code = 'AmazonDynamoDB'
            and line_item_line_item_type in ('Usage', 'SavingsPlanCoveredUsage')
            and regexp_matches(line_item_usage_type,
                '^(USW2-|EU-)?(Read|Write)CapacityUnit-Hrs$|^(USW2-|EU-)?TimedStorage')
        group by all""",
    )
    free = {"TimedStorage-ByteHrs": 25}
    shares = {(region, usage_type): free.get(usage_type, 18_600) / used for region, usage_type, used in rows}
    assert len(shares) == 9
    assert max(shares.values()) <= GREATEST_FREE_SHARE
    assert shares["eu-west-1", "ReadCapacityUnit-Hrs"] == pytest.approx(18_600 / (1395 * 744), rel=1e-6)


def test_commitments_are_used_as_the_expectations_count_on(october: pa.Table) -> None:
    """The reservation by two healthy tables, the plan by its owner in every hour, the other one never."""
    used = rows_of(
        october,
        """select distinct line_item_line_item_type, line_item_usage_account_id,
            if(line_item_line_item_type = 'DiscountedUsage', split_part(line_item_resource_id, '/', 2), null)
        from october
        where line_item_line_item_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage')""",
    )
    assert set(used) == {
        ("DiscountedUsage", SHOP, "stock"),
        ("DiscountedUsage", SHOP, "coupons"),
        ("SavingsPlanCoveredUsage", ANALYTICS, None),
    }
    fees = rows_of(
        october,
        """select line_item_usage_type, sum(line_item_usage_amount), sum(reservation_unused_quantity),
            min(savings_plan_used_commitment)
        from october
        where line_item_line_item_type in ('RIFee', 'SavingsPlanRecurringFee')
        group by all""",
    )
    assert {usage_type: rest for usage_type, *rest in fees} == {
        "EU-HeavyUsage:dynamodb.read": [744_000, pytest.approx(0, abs=1e-6), None],
        "EUC1-HeavyUsage:dynamodb.write": [74_400, 74_400, None],
        "DatabaseSP:1yrNoUpfront": [744, None, pytest.approx(0.1, abs=1e-9)],
    }


def test_lines_are_hours_with_their_interval(october: pa.Table) -> None:
    row = (
        october.filter(pa.compute.equal(october["line_item_line_item_type"], "Usage"))
        .slice(0, 1)
        .to_pylist()[0]
    )
    begin, end = row["line_item_usage_start_date"], row["line_item_usage_end_date"]
    assert (end - begin).total_seconds() == 3600
    assert row["identity_time_interval"] == f"{begin.isoformat()}Z/{end.isoformat()}Z"
    assert row["bill_payer_account_id"] == "123456789012"
    assert dict(row["product"])["region"] == row["product_region_code"]


def test_taxes_bear_the_usage_type_that_they_are_on(october: pa.Table) -> None:
    rows = rows_of(
        october,
        f"""select line_item_line_item_type, sum(line_item_unblended_cost), count(line_item_resource_id)
        from october
        where line_item_usage_account_id = '{PAYMENTS}' and line_item_usage_type = 'WriteCapacityUnit-Hrs'
        group by all""",
    )
    costs = {kind: cost for kind, cost, _ in rows}
    assert costs["EdpDiscount"] == pytest.approx(-0.05 * costs["Usage"])
    assert costs["Tax"] == pytest.approx(0.08 * 0.95 * costs["Usage"])
    assert [resources for kind, _, resources in rows if kind == "Tax"] == [0]


def test_other_services_and_the_table_nobody_may_look_at_are_on_the_bill(october: pa.Table) -> None:
    products = set(october["line_item_product_code"].to_pylist())
    assert products == {
        *("AmazonDynamoDB", "DatabaseSavingsPlans"),
        *("AmazonEC2", "AmazonS3", "AWSBackup", "AWSSupportBusiness"),
    }
    vault = usage(october, DENIED, "vault-ledger")
    assert vault["WriteRequestUnits"] == pytest.approx((36_000 * 744, 36_000 * 744 * 0.625e-6))


def test_a_table_is_billed_from_its_creation(organisation: Organisation) -> None:
    amounts: dict[str, float] = defaultdict(float)
    for lines in bill(organisation, months(organisation)[-1]):
        if (lines.origin.resource_id or "").endswith(
            "/launch-beta"
        ) and lines.origin.product_code == "AmazonDynamoDB":
            amounts[lines.origin.usage_type] += float(lines.amounts.sum())
            assert set(lines.hours) <= set(range(30 * 24, 31 * 24))
    assert amounts["ReadRequestUnits"] == pytest.approx(300 * 3600 * 24)
    assert amounts["TimedStorage-ByteHrs"] == pytest.approx(1 / 31)


@pytest.mark.parametrize(
    ("end", "days", "expected"),
    [
        (datetime(2026, 11, 1), 14, [("2026-09", 720), ("2026-10", 744)]),
        (datetime(2026, 11, 1, 5, 30), 14, [("2026-09", 720), ("2026-10", 744), ("2026-11", 5)][-2:]),
        (datetime(2026, 11, 22), 14, [("2026-10", 744), ("2026-11", 504)]),
        (datetime(2027, 1, 10), 60, [("2026-11", 720), ("2026-12", 744), ("2027-01", 216)]),
    ],
)
def test_the_bill_covers_the_data_and_at_least_two_months(
    end: datetime, days: int, expected: list[tuple[str, int]]
) -> None:
    covered = months(build(SandboxConfig(end=end, days=days, tables=0)))
    assert [(f"{month.start:%Y-%m}", month.billed_hours) for month in covered] == expected


def test_the_export_was_refreshed_at_the_clock(client: Client) -> None:
    (found,) = client("bcm-data-exports").list_exports()["Exports"]
    assert found["ExportStatus"]["LastRefreshedAt"] == datetime(2026, 11, 1, tzinfo=UTC)
