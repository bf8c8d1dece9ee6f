"""Table class, to the dollar: the amounts a billing export states, at both classes' list prices."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from billing import (
    IA,
    NOVEMBER,
    OCTOBER,
    OCTOBER_HOURS,
    PER_MONTH,
    PROVISIONED,
    BilledTable,
    Line,
)
from price_list import LIST_PRICES
from small_warehouse import MakeWarehouse, SmallWarehouse

STORAGE = "TimedStorage-ByteHrs"
READS = "ReadCapacityUnit-Hrs"
WRITES_FOR_100_USD = Line("WriteRequestUnits", 160e6 * PER_MONTH)
RESERVED_1000 = Line(READS, 1000 * OCTOBER_HOURS, kind="DiscountedUsage")
PLAN_FOR_100_USD = replace(WRITES_FOR_100_USD, kind="SavingsPlanCoveredUsage")
MIDDLE = datetime(2026, 10, 16)
FREE_TIER_REGION = "us-west-2"
UNPRICED_REGION = "ap-east-2"


def reads(units: int, **columns: Any) -> Line:
    """Read units that are provisioned, and paid for, all October."""
    return Line(READS, units * OCTOBER_HOURS, **columns)


def storage(gb: float, **columns: Any) -> Line:
    """Gigabytes stored all October."""
    return Line(STORAGE, gb, **columns)


# Each has a payer of its own, so that no pool is shared between two of them.
CASES = {
    "400 GB and 160 M writes save 35.20": BilledTable((storage(400), WRITES_FOR_100_USD)),
    "reads of 100 USD save 36.9231": BilledTable(
        (storage(400), Line(READS, 100 / 0.00013 * PER_MONTH)), PROVISIONED
    ),
    "100 GB and 160 M writes in IA": BilledTable(
        (Line("IA-TimedStorage-ByteHrs", 100), Line("IA-WriteRequestUnits", 160e6 * PER_MONTH)),
        {"table_class": IA},
    ),
    "committed throughput is not reserved": BilledTable(
        (storage(1000), reads(100, columns={"operation": "CommittedThroughput"})), PROVISIONED
    ),
    "reserved reads are sunk": BilledTable((storage(1000), RESERVED_1000), PROVISIONED),
    "others would take up 400 of 1000 reserved": BilledTable(
        (storage(1000), RESERVED_1000, reads(400, table="other", is_elsewhere=True)), PROVISIONED
    ),
    "neither own use nor another region's takes anything up": BilledTable(
        (
            storage(1000),
            RESERVED_1000,
            reads(100),
            Line("USW2-" + READS, 400 * OCTOBER_HOURS, table="other", region="us-west-2"),
        ),
        PROVISIONED,
    ),
    "use in other hours takes nothing up": BilledTable(
        (
            storage(1000),
            Line(READS, 1000 * 360, end=MIDDLE, kind="DiscountedUsage", is_hourly=True),
            Line(READS, 1000 * 384, start=MIDDLE, table="other", is_hourly=True),
        ),
        PROVISIONED,
    ),
    "writes take up no reserved reads": BilledTable(
        (storage(1000), RESERVED_1000, Line("WriteCapacityUnit-Hrs", 1000 * OCTOBER_HOURS, table="other")),
        PROVISIONED,
    ),
    "a savings plan is sunk": BilledTable((storage(1000), PLAN_FOR_100_USD)),
    "others would take up a quarter of a plan": BilledTable(
        (storage(1000), PLAN_FOR_100_USD, Line("ReadRequestUnits", 200e6 * PER_MONTH, table="other"))
    ),
    "reserved in the class it left": BilledTable(
        (storage(1000), Line(READS, 100 * OCTOBER_HOURS, kind="DiscountedUsage")),
        PROVISIONED | {"table_class": IA},
    ),
    "S 30 and T 100": BilledTable((storage(120), WRITES_FOR_100_USD)),
    "no throughput": BilledTable((storage(400),)),
    "S 1000 and T 500": BilledTable((storage(4000), Line("WriteRequestUnits", 800e6 * PER_MONTH))),
    "class changed 10 days ago": BilledTable(
        (storage(400),), {"table_class_updated_at": datetime(2026, 10, 22)}
    ),
    "class changed not quite 30 days ago": BilledTable(
        (storage(400),), {"table_class_updated_at": datetime(2026, 10, 2, 0, 0, 1)}
    ),
    "class changed 30 days ago": BilledTable(
        (storage(400),), {"table_class_updated_at": datetime(2026, 10, 2)}
    ),
    "created with the class it has": BilledTable(
        (storage(400 * 360 / 744, start=datetime(2026, 10, 17)),),
        {"created_at": datetime(2026, 10, 17), "table_class_updated_at": datetime(2026, 10, 17, 0, 0, 9)},
    ),
    "7 days old": BilledTable(
        (storage(400 * 168 / 744, start=datetime(2026, 10, 25)),), {"created_at": datetime(2026, 10, 25)}
    ),
    "not quite 7 days old": BilledTable(
        (storage(400 * 167 / 744, start=datetime(2026, 10, 25, 1)),),
        {"created_at": datetime(2026, 10, 25, 1)},
    ),
    "region code before the usage type": BilledTable(
        (Line("USE1-IA-TimedStorage-ByteHrs", 400), Line("USE1-IA-ReadRequestUnits", 800e6 * PER_MONTH)),
        {"table_class": IA},
    ),
    "replicated writes": BilledTable(
        (
            storage(1000),
            Line("ReplWriteRequestUnits", 16e6 * PER_MONTH),
            Line("ReplWriteCapacityUnit-Hrs", 100 * OCTOBER_HOURS),
        )
    ),
    "lines that are none of a table's usage": BilledTable(
        (
            storage(400),
            Line(STORAGE, 9999, kind="Tax"),
            Line("WriteRequestUnits", 9e12, columns={"product_code": "AmazonMCS"}),
            Line("TimedPITRStorage-ByteHrs", 9999),
            Line("Streams-Requests", 9e12),
            Line(READS, 9e9, kind="RIFee"),
        )
    ),
    "lines of a former table of that name": BilledTable(
        (
            storage(9999, end=MIDDLE),
            Line("WriteRequestUnits", 9e12, end=MIDDLE),
            storage(400 * 384 / 744, start=MIDDLE),
        ),
        {"created_at": MIDDLE},
    ),
    "an index in the ARN": BilledTable((storage(100), storage(300, table="subject/index/by-date"))),
    "two exports of one payer": BilledTable(
        (
            storage(400),
            storage(
                300, end=datetime(2026, 10, 20), columns={"export_name": "abandoned", "file_key": "part-9"}
            ),
        )
    ),
    "an export without resources": BilledTable(
        (storage(400), storage(9999, columns={"export_name": "a", "file_key": "b", "resource_id": None}))
    ),
    "within the free tier": BilledTable(
        (
            Line("USW2-" + STORAGE, 10, region=FREE_TIER_REGION),
            Line("USW2-" + READS, 20 * OCTOBER_HOURS, region=FREE_TIER_REGION),
        ),
        PROVISIONED | {"region": FREE_TIER_REGION, "read_capacity_units": 20},
        size_bytes=10 * 2**30,
    ),
    "half within the free tier": BilledTable(
        (
            Line("USW2-" + STORAGE, 1000, region=FREE_TIER_REGION),
            Line("USW2-" + READS, 50 * OCTOBER_HOURS, region=FREE_TIER_REGION),
        ),
        PROVISIONED | {"region": FREE_TIER_REGION, "read_capacity_units": 50},
    ),
    "no price": BilledTable(
        (Line("APE2-" + STORAGE, 400, region=UNPRICED_REGION),), {"region": UNPRICED_REGION}
    ),
}

# Current cost, cost in the advised class, saving, and why it is kept.
EXPECTED = {
    "400 GB and 160 M writes save 35.20": ("200", "164.8", "35.2", None),
    "100 GB and 160 M writes in IA": ("134.8", "134.8", "0", "below_min_savings"),
    "committed throughput is not reserved": ("259.49", "111.68", "147.81", None),
    "reserved reads are sunk": ("250", "216.8", "33.2", None),
    "others would take up 400 of 1000 reserved": ("287.96", "216.8", "71.16", None),
    "neither own use nor another region's takes anything up": ("259.49", "228.48", "31.01", None),
    "writes take up no reserved reads": ("250", "216.8", "33.2", None),
    "a savings plan is sunk": ("250", "224.8", "25.2", None),
    "others would take up a quarter of a plan": ("275", "224.8", "50.2", None),
    "reserved in the class it left": ("111.68", "111.68", "0", "already_best"),
    "S 30 and T 100": ("130", "130", "0", "already_best"),
    "no throughput": ("100", "40", "60", None),
    "S 1000 and T 500": ("1500", "1024", "476", None),
    "class changed 10 days ago": ("100", "100", "0", "class_changed_recently"),
    "class changed not quite 30 days ago": ("100", "100", "0", "class_changed_recently"),
    "class changed 30 days ago": ("100", "40", "60", None),
    "created with the class it has": ("100", "40", "60", None),
    "7 days old": ("100", "40", "60", None),
    "not quite 7 days old": ("100", "100", "0", "too_little_history"),
    "region code before the usage type": ("164", "164", "0", "already_best"),
    "replicated writes": ("307.45", "171.61", "135.84", None),
    "lines that are none of a table's usage": ("100", "40", "60", None),
    "lines of a former table of that name": ("100", "40", "60", None),
    "an index in the ARN": ("100", "40", "60", None),
    "two exports of one payer": ("100", "40", "60", None),
    "an export without resources": ("100", "40", "60", None),
    "within the free tier": ("0", "0", "0", "already_best"),
    "no price": (None, None, "0", "no_price"),
}


# The number of an account whose table is in two regions.
IN_TWO_REGIONS = 99


@pytest.fixture(scope="module")
def october(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """Build all cases at once, at the end of October."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    warehouse.price_list(FREE_TIER_REGION)
    for number, case in enumerate(CASES.values()):
        case.put_into(warehouse, number)
    _put_into_two_regions(warehouse)
    warehouse.build("+table_class_recommendations")
    return warehouse


def _put_into_two_regions(warehouse: SmallWarehouse) -> None:
    """Add two tables of one name, one of them in a region that is a fifth dearer."""
    ireland = {key: str(Decimal(price) * Decimal("1.2")) for key, price in LIST_PRICES.items()}
    warehouse.price_list("eu-west-1", prices=ireland, has_free_tier=False)
    lines = [
        Line(prefix + usage_type, amount, region=region)
        for region, prefix in (("us-east-1", ""), ("eu-west-1", "EU-"))
        for usage_type, amount in ((READS, 50 * OCTOBER_HOURS), (STORAGE, 100))
    ]
    account = BilledTable(tuple(lines), PROVISIONED).put_into(warehouse, IN_TWO_REGIONS)
    ireland_table = {"account_id": account, "region": "eu-west-1", "table_name": "subject"}
    warehouse.rows("raw_dynamodb.table_metadata", [PROVISIONED | ireland_table | {"table_class": "STANDARD"}])


def advice_of(warehouse: SmallWarehouse, case: str) -> dict[str, Any]:
    account = f"0{list(CASES).index(case):011d}"
    (row,) = warehouse.query(
        f"select * from marts.table_class_recommendations where account_id = '{account}'"
    )
    return row


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize("case", EXPECTED)
def test_costs_of_both_classes(october: SmallWarehouse, case: str) -> None:
    current, projected, savings, keep_reason = EXPECTED[case]
    row = advice_of(october, case)
    assert row["current_monthly_cost_usd"] == decimal(current)
    assert row["projected_monthly_cost_usd"] == decimal(projected)
    assert row["monthly_savings_usd"] == decimal(savings)
    assert row["annual_savings_usd"] == 12 * Decimal(savings)
    assert row["keep_reason"] == keep_reason
    assert row["advice"] == ("keep" if keep_reason else "change")


def test_every_column_of_an_advised_change(october: SmallWarehouse) -> None:
    row = advice_of(october, "400 GB and 160 M writes save 35.20")
    assert json.loads(row["current_setting"]) == {"table_class": "STANDARD"}
    assert json.loads(row["recommended_setting"]) == {"table_class": IA}
    assert (row["storage_cost_usd"], row["throughput_cost_usd"]) == (Decimal("100"), Decimal("100"))
    assert (row["ia_storage_cost_usd"], row["ia_throughput_cost_usd"]) == (Decimal("40"), Decimal("124.8"))
    assert (row["storage_gb"], row["ratio"]) == (Decimal("400"), 1.0)
    assert row["breakeven_ratio"] == pytest.approx(0.248 / 0.6)
    assert (row["price_basis"], row["price_source"]) == ("list", "price list")
    assert row["price_effective_on"] == date(2026, 10, 1)
    assert (row["window_start"], row["window_end"], row["coverage_ratio"]) == (OCTOBER, NOVEMBER, 1.0)
    assert (row["confidence"], row["source_of_usage"]) == ("high", "billing export")
    assert row["reason"] == (
        "Standard-IA would cost 164.80 USD a month against 200.00 USD in Standard (400.0 GB: storage "
        "40.00 USD against 100.00 USD, throughput 124.80 USD against 100.00 USD; storage / throughput 1.00, "
        "break-even 0.41)."
    )


def test_reads_of_100_dollars(october: SmallWarehouse) -> None:
    row = advice_of(october, "reads of 100 USD save 36.9231")
    # 100 USD are no whole number of unit-hours; rounding them to the sixth decimal moves 1e-10 USD.
    tolerance = Decimal("1e-9")
    assert row["current_monthly_cost_usd"] == pytest.approx(Decimal("200"), abs=tolerance)
    assert row["projected_monthly_cost_usd"] == pytest.approx(Decimal("163.0769230769"), abs=tolerance)
    assert row["breakeven_ratio"] == pytest.approx((16 / 13 - 1) / 0.6)


def test_commitments_are_judged_hour_by_hour(october: SmallWarehouse) -> None:
    row = advice_of(october, "use in other hours takes nothing up")
    assert (row["throughput_cost_usd"], row["ratio"]) == (Decimal("0"), None)


def test_the_free_tier_is_the_pools_and_standards_alone(october: SmallWarehouse) -> None:
    # 50 × 730 = 36,500 RCU-hours, of which 18,600 are free.
    row = advice_of(october, "half within the free tier")
    assert row["throughput_cost_usd"] == Decimal("2.327")
    assert row["ia_throughput_cost_usd"] == Decimal("5.84")
    assert (row["storage_cost_usd"], row["ia_storage_cost_usd"]) == (Decimal("243.75"), Decimal("100"))


def test_a_missing_price_is_named(october: SmallWarehouse) -> None:
    row = advice_of(october, "no price")
    assert row["reason"] == f"No price is known in {UNPRICED_REGION} of storage.ia, storage.standard."
    assert (row["price_source"], row["confidence"]) == (None, "low")


def test_a_kept_class_says_when_it_changed(october: SmallWarehouse) -> None:
    row = advice_of(october, "class changed 10 days ago")
    assert row["reason"].startswith("The class changed on 2026-10-22, and AWS allows two changes in 30 days.")


@pytest.mark.parametrize(
    ("min_savings", "keep_reason", "savings"),
    [(9.79, None, "9.8"), (9.8, None, "9.8"), (9.81, "below_min_savings", "0")],
)
def test_the_least_saving_is_enough_when_reached(
    october: SmallWarehouse, min_savings: float, keep_reason: str | None, savings: str
) -> None:
    october.build("int_billing__classes_judged table_class_recommendations", min_savings=min_savings)
    row = advice_of(october, "100 GB and 160 M writes in IA")
    assert (row["keep_reason"], row["monthly_savings_usd"]) == (keep_reason, Decimal(savings))


GATED_CASES = ("400 GB and 160 M writes save 35.20", "no throughput", "S 1000 and T 500", "S 30 and T 100")
REFUSED = "below_breakeven_ratio"


@pytest.mark.parametrize(
    ("gate", "keep_reasons"),
    [
        (None, [None, None, None, "already_best"]),
        (0.2, [None, None, None, "already_best"]),
        (0.99, [None, None, None, "already_best"]),
        (1.0, [REFUSED, None, None, "already_best"]),
        (2.67, [REFUSED, None, REFUSED, "already_best"]),
    ],
)
def test_the_gate_refuses_and_never_advises(
    october: SmallWarehouse, gate: float | None, keep_reasons: list[str | None]
) -> None:
    october.build("int_billing__classes_judged table_class_recommendations", breakeven_ratio=gate)
    assert [advice_of(october, case)["keep_reason"] for case in GATED_CASES] == keep_reasons


def test_data_tests_pass_on_all_of_it(october: SmallWarehouse) -> None:
    october.build("int_billing__classes_judged table_class_recommendations")
    made_from = "path:models/intermediate/billing,+table_class_recommendations"
    assert october.failures(f"table_class_recommendations {made_from}") == []


def test_one_name_in_two_regions_is_two_tables_at_two_prices(october: SmallWarehouse) -> None:
    rows = october.query(
        f"""select * from marts.table_class_recommendations
        where account_id = '{IN_TWO_REGIONS:012d}' order by region desc"""
    )
    assert [row["region"] for row in rows] == ["us-east-1", "eu-west-1"]
    assert [row["throughput_cost_usd"] for row in rows] == [Decimal("4.745"), Decimal("5.694")]
    assert [row["storage_cost_usd"] for row in rows] == [Decimal("25"), Decimal("30")]
    assert len({row["recommendation_id"] for row in rows}) == 2


def test_storage_of_a_whole_february_and_of_half_a_month(make_warehouse: MakeWarehouse) -> None:
    february, march = datetime(2026, 2, 1), datetime(2026, 3, 1)
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False, effective_at=datetime(2026, 1, 1))
    whole = BilledTable((storage(1000, start=february, end=march, is_hourly=True),))
    created = datetime(2026, 2, 15)
    part = BilledTable((storage(500, start=created, end=march, is_hourly=True),), {"created_at": created})
    accounts = [whole.put_into(warehouse, 0), part.put_into(warehouse, 1)]
    warehouse.build("+table_class_recommendations", as_of=march)
    rows = warehouse.query("select * from marts.table_class_recommendations order by account_id")
    assert [row["account_id"] for row in rows] == accounts
    assert [row["storage_gb"] for row in rows] == [Decimal("1000"), Decimal("1000")]
    assert [row["storage_cost_usd"] for row in rows] == [Decimal("250"), Decimal("250")]
    assert [row["window_start"] for row in rows] == [february, created]
    assert [row["confidence"] for row in rows] == ["high", "high"]


def test_the_newest_month_has_a_week_billed(make_warehouse: MakeWarehouse) -> None:
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    week = datetime(2026, 11, 8)
    for number, end in enumerate((week - timedelta(hours=1), week, week + timedelta(hours=1))):
        hours = (end - NOVEMBER) / timedelta(hours=1)
        lines = (
            storage(400),
            Line("WriteRequestUnits", 160e6 * PER_MONTH),
            storage(1000 * hours / 720, start=NOVEMBER, end=end),
            Line("WriteRequestUnits", 32e6 * hours / 730, start=NOVEMBER, end=end),
            # Not complete at the moment of the build.
            storage(9999, start=week + timedelta(days=1), end=week + timedelta(days=3)),
        )
        BilledTable(lines).put_into(warehouse, number)
    query = (
        "select storage_gb, standard_throughput_cost_usd, window_start from marts.table_class_recommendations"
    )
    warehouse.build("+table_class_recommendations", as_of=week + timedelta(days=2))
    rows = [tuple(row.values()) for row in warehouse.query(f"{query} order by account_id")]
    assert rows == [
        (Decimal("400"), Decimal("100"), OCTOBER),
        (Decimal("1000"), Decimal("20"), NOVEMBER),
        (Decimal("1000"), Decimal("20"), NOVEMBER),
    ]
    # Two months: what is stored is told by the newest, throughput by all their hours.
    warehouse.build(
        "int_billing__months_chosen+,+table_class_recommendations",
        as_of=week + timedelta(days=2),
        months=2,
    )
    rows = [tuple(row.values()) for row in warehouse.query(f"{query} order by account_id")]
    assert rows[0] == (Decimal("400"), Decimal("100"), OCTOBER)
    throughput = (Decimal(100) * 744 + Decimal(20) * 168) / (744 + 168)
    assert rows[1][0] == Decimal("1000")
    assert rows[1][1] == pytest.approx(throughput, abs=Decimal("1e-9"))
    assert rows[1][2] == OCTOBER
