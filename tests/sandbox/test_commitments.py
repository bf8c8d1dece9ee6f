"""Reservations and savings plans on the bill, by hand for a few tables of two accounts and three hours.

Prices are us-east-1's. A term has 365 days, 8,760 hours; October has 744, of which three are billed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from optima.sandbox import SandboxConfig
from optima.sandbox.billing.agreement import Agreement, Credit, Plan, Reservation, Term
from optima.sandbox.billing.bill import bill
from optima.sandbox.billing.lines import Lines, Month
from optima.sandbox.demand import Demand
from optima.sandbox.organisation import Organisation, Resource, Table, Throughput, minute_of
from optima.sandbox.planting import build
from tests.sandbox.served import PAYMENTS, SHOP, Client

OCTOBER = Month(datetime(2026, 10, 1), datetime(2026, 11, 1), billed_hours=3)
SINCE_SPRING = Term(datetime(2026, 4, 1), datetime(2027, 4, 1))
END = datetime(2026, 10, 1, 3)


def organisation(*tables: Table) -> Organisation:
    """Two accounts with these tables, at three o'clock of the month's first night."""
    empty = build(SandboxConfig(accounts=2, tables=0, end=END))
    return Organisation(empty.config, empty.clock_minute, empty.founded_minute, empty.accounts, tables)


def table(account: str, name: str, *, read: float = 0, write: float = 0, **more: Any) -> Table:
    """A table with flat use: its fixed units, or where it is on-demand its units a second."""
    on_demand = more.pop("on_demand", False)

    def resource(index: str | None, read: float, write: float) -> Resource:
        def side(value: float) -> Throughput:
            demand = Demand(rate=value if on_demand else 0)
            return Throughput(demand, units=None if on_demand else int(value))

        created = minute_of(datetime(2026, 1, 1))
        return Resource(account, "us-east-1", name, index, side(read), side(write), 0.0, created, 1, 60)

    indexes = tuple(resource(index, read, write) for index, read, write in more.pop("indexes", ()))
    replicated = more.pop("replicated", False)
    return Table(
        resource=resource(None, read, write),
        indexes=indexes,
        on_demand=on_demand,
        infrequent_access=more.pop("infrequent_access", False),
        replica_regions=("us-east-1", "us-west-2") if replicated else (),
        tags={},
        ttl_attribute=None,
        point_in_time_recovery=False,
        deletion_protection=False,
        stream=False,
        on_demand_maximum={},
        on_demand_since_days=None,
        class_changed_days_ago=None,
        why="",
        expected=(),
    )


def reservation(
    dimension: Any, units: int, upfront: float, hourly: float, term: Term = SINCE_SPRING
) -> Reservation:
    """Bought by the shop's account."""
    return Reservation(SHOP, "us-east-1", dimension, units, 1, upfront, hourly, term)


def dynamodb(lines: Iterable[Lines]) -> list[Lines]:
    """Without the other services, and without the table that nobody may look at."""
    return [
        one
        for one in lines
        if one.origin.product_code in ("AmazonDynamoDB", "DatabaseSavingsPlans")
        and "vault-ledger" not in (one.origin.resource_id or "")
    ]


def amounts(lines: Iterable[Lines], line_type: str, *, rate: float | None = None) -> dict[str, list[float]]:
    """What tables used in each of the three hours, by table, of one type of line and perhaps one rate."""
    found: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3))
    for one in lines:
        if one.line_type == line_type and one.origin.resource_id and rate in (None, one.rate):
            found[one.origin.resource_id.rpartition("/")[2]][one.hours] += one.amounts
    return {name: pytest.approx(values.tolist(), abs=1e-9) for name, values in found.items()}


def the(lines: Iterable[Lines], line_type: str) -> Lines:
    (found,) = [one for one in lines if one.line_type == line_type]
    return found


READERS = (
    table(SHOP, "own", read=60),
    table(SHOP, "own-indexed", read=30, indexes=[("by-day", 10, 0)]),
    table(SHOP, "own-infrequent", read=500, infrequent_access=True),
    table(PAYMENTS, "other", read=3000),
    table(PAYMENTS, "another", read=7000),
)


def test_a_reservation_covers_its_owner_first_and_free_units_what_it_leaves() -> None:
    """Of 1,100 units the owner takes 100, the index's too; 1,000 go to 10,000 others' as 300 to 700.

    That leaves 9,000 an hour: two hours and 600 of the third are free.
    """
    agreement = Agreement(reservations=(reservation("read", 1100, 330.0, 0.0275),))
    lines = dynamodb(bill(organisation(*READERS), OCTOBER, agreement))
    assert amounts(lines, "DiscountedUsage") == {
        "own": [60, 60, 60],
        "own-indexed": [40, 40, 40],
        "other": [300, 300, 300],
        "another": [700, 700, 700],
    }
    assert amounts(lines, "Usage", rate=0.0) == {"other": [2700, 2700, 180], "another": [6300, 6300, 420]}
    assert amounts(lines, "Usage", rate=0.00013) == {"other": [0, 0, 2520], "another": [0, 0, 5880]}
    assert amounts(lines, "Usage", rate=0.00016) == {"own-infrequent": [500, 500, 500]}


def test_what_is_reserved_costs_its_part_of_the_fees() -> None:
    """300 units an hour at 0.0275 / 1,100, and their part of 330 over 1,100 units and 8,760 hours."""
    agreement = Agreement(reservations=(reservation("read", 1100, 330.0, 0.0275),), discount=0.1)
    lines = dynamodb(bill(organisation(*READERS), OCTOBER, agreement))
    other = next(
        one for one in lines if one.line_type == "DiscountedUsage" and one.amounts[0] == pytest.approx(300)
    )
    assert other.costs.tolist() == [0, 0, 0]
    assert other.list_costs.tolist() == pytest.approx([0.039] * 3)
    assert other.commitment is not None
    assert other.commitment.effective_costs == pytest.approx([0.0075 + 0.0102739726] * 3, abs=1e-10)
    assert other.commitment.net_effective_costs == pytest.approx([0.00675 + 0.0092465753] * 3, abs=1e-10)

    fee = the(lines, "RIFee")
    assert (fee.origin.usage_type, fee.origin.account_id) == ("HeavyUsage:dynamodb.read", SHOP)
    assert (fee.amounts.tolist(), fee.duration_hours) == ([1100 * 744], 744)
    assert fee.costs == pytest.approx([20.46])
    assert fee.net_costs == pytest.approx([18.414])
    assert fee.columns["reservation_unused_quantity"] == pytest.approx([0])
    assert fee.columns["reservation_total_reserved_units"] == "818400"


def test_what_nobody_uses_of_a_reservation_is_on_its_fee() -> None:
    """200 units: 40 of the owner and 60 of others are used, 100 an hour are not; replicated writes never."""
    tables = (
        table(SHOP, "own", write=40),
        table(PAYMENTS, "other", write=60),
        table(PAYMENTS, "global", write=70, replicated=True),
        table(PAYMENTS, "infrequent", write=80, infrequent_access=True),
    )
    agreement = Agreement(reservations=(reservation("write", 200, 300.0, 0.0256),), discount=0.1)
    lines = dynamodb(bill(organisation(*tables), OCTOBER, agreement))
    assert amounts(lines, "DiscountedUsage") == {"own": [40, 40, 40], "other": [60, 60, 60]}
    fee = the(lines, "RIFee")
    assert fee.columns["reservation_unused_quantity"] == pytest.approx([300])
    assert fee.columns["reservation_unused_recurring_fee"] == pytest.approx([300 * 0.0256 / 200])
    assert fee.columns["reservation_unused_amortized_upfront_fee_for_billing_period"] == pytest.approx(
        [300 * 300 / 200 / 8760]
    )
    assert fee.commitment is not None
    assert fee.commitment.net_unused_costs == pytest.approx([0.9 * (0.0384 + 0.0513698630)], abs=1e-9)


def test_a_reservation_bought_within_the_month_is_paid_then_and_covers_from_then() -> None:
    term = Term(datetime(2026, 10, 1, 2), datetime(2027, 10, 1, 2))
    agreement = Agreement(reservations=(reservation("read", 1100, 330.0, 0.0275, term),))
    lines = dynamodb(bill(organisation(*READERS), OCTOBER, agreement))
    assert amounts(lines, "DiscountedUsage")["own"] == [0, 0, 60]
    assert (the(lines, "Fee").costs.tolist(), the(lines, "Fee").bill_type) == ([330.0], "Purchase")
    fee = the(lines, "RIFee")
    assert (fee.hours.tolist(), fee.amounts.tolist()) == ([2], [1100 * 742])
    assert fee.costs == pytest.approx([0.0275 * 742])


def test_a_plan_covers_its_owner_then_others_and_the_highest_discount_first() -> None:
    """Of 0.06 the owner's reads take 0.0369 (18 % off 0.045), its capacity 0.01408 (12 % off 0.016).

    The other 0.00902 cover 17,600 of another's writes (18 % off 0.000000625 each), and none of its capacity.
    """
    tables = (
        table(SHOP, "reads", read=100, on_demand=True),
        table(SHOP, "infrequent", read=100, infrequent_access=True),
        table(PAYMENTS, "writes", write=10, on_demand=True),
        table(PAYMENTS, "capacity", read=500, infrequent_access=True),
    )
    plan = Plan(SHOP, 0.06, SINCE_SPRING)
    lines = dynamodb(bill(organisation(*tables), OCTOBER, Agreement(plans=(plan,), discount=0.1)))
    assert amounts(lines, "SavingsPlanCoveredUsage") == {
        "reads": [360_000] * 3,
        "infrequent": [100] * 3,
        "writes": [17_600] * 3,
    }
    assert amounts(lines, "Usage") == {"writes": [18_400] * 3, "capacity": [500] * 3}

    covered = [one for one in lines if one.line_type == "SavingsPlanCoveredUsage"]
    assert sum(one.costs[0] for one in covered) == pytest.approx(0.045 + 0.016 + 0.011)
    negations = [one for one in lines if one.line_type == "SavingsPlanNegation"]
    assert {one.origin.resource_id for one in negations} == {None}
    for field in ("costs", "net_costs"):
        left = sum(getattr(one, field).sum() for one in (*covered, *negations))
        assert left == pytest.approx(0, abs=1e-12)
    effective = [one.commitment.effective_costs for one in covered if one.commitment]
    assert np.sum(effective, axis=0) == pytest.approx([0.06] * 3, abs=1e-9)

    fee = the(lines, "SavingsPlanRecurringFee")
    assert (fee.costs.tolist(), fee.origin.product_code) == ([0.06] * 3, "DatabaseSavingsPlans")
    assert fee.net_costs == pytest.approx([0.054] * 3)
    assert fee.columns["savings_plan_used_commitment"] == pytest.approx([0.06] * 3, abs=1e-9)


def test_a_plan_that_nothing_uses_is_paid_all_the_same() -> None:
    plan = Plan(SHOP, 0.06, Term(datetime(2026, 10, 1, 1), datetime(2027, 10, 1, 1)))
    lines = dynamodb(bill(organisation(), OCTOBER, Agreement(plans=(plan,), discount=0.1)))
    fee = the(lines, "SavingsPlanRecurringFee")
    assert fee.hours.tolist() == [1, 2]
    assert fee.columns["savings_plan_used_commitment"] == pytest.approx([0, 0])
    assert fee.commitment is not None
    assert fee.commitment.net_unused_costs == pytest.approx([0.054, 0.054])


def test_the_discount_is_on_all_charges_the_tax_on_what_is_left_and_credits_on_neither() -> None:
    """8,400 units at 0.00013 and a fee of 20.46 cost 21.552; a tenth off; a twentieth of the rest is tax."""
    agreement = Agreement(
        reservations=(reservation("read", 1100, 330.0, 0.0275),),
        credits=(Credit(PAYMENTS, "us-east-1", "ReadCapacityUnit-Hrs", 0.5, "Credit", "A gift"),),
        discount=0.1,
        tax=0.05,
    )
    tables = [one for one in READERS if not one.infrequent_access]
    costs: dict[str, float] = defaultdict(float)
    net: dict[str, float] = defaultdict(float)
    for one in dynamodb(bill(organisation(*tables), OCTOBER, agreement)):
        if one.origin.usage_type == "WriteRequestUnits":
            continue  # the discount and the tax of the table that nobody may look at
        costs[one.line_type] += float(one.costs.sum())
        net[one.line_type] += 0.0 if one.net_costs is None else float(one.net_costs.sum())
    assert costs == pytest.approx(
        {
            **{"Usage": 1.092, "DiscountedUsage": 0, "RIFee": 20.46},
            **{"EdpDiscount": -2.1552, "Tax": 0.05 * 19.3968, "Credit": -0.5},
        }
    )
    assert sum(net.values()) == pytest.approx(sum(costs.values()))
    assert (net["Usage"], net["EdpDiscount"]) == (pytest.approx(0.9828), 0)


def test_rates_of_the_plan_are_offered(client: Client) -> None:
    plans = client("savingsplans")
    asked = {"savingsPlanTypes": ["Database"], "serviceCodes": ["AmazonDynamoDB"]}
    pages, token = [], {}
    while token is not None:
        page = plans.describe_savings_plans_offering_rates(**asked, maxResults=10, **token)
        pages.append(page["searchResults"])
        token = {"nextToken": page["nextToken"]} if page.get("nextToken") else None
    assert [len(page) for page in pages[:2]] == [10, 10]
    rates = {rate["usageType"]: rate for page in pages for rate in page}
    assert {kind: rates[kind]["rate"] for kind in rates if not kind.startswith(("EU-", "USW2-"))} == {
        "ReadRequestUnits": "0.0000001025",
        "WriteRequestUnits": "0.0000005125",
        "IA-ReadRequestUnits": "0.0000001271",
        "IA-WriteRequestUnits": "0.0000006396",
        "ReplWriteRequestUnits": "0.00000055",
        "IA-ReplWriteRequestUnits": "0.0000006864",
        "ReadCapacityUnit-Hrs": "0.0001144",
        "WriteCapacityUnit-Hrs": "0.000572",
        "ReplWriteCapacityUnit-Hrs": "0.000572",
        "IA-ReadCapacityUnit-Hrs": "0.0001408",
        "IA-WriteCapacityUnit-Hrs": "0.0007128",
        "IA-ReplWriteCapacityUnit-Hrs": "0.0007128",
    }
    one = rates["EU-ReadRequestUnits"]
    assert (one["rate"], one["unit"], one["productType"]) == ("0.00000011603", "ReadRequestUnits", "DynamoDB")
    assert one["properties"] == [{"name": "region", "value": "eu-west-1"}]
    assert one["savingsPlanOffering"]["paymentOption"] == "No Upfront"
    asked = {
        "filters": [{"name": "region", "values": ["us-west-2"]}],
        "usageTypes": ["USW2-ReadRequestUnits"],
    }
    assert len(plans.describe_savings_plans_offering_rates(**asked)["searchResults"]) == 1
    assert plans.describe_savings_plans_offering_rates(savingsPlanTypes=["Compute"])["searchResults"] == []
