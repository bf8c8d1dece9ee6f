"""The bill in one shape: each kind of line of each family of formats, and six forms of one bill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from small_warehouse import MakeWarehouse, SmallWarehouse

from loaders.aws import Access
from loaders.billing import data_files, manifests, sources
from loaders.billing.exports import Export
from loaders.schemas import CUR_DATA
from optima.sandbox import SandboxConfig
from optima.sandbox.billing.export import objects_of
from optima.sandbox.billing.formats.delivery import export
from optima.sandbox.billing.lines import Month
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.planting import build

SEPTEMBER, OCTOBER, NOVEMBER = datetime(2026, 9, 1), datetime(2026, 10, 1), datetime(2026, 11, 1)
PLAN = "arn:aws:savingsplans::000000000001:savingsplan/p"
COMPUTE_PLAN = "arn:aws:savingsplans::000000000001:savingsplan/compute"
OTHER_PLAN = "arn:aws:savingsplans::000000000001:savingsplan/of-other-services"
RESERVATION = "arn:aws:dynamodb:us-east-1:000000000001:reserved-capacity/r"
TABLE = "arn:aws:dynamodb:us-east-1:000000000001:table/orders"
FORMATS = ("legacy_csv", "legacy_parquet", "cur2_csv", "cur2_parquet", "focus_1_0", "focus_1_2")

# What identifies a row differs from export to export by its nature.
IDENTITY = {"line_item_key", "payer_account_id", "export_name", "file_key", "row_number", "format"}
# What a family does not carry, and so cannot be equal: columns of all its rows, and whole components.
FOCUS_LACKS_COLUMNS = {"unblended_cost", "unblended_rate"}
FOCUS_LACKS_COMPONENTS = {"discount"}
# What the sandbox's bill has of a single day; the rest is told apart by usage types alone.
COMPONENTS = {
    *("read", "write", "replicated_write", "storage", "pitr"),
    *("commitment", "discount", "tax", "credit"),
}


def line(kind: str, usage_type: str, cost: float | None = None, **columns: Any) -> dict[str, Any]:
    """One line of a cost and usage report, for October as a whole."""
    return {
        "export_name": "hourly",
        "format": "cur2_parquet",
        "billing_period": OCTOBER.date(),
        "file_key": "part-0",
        "line_item_type": kind,
        "product_code": "AmazonDynamoDB",
        "usage_account_id": "000000000001",
        "usage_type": usage_type,
        "region": "us-east-1",
        "usage_start_at": OCTOBER,
        "usage_end_at": NOVEMBER,
        "currency": "USD",
        "unblended_cost": cost,
    } | columns


def focus(category: str, usage_type: str, billed: float, effective: float, **columns: Any) -> dict[str, Any]:
    """One row of a FOCUS export, for October as a whole."""
    told = {"format": "focus_1_0", "charge_category": category, "charge_frequency": "Usage-Based"}
    return (
        line("", usage_type)
        | {"line_item_type": None, "billed_cost": billed, "effective_cost": effective}
        | told
        | columns
    )


def fee_of_plan(arn: str, product: str, cost: float, used: float | None = None) -> dict[str, Any]:
    """The fee of a savings plan, of which `used` is used."""
    return line(
        "SavingsPlanRecurringFee",
        "DatabaseSP:1yrNoUpfront",
        cost,
        product_code=product,
        region="global",
        savings_plan_arn=arn,
        savings_plan_total_commitment=cost,
        savings_plan_used_commitment=cost if used is None else used,
        savings_plan_recurring_commitment=cost,
        savings_plan_amortized_upfront_commitment=0.0,
    )


COVERED = {
    "savings_plan_arn": PLAN,
    "savings_plan_effective_cost": 4.0,
    "usage_amount": 8.0,
    "public_on_demand_cost": 5.0,
}
RESERVED = {
    "reservation_arn": RESERVATION,
    "reservation_unused_quantity": 100.0,
    "reservation_unused_recurring_fee": 2.0,
    "reservation_unused_amortized_upfront_fee": 1.0,
}
CUR_LINES = [
    line(
        "Usage",
        "WriteRequestUnits",
        10.0,
        resource_id=TABLE,
        usage_amount=16.0,
        public_on_demand_cost=10.0,
        pricing_unit="WriteRequestUnits",
    ),
    line(
        "DiscountedUsage",
        "ReadCapacityUnit-Hrs",
        0.0,
        resource_id=TABLE,
        usage_amount=500.0,
        public_on_demand_cost=6.5,
        reservation_arn=RESERVATION,
        reservation_effective_cost=3.0,
    ),
    # Two tables, and one line that takes both off again.
    line("SavingsPlanCoveredUsage", "ReadRequestUnits", 5.0, resource_id=TABLE, **COVERED),
    line("SavingsPlanCoveredUsage", "ReadRequestUnits", 5.0, resource_id=TABLE + "-2", **COVERED),
    line("SavingsPlanNegation", "ReadRequestUnits", -10.0, savings_plan_arn=PLAN, usage_amount=16.0),
    # Half a dollar does not cancel out.
    line("SavingsPlanCoveredUsage", "WriteRequestUnits", 5.0, resource_id=TABLE, **COVERED),
    line("SavingsPlanNegation", "WriteRequestUnits", -3.0, savings_plan_arn=PLAN),
    line("SavingsPlanNegation", "WriteRequestUnits", -1.5, savings_plan_arn=PLAN),
    # Nothing takes this one off.
    line("SavingsPlanCoveredUsage", "IA-ReadRequestUnits", 5.0, resource_id=TABLE, **COVERED),
    line("RIFee", "HeavyUsage:dynamodb.read", 7.0, usage_amount=74400.0, **RESERVED),
    line("Fee", "HeavyUsage:dynamodb.read", 30.0, usage_amount=100.0, reservation_arn=RESERVATION),
    fee_of_plan(PLAN, "DatabaseSavingsPlans", 4.0, used=3.0),
    fee_of_plan(COMPUTE_PLAN, "ComputeSavingsPlans", 9.0),
    line(
        "SavingsPlanCoveredUsage",
        "ReadRequestUnits",
        0.0,
        **COVERED | {"savings_plan_arn": COMPUTE_PLAN, "resource_id": TABLE},
    ),
    fee_of_plan(OTHER_PLAN, "ComputeSavingsPlans", 99.0),
    line("SavingsPlanUpfrontFee", "ComputeSP:1yrAllUpfront", 20.0, product_code="ComputeSavingsPlans")
    | {"savings_plan_arn": COMPUTE_PLAN},
    line("EdpDiscount", "WriteRequestUnits", -1.0),
    line("Tax", "WriteRequestUnits", 2.0, usage_amount=1.0),
    line("Credit", "WriteRequestUnits", -3.0),
    line("Refund", "WriteRequestUnits", -0.5),
    line("Usage", "Brand-New-Usage", 0.25, resource_id=TABLE),
    line("Usage", "ReadRequestUnits", 88.0, product_code="AmazonMCS"),
]
NET_COLUMNS = [name for name in CUR_DATA.schema.names if name.startswith("net_")]
# Each as line type, component, part, table, quantity, list, unblended, net and amortised cost.
CUR_ROWS = [
    ("Usage", "write", "charge", "orders", 16, 10, 10, 10, 10),
    ("DiscountedUsage", "read", "charge", "orders", 500, Decimal("6.5"), 0, 0, 3),
    ("SavingsPlanCoveredUsage", "read", "charge", "orders", 8, 5, 0, 0, 4),
    ("SavingsPlanCoveredUsage", "read", "charge", "orders-2", 8, 5, 0, 0, 4),
    ("SavingsPlanCoveredUsage", "write", "charge", "orders", 8, 5, 0, 0, 4),
    ("SavingsPlanNegation", "write", "charge", None, None, 0, Decimal("0.5"), Decimal("0.5"), 0),
    ("SavingsPlanCoveredUsage", "read", "charge", "orders", 8, 5, 5, 5, 4),
    ("RIFee", "commitment", "charge", None, 74400, 0, 7, 7, 0),
    ("RIFee", "commitment", "unused", None, 100, 0, 0, 0, 3),
    ("Fee", "commitment", "charge", None, 100, 0, 30, 30, 0),
    ("SavingsPlanRecurringFee", "commitment", "charge", None, None, 0, 4, 4, 0),
    ("SavingsPlanRecurringFee", "commitment", "unused", None, None, 0, 0, 0, 1),
    ("SavingsPlanRecurringFee", "commitment", "charge", None, None, 0, 9, 9, 0),
    ("SavingsPlanCoveredUsage", "read", "charge", "orders", 8, 5, 0, 0, 4),
    ("SavingsPlanUpfrontFee", "commitment", "charge", None, None, 0, 20, 20, 0),
    ("EdpDiscount", "discount", "charge", None, None, 0, -1, -1, -1),
    ("Tax", "tax", "charge", None, None, 0, 2, 2, 2),
    ("Credit", "credit", "charge", None, None, 0, -3, -3, -3),
    ("Refund", "credit", "charge", None, None, 0, Decimal("-0.5"), Decimal("-0.5"), Decimal("-0.5")),
    ("Usage", "other", "charge", "orders", None, None, Decimal("0.25"), Decimal("0.25"), Decimal("0.25")),
]
NET_OF_COVERED = {"savings_plan_arn": PLAN, "savings_plan_effective_cost": 4.0}
NET_LINES = [
    line("Usage", "WriteRequestUnits", 10.0, net_unblended_cost=9.0),
    line("Usage", "Streams-Requests", 1.0),
    line(
        "DiscountedUsage",
        "ReadCapacityUnit-Hrs",
        0.0,
        net_unblended_cost=0.0,
        reservation_arn=RESERVATION,
        reservation_effective_cost=3.0,
        net_reservation_effective_cost=2.7,
    ),
    line(
        "SavingsPlanCoveredUsage",
        "ReadRequestUnits",
        5.0,
        net_unblended_cost=4.5,
        net_savings_plan_effective_cost=3.6,
        **NET_OF_COVERED,
    ),
    line("SavingsPlanNegation", "ReadRequestUnits", -5.0, net_unblended_cost=-4.5, savings_plan_arn=PLAN),
    line(
        "RIFee",
        "HeavyUsage:dynamodb.read",
        7.0,
        net_unblended_cost=6.3,
        net_reservation_unused_recurring_fee=1.8,
        net_reservation_unused_amortized_upfront_fee=0.9,
        **RESERVED,
    ),
    fee_of_plan(PLAN, "DatabaseSavingsPlans", 4.0, used=3.0)
    | {
        "net_unblended_cost": 3.6,
        "net_savings_plan_recurring_commitment": 3.6,
        "net_savings_plan_amortized_upfront_commitment": 0.0,
    },
    line("EdpDiscount", "WriteRequestUnits", -2.6),
    line("Tax", "WriteRequestUnits", 2.0, net_unblended_cost=2.0),
]
# Line type, part, unblended, net and amortised cost.
NET_ROWS = [
    ("Usage", "charge", 10, 9, 9),
    ("Usage", "charge", 1, 1, 1),
    ("DiscountedUsage", "charge", 0, 0, Decimal("2.7")),
    ("SavingsPlanCoveredUsage", "charge", 0, 0, Decimal("3.6")),
    ("RIFee", "charge", 7, Decimal("6.3"), 0),
    ("RIFee", "unused", 0, 0, Decimal("2.7")),
    ("SavingsPlanRecurringFee", "charge", 4, Decimal("3.6"), 0),
    ("SavingsPlanRecurringFee", "unused", 0, 0, Decimal("0.9")),
    ("EdpDiscount", "charge", Decimal("-2.6"), 0, 0),
    ("Tax", "charge", 2, 2, 2),
]
OF_RESERVATION = {
    "commitment_discount_id": RESERVATION,
    "commitment_discount_type": "Reserved",
    "commitment_discount_category": "Usage",
}
OF_PLAN = {
    "commitment_discount_id": PLAN,
    "commitment_discount_type": "Savings Plan",
    "commitment_discount_category": "Spend",
}
ONCE, MONTHLY = {"charge_frequency": "One-Time"}, {"charge_frequency": "Recurring"}
USED, UNUSED = {"commitment_discount_status": "Used"}, {"commitment_discount_status": "Unused"}
OF_PLAN_ITSELF = {"product_code": "DatabaseSavingsPlans", "region": None}
FOCUS_LINES = [
    focus("Usage", "WriteRequestUnits", 9.0, 9.0, list_cost=10.0, usage_amount=16.0, resource_id=TABLE),
    # AWS has left the effective cost at 0.
    focus("Usage", "ReadRequestUnits", 5.0, 0.0, list_cost=5.0, usage_amount=8.0, resource_id=TABLE),
    focus("Usage", "ReadCapacityUnit-Hrs", 0.0, 2.7, list_cost=6.5, **OF_RESERVATION, **USED),
    # Wholly paid for when it was bought: covered usage that costs nothing is no mistake.
    focus("Usage", "WriteCapacityUnit-Hrs", 0.5, 0.0, list_cost=1.0, **OF_RESERVATION, **USED),
    focus("Usage", "ReadRequestUnits", 0.0, 3.6, list_cost=5.0, **OF_PLAN, **USED),
    focus(
        "Purchase",
        "HeavyUsage:dynamodb.read",
        6.3,
        0.0,
        pricing_quantity=74400.0,
        **OF_RESERVATION,
        **MONTHLY,
    ),
    focus("Usage", "HeavyUsage:dynamodb.read", 0.0, 2.7, pricing_quantity=100.0, **OF_RESERVATION, **UNUSED),
    focus(
        "Purchase", "HeavyUsage:dynamodb.read", 27.0, 0.0, pricing_quantity=100.0, **OF_RESERVATION, **ONCE
    ),
    focus("Purchase", "DatabaseSP:1yrNoUpfront", 3.6, 0.0, **OF_PLAN, **MONTHLY, **OF_PLAN_ITSELF),
    focus("Usage", "DatabaseSP:1yrNoUpfront", 0.0, 0.9, **OF_PLAN, **UNUSED, **OF_PLAN_ITSELF),
    focus("Purchase", "DatabaseSP:1yrAllUpfront", 20.0, 0.0, **OF_PLAN, **ONCE, **OF_PLAN_ITSELF),
    focus("Tax", "WriteRequestUnits", 2.0, 2.0),
    focus("Credit", "WriteRequestUnits", -3.0, -3.0, **ONCE),
    focus("Credit", "WriteRequestUnits", -0.5, -0.5, charge_class="Correction"),
    focus("Adjustment", "WriteRequestUnits", -0.25, -0.25),
]
# Line type, component, part, quantity, list, net and amortised cost.
FOCUS_ROWS = [
    ("Usage", "write", "charge", 16, 10, 9, 9),
    ("Usage", "read", "charge", 8, 5, 5, 5),
    ("DiscountedUsage", "read", "charge", None, Decimal("6.5"), 0, Decimal("2.7")),
    ("DiscountedUsage", "write", "charge", None, 1, Decimal("0.5"), 0),
    ("SavingsPlanCoveredUsage", "read", "charge", None, 5, 0, Decimal("3.6")),
    ("RIFee", "commitment", "charge", 74400, 0, Decimal("6.3"), 0),
    ("RIFee", "commitment", "unused", 100, 0, 0, Decimal("2.7")),
    ("Fee", "commitment", "charge", 100, 0, 27, 0),
    ("SavingsPlanRecurringFee", "commitment", "charge", None, 0, Decimal("3.6"), 0),
    ("SavingsPlanRecurringFee", "commitment", "unused", None, 0, 0, Decimal("0.9")),
    ("SavingsPlanUpfrontFee", "commitment", "charge", None, 0, 20, 0),
    ("Tax", "tax", "charge", None, 0, 2, 2),
    ("Credit", "credit", "charge", None, 0, -3, -3),
    ("Refund", "credit", "charge", None, 0, Decimal("-0.5"), Decimal("-0.5")),
    ("Refund", "credit", "charge", None, 0, Decimal("-0.25"), Decimal("-0.25")),
]

# Usage type without a region's code, the price list's unit for it, and component, mode, class and price key.
REQUESTS, CAPACITY = "PAY_PER_REQUEST", "PROVISIONED"
STANDARD, IA = "STANDARD", "STANDARD_INFREQUENT_ACCESS"
KNOWN_USAGE_TYPES: dict[str, tuple[str | None, ...]] = {
    "ReadRequestUnits": ("read", REQUESTS, STANDARD, "ondemand.read.standard", "ReadRequestUnits"),
    "IA-ReadRequestUnits": ("read", REQUESTS, IA, "ondemand.read.ia", "ReadRequestUnits"),
    "WriteRequestUnits": ("write", REQUESTS, STANDARD, "ondemand.write.standard", "WriteRequestUnits"),
    "IA-WriteRequestUnits": ("write", REQUESTS, IA, "ondemand.write.ia", "WriteRequestUnits"),
    "ReplWriteRequestUnits": (
        *("replicated_write", REQUESTS, STANDARD),
        *("ondemand.replicated_write.standard", "ReplicatedWriteRequestUnits"),
    ),
    "IA-ReplWriteRequestUnits": (
        *("replicated_write", REQUESTS, IA),
        *("ondemand.replicated_write.ia", "ReplicatedWriteRequestUnits"),
    ),
    "ReadCapacityUnit-Hrs": ("read", CAPACITY, STANDARD, "provisioned.read.standard", "ReadCapacityUnit-Hrs"),
    "IA-ReadCapacityUnit-Hrs": ("read", CAPACITY, IA, "provisioned.read.ia", "ReadCapacityUnit-Hrs"),
    "WriteCapacityUnit-Hrs": (
        *("write", CAPACITY, STANDARD),
        *("provisioned.write.standard", "WriteCapacityUnit-Hrs"),
    ),
    "IA-WriteCapacityUnit-Hrs": ("write", CAPACITY, IA, "provisioned.write.ia", "WriteCapacityUnit-Hrs"),
    "ReplWriteCapacityUnit-Hrs": (
        *("replicated_write", CAPACITY, STANDARD),
        *("provisioned.replicated_write.standard", "ReplicatedWriteCapacityUnit-Hrs"),
    ),
    "IA-ReplWriteCapacityUnit-Hrs": (
        *("replicated_write", CAPACITY, IA),
        *("provisioned.replicated_write.ia", "ReplicatedWriteCapacityUnit-Hrs"),
    ),
    "TimedStorage-ByteHrs": ("storage", None, STANDARD, "storage.standard", "GB-Mo"),
    "IA-TimedStorage-ByteHrs": ("storage", None, IA, "storage.ia", "GB-Mo"),
    "TimedPITRStorage-ByteHrs": ("pitr", None, None, None, "GB-Mo"),
    "TimedBackupStorage-ByteHrs": ("backup", None, None, None, "GB-Mo"),
    "RestoreDataSize-Bytes": ("restore", None, None, None, "GB"),
    "ExportDataSize-Bytes": ("export", None, None, None, "GB"),
    "IncrementalExportDataSize-Bytes": ("export", None, None, None, "GB"),
    "ImportDataSize-Bytes": ("import", None, None, None, "GB"),
    "Streams-Requests": ("streams", None, None, None, "Requests"),
    "ChangeDataCaptureUnits-Kinesis": ("streams", None, None, None, "ChangeDataCaptureUnits"),
    "DataTransfer-In-Bytes": ("transfer", None, None, None, "GB"),
    "DataTransfer-Out-Bytes": ("transfer", None, None, None, "GB"),
    "USE1-AWS-In-Bytes": ("transfer", None, None, None, "GB"),
    "USE1-AWS-Out-Bytes": ("transfer", None, None, None, "GB"),
    "HeavyUsage:dynamodb.read": ("commitment", None, None, None, "ReadCapacityUnit-Hrs"),
    "HeavyUsage:dynamodb.write": ("commitment", None, None, None, "WriteCapacityUnit-Hrs"),
}
REGION_CODES = ("", "USE1-", "EU-", "APN1-", "UGW1-")
# Names that end like known ones, and are not.
UNKNOWN_USAGE_TYPES = ("Vector-WriteRequestUnits", "USW2-Vector-WriteRequestUnits", "ReadRequestUnits-2")

ARN = "arn:aws:dynamodb:eu-west-1:012345678901:"
# Resource, and the account, region and table of its line, which itself names account 000000000001 and
# us-east-1.
PLACES = {
    f"{ARN}table/orders": ("012345678901", "eu-west-1", "orders"),
    f"{ARN}table/orders/index/by-date": ("012345678901", "eu-west-1", "orders"),
    f"{ARN}table/orders/stream/2026-10-01T21:21:33.291": ("012345678901", "eu-west-1", "orders"),
    f"{ARN}table/orders/backup/01602-6f": ("012345678901", "eu-west-1", "orders"),
    f"{ARN}table/orders/export/01695-0a": ("012345678901", "eu-west-1", "orders"),
    f"{ARN}table/orders/import/01695-0b": ("012345678901", "eu-west-1", "orders"),
    "arn:aws-cn:dynamodb:cn-north-1:012345678901:table/a.b_c-d": ("012345678901", "cn-north-1", "a.b_c-d"),
    "arn:aws:dynamodb::012345678901:global-table/orders": ("012345678901", "us-east-1", "orders"),
    "arn:aws:dynamodb:eu-west-1:012345678901:reserved-capacity/r": ("012345678901", "eu-west-1", None),
    "orders": ("000000000001", "us-east-1", None),
    "": ("000000000001", "us-east-1", None),
}
DAY = timedelta(days=1)


def days(first: datetime, count: int, cost: float, **columns: Any) -> list[dict[str, Any]]:
    """Usage of so many days, each in one line at that cost."""
    return [
        line("Usage", "WriteRequestUnits", cost, resource_id=TABLE, **columns)
        | {"usage_start_at": start, "usage_end_at": start + DAY}
        for start in (first + DAY * number for number in range(count))
    ]


def on_the_first(usage_type: str, kind: str, start: datetime, end: datetime, cost: float) -> dict[str, Any]:
    """A charge for all of a month."""
    return line(kind, usage_type, cost, resource_id=TABLE, usage_start_at=start, usage_end_at=end)


OF_SEPTEMBER = {"billing_period": SEPTEMBER.date()}
BILLS: Mapping[str, list[dict[str, Any]]] = {
    "cur": CUR_LINES,
    # CUR 2.0 has the columns of what is after discounts for everybody, without one perhaps full of zeros.
    "net of nothing": [{**told, **dict.fromkeys(NET_COLUMNS, 0.0)} for told in CUR_LINES],
    "net": NET_LINES,
    "focus": FOCUS_LINES,
    "usage types": [
        line("Usage", code + name, 1.0)
        for code in REGION_CODES
        for name in (*KNOWN_USAGE_TYPES, *(UNKNOWN_USAGE_TYPES if not code else ()))
    ],
    "places": [line("Usage", "WriteRequestUnits", 1.0, resource_id=resource or None) for resource in PLACES],
    # 330 in September and, of the first ten days of October, 150 and 41 for the month.
    "trend": [
        *days(SEPTEMBER, 30, 10.0, **OF_SEPTEMBER),
        on_the_first("TimedPITRStorage-ByteHrs", "Usage", SEPTEMBER, SEPTEMBER + DAY / 24, 30.0)
        | OF_SEPTEMBER,
        *days(OCTOBER, 10, 15.0),
        on_the_first("TimedPITRStorage-ByteHrs", "Usage", OCTOBER, OCTOBER + DAY / 24, 31.0),
        on_the_first("HeavyUsage:dynamodb.read", "RIFee", OCTOBER, NOVEMBER, 6.2)
        | {"reservation_arn": RESERVATION, "resource_id": None},
    ],
    "currencies": [
        line("Usage", "WriteRequestUnits", 1.0, resource_id=TABLE),
        line("Usage", "WriteRequestUnits", 2.0, resource_id=TABLE, currency="CNY"),
    ],
    # One ends with September, in October the other one reaches further than a third.
    "exports": [
        *days(SEPTEMBER, 30, 1.0, **OF_SEPTEMBER, export_name="a-former"),
        *days(SEPTEMBER, 29, 2.0, **OF_SEPTEMBER, export_name="hourly"),
        *days(OCTOBER, 20, 3.0, export_name="hourly"),
        *days(OCTOBER, 19, 4.0, export_name="a-late"),
        *days(OCTOBER, 31, 5.0, export_name="a-without-tables"),
    ],
}
NUMBER = {name: number for number, name in enumerate(BILLS, start=1)}


def payer(name: str) -> str:
    """The account that pays a bill of `BILLS`; each has its own."""
    return f"8{NUMBER[name]:011d}"


@pytest.fixture(scope="module")
def bills(make_warehouse: MakeWarehouse, tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """All bills above, and the sandbox's in six forms: a build that all tests share."""
    warehouse = make_warehouse()
    load_six_forms(warehouse, tmp_path_factory.mktemp("bill"))
    for name, lines in BILLS.items():
        rows = [
            {**row, "payer_account_id": payer(name), "row_number": number} for number, row in enumerate(lines)
        ]
        for row in rows:
            if row["export_name"] == "a-without-tables":
                row["resource_id"] = None
        warehouse.rows("raw_billing.cur_data", rows)
    warehouse.build("+fct_dynamodb_costs +account_costs")
    return warehouse


def load_six_forms(warehouse: SmallWarehouse, folder: Path) -> None:
    """Let the sandbox write a day of its organisation's bill in every format, and read each of them."""
    organisation = build(SandboxConfig(end=datetime(2026, 10, 2), days=1, billing_formats=FORMATS))
    written = objects_of(organisation, [export(told) for told in FORMATS], Month(OCTOBER, NOVEMBER, 24))
    for key, body in written:
        path = folder / "exports" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    source = sources.source_of(Access(), None, None, str(folder / "exports"))
    found, problems = source.exports(folder)
    assert (sorted(one.format for one in found), problems) == (sorted(FORMATS), [])
    with warehouse.connection() as connection:
        for one in found:
            for lines in lines_of(source, one, folder):
                connection.register("lines", lines)
                connection.execute("insert into raw_billing.cur_data by name select * from lines")


def lines_of(source: sources.Source, one: Export, scratch: Path) -> Iterator[pa.Table]:
    """Everything that an export has of October, as the loader reads it."""
    store = source.store(one)
    [delivery] = source.deliveries(one, NOVEMBER.date(), 1)
    assert delivery.manifest is not None
    manifest = manifests.read(store, delivery.manifest)
    for key in manifests.located(manifest, delivery.manifest.key):
        constants = {
            "payer_account_id": MANAGEMENT_ACCOUNT_ID,
            "export_name": one.name,
            "billing_period": delivery.period,
            "file_key": key,
        }
        with store.fetched(key, scratch) as path:
            yield from data_files.lines(path, data_files.Read(store.place(key), manifest.format, constants))


def rows_of(bills: SmallWarehouse, name: str, columns: str) -> list[tuple[Any, ...]]:
    """Columns of a bill's line items."""
    found = bills.query(
        f"select {columns} from staging.stg_billing__line_items where payer_account_id = '{payer(name)}'"
    )
    return [tuple(row.values()) for row in found]


CUR_COLUMNS = (
    "line_type, component, part, table_name, quantity, list_cost, unblended_cost, net_cost, amortized_cost"
)


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("cur", CUR_COLUMNS, CUR_ROWS),
        ("net of nothing", CUR_COLUMNS, CUR_ROWS),
        ("net", "line_type, part, unblended_cost, net_cost, amortized_cost", NET_ROWS),
        ("focus", "line_type, component, part, quantity, list_cost, net_cost, amortized_cost", FOCUS_ROWS),
    ],
)
def test_every_kind_of_line_has_its_costs(
    bills: SmallWarehouse, name: str, columns: str, expected: list[tuple[Any, ...]]
) -> None:
    assert Counter(rows_of(bills, name, columns)) == Counter(expected)


def test_what_focus_does_not_say_is_null(bills: SmallWarehouse) -> None:
    assert set(rows_of(bills, "focus", "unblended_cost, unblended_rate")) == {(None, None)}


def test_what_covers_usage_is_told_in_both_families(bills: SmallWarehouse) -> None:
    for name in ("net", "focus"):
        found = set(rows_of(bills, name, "line_type, coverage, commitment_arn"))
        assert ("DiscountedUsage", "reserved", RESERVATION) in found
        assert ("SavingsPlanCoveredUsage", "plan", PLAN) in found
        assert ("RIFee", "none", RESERVATION) in found
        assert ("Usage", "none", None) in found


def test_known_usage_types_have_their_component_in_every_region(bills: SmallWarehouse) -> None:
    found = {
        row[0]: row[1:]
        for row in rows_of(
            bills, "usage types", "usage_type, component, billing_mode, table_class, price_key, unit"
        )
    }
    for name in UNKNOWN_USAGE_TYPES:
        assert found.pop(name) == ("other", None, None, None, None)
    assert found == {code + name: told for code in REGION_CODES for name, told in KNOWN_USAGE_TYPES.items()}


def test_lines_are_put_on_their_table_by_the_resource(bills: SmallWarehouse) -> None:
    found = rows_of(bills, "places", "account_id, region, table_name")
    assert Counter(found) == Counter(PLACES.values())


def test_six_forms_of_one_bill_are_the_same_rows(bills: SmallWarehouse) -> None:
    rows = {
        told: bills.query(
            "select * from staging.stg_billing__line_items "
            f"where payer_account_id = '{MANAGEMENT_ACCOUNT_ID}' and format = '{told}'"
        )
        for told in FORMATS
    }
    told_fully = rows["cur2_parquet"]
    assert {(row["line_type"], row["part"]) for row in told_fully} >= {
        *(("Usage", "charge"), ("DiscountedUsage", "charge"), ("SavingsPlanCoveredUsage", "charge")),
        *(("RIFee", "charge"), ("RIFee", "unused"), ("SavingsPlanRecurringFee", "charge")),
        *(("EdpDiscount", "charge"), ("Tax", "charge"), ("Credit", "charge"), ("Refund", "charge")),
    }
    assert {row["component"] for row in told_fully} >= COMPONENTS
    for told in FORMATS:
        is_focus = told.startswith("focus")
        hidden = IDENTITY | (FOCUS_LACKS_COLUMNS if is_focus else set())
        expected = [
            row for row in told_fully if not (is_focus and row["component"] in FOCUS_LACKS_COMPONENTS)
        ]
        assert as_multiset(rows[told], hidden) == as_multiset(expected, hidden), told
        assert sum(row["net_cost"] for row in rows[told]) == sum(row["net_cost"] for row in told_fully) > 1


def as_multiset(rows: list[dict[str, Any]], hidden: set[str]) -> Counter[tuple[Any, ...]]:
    """Rows without the hidden columns, and how often each is there."""
    return Counter(tuple(value for name, value in row.items() if name not in hidden) for row in rows)


def test_a_month_is_read_from_the_export_that_reaches_furthest_and_names_tables(
    bills: SmallWarehouse,
) -> None:
    found = bills.query(
        "select billing_month, export_name, net_cost from marts.fct_dynamodb_costs "
        f"where payer_account_id = '{payer('exports')}' order by 1"
    )
    assert [tuple(row.values()) for row in found] == [
        (date(2026, 9, 1), "a-former", Decimal(30)),
        (date(2026, 10, 1), "hourly", Decimal(60)),
    ]


def test_a_month_that_is_not_over_is_compared_day_by_day(bills: SmallWarehouse) -> None:
    [before, of_table, of_reservation] = bills.query(
        "select billed_hours, is_complete, net_cost, pitr_cost, commitment_cost, net_cost_per_day, "
        "previous_net_cost_per_day, change_pct, is_attributed from marts.fct_dynamodb_costs "
        f"where payer_account_id = '{payer('trend')}' order by billing_month, table_name nulls last"
    )
    assert (before["billed_hours"], before["is_complete"]) == (720, True)
    assert (before["net_cost_per_day"], before["previous_net_cost_per_day"]) == (11, None)
    assert before["change_pct"] is None
    assert (of_table["billed_hours"], of_table["is_complete"]) == (240, False)
    assert (of_table["net_cost"], of_table["pitr_cost"]) == (181, 31)
    assert (of_table["net_cost_per_day"], of_table["previous_net_cost_per_day"]) == (16, 11)
    assert of_table["change_pct"] == pytest.approx(500 / 11)
    # A fee of 6.20 for 31 days. The month before had none, which is no base for a percentage.
    assert (of_reservation["is_attributed"], of_reservation["net_cost_per_day"]) == (False, Decimal("0.2"))
    assert (of_reservation["previous_net_cost_per_day"], of_reservation["change_pct"]) == (0, None)
    accounts = bills.query(
        "select billing_month, component, net_cost, net_cost_per_day, previous_net_cost_per_day "
        f"from marts.account_costs where payer_account_id = '{payer('trend')}' order by 1, 2"
    )
    assert [tuple(row.values())[1:] for row in accounts] == [
        ("pitr", 30, 1, None),
        ("write", 300, 10, None),
        ("commitment", Decimal("6.2"), Decimal("0.2"), 0),
        ("pitr", 31, 1, 1),
        ("write", 150, 15, 10),
    ]


def test_currencies_are_kept_apart_and_said(bills: SmallWarehouse) -> None:
    found = bills.query(
        "select currency, net_cost, has_other_currencies from marts.fct_dynamodb_costs "
        f"where payer_account_id = '{payer('currencies')}' order by 1"
    )
    assert [tuple(row.values()) for row in found] == [("CNY", 2, True), ("USD", 1, True)]
    [alone] = bills.query(
        "select count(*) filter (where has_other_currencies) as rows from marts.fct_dynamodb_costs "
        f"where payer_account_id <> '{payer('currencies')}'"
    )
    assert alone["rows"] == 0


def test_tables_and_accounts_that_were_never_read_are_billed(bills: SmallWarehouse) -> None:
    [found] = bills.query(
        "select count(*) as rows, min(account_name) as account_name from marts.fct_dynamodb_costs "
        f"where payer_account_id = '{payer('cur')}' and table_name = 'orders-2'"
    )
    assert found == {"rows": 1, "account_name": "000000000001"}


def test_the_sums_are_the_bills_and_a_missing_row_is_noticed(bills: SmallWarehouse) -> None:
    said = ["a_payer_is_billed_in_one_currency", "every_line_fits_a_component"]
    assert bills.failures("path:tests/data/costs fct_dynamodb_costs account_costs") == said
    with bills.connection() as connection:
        connection.execute("begin")
        connection.execute(
            f"delete from marts.fct_dynamodb_costs where payer_account_id = '{payer('places')}' "
            "and region = 'cn-north-1'"
        )
        connection.execute("commit")
    assert bills.failures("path:tests/data/costs") == [
        *said,
        "no_line_of_the_bill_is_dropped",
        "the_costs_of_a_month_are_those_of_its_bill",
    ]
