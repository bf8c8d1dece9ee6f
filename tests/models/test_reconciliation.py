"""Modelled against billed, to the dollar: what each hour cost by the model, and what the bill says of it.

The window is two days of October, 48 hours, and each payer has a bill of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from planted_tables import plant, plant_index, plant_size
from price_list import LIST_PRICES
from small_warehouse import AS_OF, MakeWarehouse, SmallWarehouse

WINDOW_START = AS_OF - timedelta(days=2)
MINUTES = 2880
NOON = WINDOW_START + timedelta(hours=12)
SECOND_DAY = WINDOW_START + timedelta(days=1)
OCTOBER = datetime(2026, 10, 1)
HOUR = timedelta(hours=1)

# No free tier here, so that every unit is paid for.
PLAIN = "us-west-2"
FREE = "us-east-1"
HALVED = "eu-west-1"

READ, WRITE, STORAGE = "ReadRequestUnits", "WriteRequestUnits", "TimedStorage-ByteHrs"
READ_HOURS, WRITE_HOURS = "ReadCapacityUnit-Hrs", "WriteCapacityUnit-Hrs"
RATES = {
    READ: 0.000000125,
    WRITE: 0.000000625,
    "ReplWriteRequestUnits": 0.000000625,
    "IA-WriteRequestUnits": 0.00000078,
    READ_HOURS: 0.00013,
    WRITE_HOURS: 0.00065,
    "ReplWriteCapacityUnit-Hrs": 0.00065,
    STORAGE: 0.25,
    "IA-TimedStorage-ByteHrs": 0.10,
    "TimedPITRStorage-ByteHrs": 0.2,
}
# A gigabyte that is stored for an hour of October.
GB_HOUR = 1 / 744


@dataclass
class Payer:
    """A payer with its accounts, and the lines of its bill."""

    number: int
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"9{self.number:011d}"

    def account(self, letter: str = "a") -> str:
        return f"{ord(letter):03d}{self.number:09d}"

    def bill(
        self,
        table: str | None,
        usage_type: str,
        amount: float,
        *,
        start: datetime = WINDOW_START,
        end: datetime = AS_OF,
        step: timedelta = HOUR,
        rate: float | None = None,
        kind: str = "Usage",
        region: str = PLAIN,
        account: str | None = None,
        **columns: Any,
    ) -> None:
        """Bill an amount in each step from start to end, at the list's rate unless another is given."""
        account = account or self.account()
        rate = RATES.get(usage_type, 0.0) if rate is None else rate
        arn = f"arn:aws:dynamodb:{region}:{account}:table/{table}" if table else None
        while start < end:
            row: dict[str, Any] = {
                "payer_account_id": self.id,
                "export_name": "bill",
                "billing_period": OCTOBER.date(),
                "file_key": "part-0",
                "row_number": len(self.rows),
                "usage_account_id": account,
                "line_item_type": kind,
                "product_code": "AmazonDynamoDB",
                "usage_type": usage_type,
                "resource_id": arn,
                "region": region,
                "usage_start_at": start,
                "usage_end_at": start + step,
                "usage_amount": float(amount),
                "currency": "USD",
                "unblended_rate": str(rate),
                "unblended_cost": amount * rate,
                "format": "cur2_parquet",
            }
            self.rows.append(row | columns)
            start += step

    def plant(
        self,
        warehouse: SmallWarehouse,
        name: str,
        *,
        letter: str = "a",
        size_gb: int | None = 0,
        **given: Any,
    ) -> None:
        """Add a table of this payer whose demand of the window is known."""
        options: dict[str, Any] = {"region": PLAIN, "starts_at": WINDOW_START} | given
        plant(warehouse, name, account_id=self.account(letter), size_gb=size_gb, **options)


def _put(warehouse: SmallWarehouse, *payers: Payer) -> None:
    organization = [
        {"account_id": account, "management_account_id": payer.id}
        for payer in payers
        for account in (payer.id, *(payer.account(letter) for letter in "abc"))
    ]
    warehouse.rows("raw_organizations.aws_accounts", organization)
    warehouse.rows("raw_billing.cur_data", [row for payer in payers for row in payer.rows])


def _on_demand(warehouse: SmallWarehouse, payer: Payer) -> None:
    payer.plant(warehouse, "on_demand", reads=10.0, writes=5.0, size_gb=30)
    payer.bill("on_demand", READ, 36_000)
    payer.bill("on_demand", WRITE, 18_000)
    payer.bill("on_demand", STORAGE, 30 * GB_HOUR)
    payer.bill("on_demand", "TimedPITRStorage-ByteHrs", 30, start=OCTOBER, end=OCTOBER + HOUR)
    payer.bill("on_demand", READ, 0, kind="Tax", end=WINDOW_START + HOUR, unblended_cost=7.0)
    # Its size is not known, and half of its second day is not.
    known = np.where(np.arange(MINUTES) < 36 * 60, 10.0, np.nan)
    payer.plant(warehouse, "partly_known", writes=known, reads=known * 0, size_gb=None)
    payer.bill("partly_known", WRITE, 36_000)
    payer.bill("partly_known", STORAGE, 10 * GB_HOUR)
    payer.plant(warehouse, "unknown", writes=np.nan, reads=np.nan)
    payer.bill("unknown", WRITE, 36_000)
    payer.bill(None, WRITE, 1_000_000, end=WINDOW_START + HOUR)


def _provisioned(warehouse: SmallWarehouse, payer: Payer) -> None:
    payer.plant(warehouse, "fixed", units=(100, 50))
    plant_index(
        warehouse,
        "fixed",
        "by_day",
        units=(20, 10),
        starts_at=WINDOW_START,
        region=PLAIN,
        account_id=payer.account(),
    )
    _size_of_index(warehouse, payer, "fixed", "by_day")
    payer.bill("fixed", READ_HOURS, 120)
    payer.bill("fixed", WRITE_HOURS, 60)
    # The inventory saw 10 units; its policy had it at 250 and then at 50.
    policies = {"read": (1, 1000, 70.0)}
    payer.plant(warehouse, "autoscaled", units=(10, 1), policies=policies, provisioned=(250, 1))
    warehouse.query(
        f"""update raw_cloudwatch.metrics set value = 50
        where resource_name = 'autoscaled' and metric_name = 'ProvisionedReadCapacityUnits'
            and timestamp >= timestamp '{SECOND_DAY}'"""
    )
    payer.bill("autoscaled", READ_HOURS, 250, end=SECOND_DAY)
    payer.bill("autoscaled", READ_HOURS, 50, start=SECOND_DAY)
    payer.bill("autoscaled", WRITE_HOURS, 1)
    # 6.24 USD by the model.
    for name, cost in (("off", 5.00), ("nearly_off", 5.68)):
        payer.plant(warehouse, name, units=(0, 200), letter="b")
        payer.bill(name, WRITE_HOURS, 200, rate=cost / 48 / 200, account=payer.account("b"))


def _size_of_index(
    warehouse: SmallWarehouse, payer: Payer, table: str, index: str, letter: str = "a"
) -> None:
    plant_size(warehouse, f"{table}#{index}", 0, region=PLAIN, account_id=payer.account(letter))


def _changing(warehouse: SmallWarehouse, payer: Payer) -> None:
    dear = LIST_PRICES | {"ondemand.write.standard": "0.00000125"}
    warehouse.price_list(HALVED, prices=dear, has_free_tier=False)
    warehouse.price_list(
        HALVED,
        prices={"ondemand.write.standard": "0.000000625"},
        has_free_tier=False,
        effective_at=SECOND_DAY,
    )
    payer.plant(warehouse, "halved", writes=10.0, region=HALVED)
    payer.bill("halved", WRITE, 36_000, end=SECOND_DAY, rate=0.00000125, region=HALVED)
    payer.bill("halved", WRITE, 36_000, start=SECOND_DAY, region=HALVED)
    changed_at = SECOND_DAY + 6 * HOUR
    payer.plant(
        warehouse, "to_on_demand", reads=20.0, writes=10.0, units=(100, 50), valid_to=changed_at, size_gb=0
    )
    _second_version(warehouse, payer, "to_on_demand", changed_at)
    payer.bill("to_on_demand", READ_HOURS, 100, end=changed_at)
    payer.bill("to_on_demand", WRITE_HOURS, 50, end=changed_at)
    payer.bill("to_on_demand", READ, 72_000, start=changed_at)
    payer.bill("to_on_demand", WRITE, 36_000, start=changed_at)
    payer.plant(warehouse, "to_ia", writes=10.0, valid_to=SECOND_DAY, size_gb=100)
    _second_version(warehouse, payer, "to_ia", SECOND_DAY, table_class="STANDARD_INFREQUENT_ACCESS")
    payer.bill("to_ia", WRITE, 36_000, end=SECOND_DAY)
    payer.bill("to_ia", STORAGE, 100 * GB_HOUR, end=SECOND_DAY)
    payer.bill("to_ia", "IA-WriteRequestUnits", 36_000, start=SECOND_DAY)
    payer.bill("to_ia", "IA-TimedStorage-ByteHrs", 100 * GB_HOUR, start=SECOND_DAY)
    payer.plant(warehouse, "unpriced", writes=10.0, region="xx-east-9")
    payer.bill("unpriced", WRITE, 36_000, region="xx-east-9")
    # A table of this name was deleted on the first day, and is anew since half past ten of the second.
    born_at = SECOND_DAY + 10.5 * HOUR
    payer.plant(warehouse, "newborn", writes=10.0, created_at=born_at, starts_at=born_at)
    payer.bill("newborn", WRITE, 36_000, end=NOON, rate=5 / 12 / 36_000)
    payer.bill("newborn", WRITE, 18_000, start=SECOND_DAY + 10 * HOUR, end=SECOND_DAY + 11 * HOUR)
    payer.bill("newborn", WRITE, 36_000, start=SECOND_DAY + 11 * HOUR)
    regions = [PLAIN, HALVED]
    payer.plant(warehouse, "global", writes=10.0, replica_regions=regions)
    plant_index(
        warehouse,
        "global",
        "by_day",
        writes=10.0,
        starts_at=WINDOW_START,
        region=PLAIN,
        account_id=payer.account(),
    )
    _size_of_index(warehouse, payer, "global", "by_day")
    payer.bill("global", "ReplWriteRequestUnits", 36_000)
    payer.bill("global", WRITE, 36_000)


def _second_version(
    warehouse: SmallWarehouse, payer: Payer, name: str, since: datetime, **columns: Any
) -> None:
    row: dict[str, Any] = {
        "account_id": payer.account(),
        "region": PLAIN,
        "table_name": name,
        "valid_from": since,
    }
    settings: dict[str, Any] = {
        "billing_mode": "PAY_PER_REQUEST",
        "table_class": "STANDARD",
        "created_at": datetime(2026, 1, 1),
    }
    warehouse.rows("raw_dynamodb.table_metadata", [row | settings | columns])


def _free_tier(warehouse: SmallWarehouse, payer: Payer) -> None:
    """Two tables share what a third one left of the month's free units: 8,600 unit-hours and 2 GB-months."""
    payer.plant(warehouse, "three", units=(300, 1), size_gb=30, region=FREE)
    payer.plant(warehouse, "one", units=(100, 1), size_gb=20, region=FREE, letter="b")
    month: dict[str, Any] = {
        "start": OCTOBER,
        "end": WINDOW_START,
        "step": WINDOW_START - OCTOBER,
        "region": FREE,
    }
    payer.bill("gone", READ_HOURS, 10_000, rate=0.0, **month)
    payer.bill("gone", STORAGE, 23, rate=0.0, **month)
    gone_at = datetime(2026, 10, 29)
    gone: dict[str, Any] = {
        "account_id": payer.account(),
        "region": FREE,
        "table_name": "gone",
        "valid_to": gone_at,
    }
    settings: dict[str, Any] = {
        "billing_mode": "PROVISIONED",
        "read_capacity_units": 15,
        "write_capacity_units": 1,
    }
    created: dict[str, Any] = {"created_at": datetime(2026, 1, 1), "table_class": "STANDARD"}
    warehouse.rows("raw_dynamodb.table_metadata", [gone | settings | created])
    for name, letter, units, gb in (("three", "a", 300, 30), ("one", "b", 100, 20)):
        place: dict[str, Any] = {"region": FREE, "account": payer.account(letter)}
        # 8,600 / 400 are 21.5 hours, and 2 GB-months / (50 GB / 744) are 29.76.
        for usage_type, each, free_hours in ((READ_HOURS, units, 21.5), (STORAGE, gb * GB_HOUR, 29.76)):
            turn = WINDOW_START + int(free_hours) * HOUR
            part = free_hours % 1
            payer.bill(name, usage_type, each, end=turn, rate=0.0, **place)
            payer.bill(name, usage_type, each * part, start=turn, end=turn + HOUR, rate=0.0, **place)
            payer.bill(name, usage_type, each * (1 - part), start=turn, end=turn + HOUR, **place)
            payer.bill(name, usage_type, each, start=turn + HOUR, **place)
        payer.bill(name, WRITE_HOURS, 1, rate=0.0, **place)


def _reserved(warehouse: SmallWarehouse, payer: Payer) -> None:
    """100 units are reserved by account a, which uses 80 of them; b uses 40 and c 20."""
    payer.plant(warehouse, "owned", units=(1, 60))
    plant_index(
        warehouse,
        "owned",
        "by_day",
        units=(1, 20),
        starts_at=WINDOW_START,
        region=PLAIN,
        account_id=payer.account(),
    )
    _size_of_index(warehouse, payer, "owned", "by_day")
    payer.plant(warehouse, "next", units=(1, 40), letter="b")
    payer.plant(warehouse, "last", units=(1, 20), letter="c")
    payer.plant(warehouse, "replica", units=(0, 500), letter="b", replica_regions=[PLAIN, HALVED])
    arn = f"arn:aws:dynamodb:{PLAIN}:{payer.account()}:reserved-instances/r-1"
    payer.bill(
        None,
        "HeavyUsage:dynamodb.write",
        100 * 744,
        start=OCTOBER,
        end=AS_OF,
        step=AS_OF - OCTOBER,
        rate=0.000128,
        kind="RIFee",
        reservation_arn=arn,
    )
    for name, letter, covered, paid, reads in (
        ("owned", "a", 80.0, 0.0, 2),
        ("next", "b", 40 / 3, 80 / 3, 1),
        ("last", "c", 20 / 3, 40 / 3, 1),
    ):
        place: dict[str, Any] = {"account": payer.account(letter)}
        payer.bill(name, WRITE_HOURS, covered, kind="DiscountedUsage", rate=0.0, reservation_arn=arn, **place)
        if paid:
            payer.bill(name, WRITE_HOURS, paid, **place)
        payer.bill(name, READ_HOURS, reads, **place)
    payer.bill("replica", "ReplWriteCapacityUnit-Hrs", 500, account=payer.account("b"))


def _planned(warehouse: SmallWarehouse, payer: Payer) -> None:
    """A savings plan covers 40 % of the first day's writes; lines state costs before and after discounts."""
    plan: dict[str, Any] = {"savings_plan_arn": "arn:aws:savingsplans::1:savingsplan/p"}
    for name in ("planned", "beside"):
        payer.plant(warehouse, name, writes=10.0)
        payer.bill(name, WRITE, 14_400, end=SECOND_DAY, kind="SavingsPlanCoveredUsage", **plan)
        payer.bill(name, WRITE, 21_600, end=SECOND_DAY)
        payer.bill(name, WRITE, 36_000, start=SECOND_DAY)
    negated: dict[str, Any] = {"kind": "SavingsPlanNegation", "rate": -RATES[WRITE]}
    payer.bill(None, WRITE, 28_800, end=SECOND_DAY, **negated, **plan)
    for row in payer.rows:
        row["net_unblended_cost"] = row["unblended_cost"] * 0.8


def _daily(warehouse: SmallWarehouse, payer: Payer) -> None:
    """The second day lacks a minute."""
    known = np.where(np.arange(MINUTES) == 2000, np.nan, 10.0)
    payer.plant(warehouse, "daily", writes=known, reads=known * 0)
    payer.bill("daily", WRITE, 864_000, step=24 * HOUR)


def _monthly(warehouse: SmallWarehouse, payer: Payer) -> None:
    month: dict[str, Any] = {"start": OCTOBER, "end": AS_OF, "step": AS_OF - OCTOBER}
    payer.plant(warehouse, "young", writes=10.0, created_at=NOON, starts_at=NOON)
    payer.bill("young", WRITE, 36 * 36_000, **month)
    payer.plant(warehouse, "old", writes=10.0)
    payer.bill("old", WRITE, 744 * 36_000, **month)


def _foreign(warehouse: SmallWarehouse, payer: Payer) -> None:
    payer.plant(warehouse, "foreign", writes=10.0)
    payer.bill("foreign", WRITE, 36_000, currency="CNY")
    payer.bill("vault", WRITE, 36_000, account=payer.account("c"))


@dataclass(frozen=True)
class Reconciled:
    """The rows of both price bases, by table name and by payer, and the data tests that failed."""

    tables: dict[str, dict[str, Any]]
    net_tables: dict[str, dict[str, Any]]
    summaries: dict[str, dict[str, Any]]
    failures: list[str]


PAYERS = (
    _on_demand,
    _provisioned,
    _changing,
    _free_tier,
    _reserved,
    _planned,
    _daily,
    _monthly,
    _foreign,
)
MODELS = "path:models/intermediate/reconciliation path:models/marts/reconciliation"


@pytest.fixture(scope="module")
def reconciled(make_warehouse: MakeWarehouse) -> Reconciled:
    """Build what every test reads, under list prices and then under net ones."""
    warehouse = make_warehouse()
    warehouse.price_list(PLAIN, has_free_tier=False)
    warehouse.price_list(FREE)
    payers = [Payer(number) for number in range(len(PAYERS))]
    for put, payer in zip(PAYERS, payers, strict=True):
        put(warehouse, payer)
    _put(warehouse, *payers)
    warehouse.build("+cost_reconciliation +reconciliation_summary int_reconciliation__models_judged", days=2)
    tables = _tables(warehouse)
    failures = warehouse.failures(MODELS, days=2)
    summaries = warehouse.query("select * from marts.reconciliation_summary")
    warehouse.build(
        f"int_billing__rates_billed int_prices__accounts_in_force {MODELS}", days=2, price_basis="net"
    )
    return Reconciled(
        tables, _tables(warehouse), {row["payer_account_id"]: row for row in summaries}, failures
    )


def _tables(warehouse: SmallWarehouse) -> dict[str, dict[str, Any]]:
    rows = warehouse.query(
        """select cost_reconciliation.*, models_judged.note
        from marts.cost_reconciliation
        left join intermediate.int_reconciliation__models_judged as models_judged using (table_key)"""
    )
    return {row["table_name"]: row for row in rows}


@pytest.mark.parametrize(
    ("table", "hours", "usd"),
    [
        # 36,000 reads and 18,000 writes an hour, and 30 GB for 48 of 744 hours.
        ("on_demand", 48, {"read": "0.216", "write": "0.54", "storage": "0.4838709677"}),
        # Table and index together.
        ("fixed", 48, {"read": "0.7488", "write": "1.872"}),
        # What was measured, not what the inventory saw: 24 hours of 250 and 24 of 50.
        ("autoscaled", 48, {"read": "0.936", "write": "0.0312"}),
        # 864,000 writes at each price.
        ("halved", 48, {"write": "1.62"}),
        # 30 hours provisioned, 18 on-demand.
        ("to_on_demand", 48, {"read": "0.552", "write": "1.38"}),
        # A day in each class.
        ("to_ia", 48, {"write": "1.21392", "storage": "1.1290322581"}),
        # Its index writes plain units.
        ("global", 48, {"replicated_write": "1.08", "write": "1.08"}),
        # Half an hour, then 13 whole ones.
        ("newborn", 14, {"write": "0.30375"}),
        # 10,600 of 19,200 unit-hours are paid for, and 1.2258 of 3.2258 GB-months.
        ("three", 48, {"read": "1.0335", "storage": "0.1838709677"}),
        ("one", 48, {"read": "0.3445", "storage": "0.1225806452"}),
        # Its owner is served first, the others in proportion; replicated writes never.
        ("owned", 48, {"read": "0.01248"}),
        ("next", 48, {"read": "0.00624", "write": "0.832"}),
        ("last", 48, {"read": "0.00624", "write": "0.416"}),
        ("replica", 48, {"replicated_write": "15.6"}),
        # 60 % of the first day's 864,000 writes, all of the second's.
        ("planned", 48, {"write": "0.864"}),
        ("beside", 48, {"write": "0.864"}),
        # One of two days, of which a minute is not known; all of a month that it has not lived through.
        ("daily", 24, {"write": "0.54"}),
        ("young", 36, {"write": "0.81"}),
        # 36 known hours, without the storage that nobody can model.
        ("partly_known", 36, {"write": "0.81"}),
    ],
)
def test_the_model_meets_the_bill(
    reconciled: Reconciled, table: str, hours: int, usd: dict[str, str]
) -> None:
    row = reconciled.tables[table]
    components = ("read", "write", "replicated_write", "storage")
    expected = {name: Decimal(usd.get(name, 0)) for name in components}
    modelled = {name: row[f"{name}_modelled_usd"] or Decimal(0) for name in components}
    # An hour's share of a gigabyte-month has no end in decimals.
    assert {name: round(cost, 9) for name, cost in modelled.items()} == {
        name: round(cost, 9) for name, cost in expected.items()
    }
    assert row["compared_hours"] == hours
    assert row["hours_of_month"] == 744
    assert row["modelled_usd"] == sum(modelled.values())
    # Lines are rounded one by one.
    assert abs(row["error_usd"]) < Decimal("0.0000001")
    assert not row["is_off"]
    assert row["note"] is None
    assert "all components agree" in row["explanation"]


def test_what_is_compared_is_part_of_what_is_billed(reconciled: Reconciled) -> None:
    # 12 of its 48 hours and its storage are left out.
    partly = reconciled.tables["partly_known"]
    assert partly["storage_modelled_usd"] is None
    assert round(partly["storage_billed_usd"], 7) == Decimal("0.1209677")
    assert round(partly["billed_usd"], 7) == Decimal("1.2412903")
    assert partly["compared_billed_usd"] == Decimal("0.81")
    assert partly["explanation"] == (
        "0.81 USD modelled against 0.81 USD billed over 36 of the 744 hours billed so far: all components"
        " agree; its storage is left out, since its size is not known."
    )
    # Its former namesake cost 5 USD.
    newborn = reconciled.tables["newborn"]
    assert round(newborn["billed_usd"], 7) == Decimal("5.30375")
    assert newborn["compared_billed_usd"] == Decimal("0.30375")
    assert newborn["explanation"].endswith(
        "; 5.00 USD were billed before it was created, to a former table of its name."
    )
    # 30 GB of continuous backups; the tax is nowhere.
    on_demand = reconciled.tables["on_demand"]
    assert on_demand["unmodelled_usd"] == 6
    assert round(on_demand["billed_usd"], 7) == Decimal("1.2398710")
    assert reconciled.tables["fixed"]["unmodelled_usd"] == 0


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("unknown", "no hour is known of both its demand and its capacity"),
        ("unpriced", "no price of ondemand.write.standard is known in xx-east-9"),
        ("gone", "the table is gone since 2026-10-29"),
        ("vault", "no inventory has seen the table"),
        ("old", "the export has a line a month, and not every hour of the month is known"),
        ("foreign", "the payer is billed in CNY, and prices are in USD"),
    ],
)
def test_what_cannot_be_compared_says_why(reconciled: Reconciled, table: str, reason: str) -> None:
    row = reconciled.tables[table]
    assert row["explanation"] == f"Not compared: {reason}."
    assert (row["compared_hours"], row["compared_billed_usd"], row["modelled_usd"]) == (0, 0, 0)
    assert (row["error_pct"], row["is_off"]) == (None, False)


def test_a_model_that_misses_the_bill_says_by_how_much_and_where(reconciled: Reconciled) -> None:
    off, nearly = reconciled.tables["off"], reconciled.tables["nearly_off"]
    assert (off["is_off"], nearly["is_off"]) == (True, False)
    assert round(off["error_usd"], 6) == Decimal("1.24")
    assert off["error_pct"] == pytest.approx(24.8)
    assert nearly["error_pct"] == pytest.approx(9.8591549)
    assert off["explanation"] == (
        "6.24 USD modelled against 5.00 USD billed over 48 of the 744 hours billed so far: 1.24 USD (24.8 %)"
        " too much, most of it for writes (6.24 USD against 5.00 USD)."
    )
    assert off["note"] == "its model misses the bill: 1.24 USD (24.8 %) too much over 48 hours"
    assert nearly["note"] is None


def test_the_summary_says_how_much_of_the_spend_is_met(reconciled: Reconciled) -> None:
    # 2.6208 + 0.9672 USD are met, 5.00 and 5.68 are not.
    summary = reconciled.summaries[Payer(1).id]
    met, compared = 3.588, 14.268
    assert round(summary["compared_billed_usd"], 6) == Decimal("14.268")
    assert (summary["tables_compared"], summary["tables_off"]) == (4, 1)
    assert [summary[f"share_within_{limit}_pct"] for limit in (1, 2, 5)] == pytest.approx(
        [met / compared] * 3
    )
    assert summary["share_within_10_pct"] == pytest.approx((met + 5.68) / compared)
    assert round(summary["error_usd"], 6) == Decimal("1.8")
    assert summary["summary"] == (
        "25.1 % of 14.27 USD compared within 2 %, 4 tables together off by 1.80 USD (12.62 %);"
        " 0.00 USD billed not compared."
    )
    # What no line puts on a table is billed all the same.
    first = reconciled.summaries[Payer(0).id]
    assert first["on_no_table_usd"] == Decimal("0.625")
    assert first["not_compared_usd"] == first["billed_usd"] - first["compared_billed_usd"] > 0
    foreign = reconciled.summaries[Payer(8).id]
    assert (foreign["tables_compared"], foreign["share_within_2_pct"]) == (0, None)


def test_net_prices_are_held_against_net_costs(reconciled: Reconciled) -> None:
    for table in ("planned", "beside"):
        row = reconciled.net_tables[table]
        assert (row["price_basis"], reconciled.tables[table]["price_basis"]) == ("net", "list")
        assert row["modelled_usd"] == Decimal("0.6912")
        assert abs(row["error_usd"]) < Decimal("0.0000001")
    # Without a discount both bases are one.
    assert reconciled.net_tables["fixed"]["modelled_usd"] == Decimal("2.6208")


def test_the_rows_hold_what_their_models_promise(reconciled: Reconciled) -> None:
    assert reconciled.failures == []
