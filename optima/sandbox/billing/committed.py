"""The lines of reservations and savings plans: what they covered, and what they cost.

As AWS writes them in its cost and usage reports. A reservation's monthly fee is charged for the whole month
on its 1st; what of it went unused is known for the hours that are billed so far only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from optima.sandbox.billing.agreement import Plan, Reservation
from optima.sandbox.billing.coverage import Covered, plan_rate, used_commitment, used_units
from optima.sandbox.billing.lines import DYNAMODB, Commitment, Lines, Month, Origin, rounded, usage_lines
from optima.sandbox.billing.usage import Usage
from optima.sandbox.demand import Values

# What a Database Savings Plan itself is billed as.
PLAN_PRODUCT = "DatabaseSavingsPlans"
_PLAN_USAGE_TYPE = "DatabaseSP:1yrNoUpfront"
_UNITS_PER_BLOCK = 100


def reserved_lines(usage: Usage, reservation: Reservation, amounts: Values, discount: float) -> Lines:
    """Use that a reservation covers: for nothing, with the part of the fees that falls on it beside."""
    plain = usage_lines(usage.origin, 0.0, amounts, discount)
    upfront = rounded(plain.amounts * reservation.upfront_rate)
    recurring = rounded(plain.amounts * reservation.hourly_rate)
    net_upfront, net_recurring = rounded(upfront * (1 - discount)), rounded(recurring * (1 - discount))
    return replace(
        plain,
        line_type="DiscountedUsage",
        list_costs=rounded(plain.amounts * usage.rate),
        list_rate=usage.rate,
        description=f"{usage.origin.usage_type} used this month, covered by reserved capacity",
        commitment=Commitment(
            reservation.arn,
            is_plan=False,
            effective_costs=rounded(upfront + recurring),
            net_effective_costs=rounded(net_upfront + net_recurring),
        ),
        columns={
            **_reservation_columns(reservation),
            "reservation_amortized_upfront_cost_for_usage": upfront,
            "reservation_recurring_fee_for_usage": recurring,
            "reservation_net_amortized_upfront_cost_for_usage": net_upfront,
            "reservation_net_recurring_fee_for_usage": net_recurring,
        },
    )


def reservation_fees(
    reservation: Reservation, found: Iterable[Covered], month: Month, discount: float
) -> Iterator[Lines]:
    """The fee of a month of the term, and in the first one what was paid upfront."""
    active = reservation.term.active(month)
    if not active.any():
        return
    if reservation.term.start >= month.start:
        yield _upfront(reservation, int(np.flatnonzero(active)[0]), discount)
    billed = active[: month.billed_hours]
    unused = rounded(
        np.full(1, reservation.units * billed.sum() - used_units(found).get(reservation.arn, 0.0))
    )
    yield _monthly_fee(reservation, active, unused, discount)


def _monthly_fee(reservation: Reservation, active: Values, unused: Values, discount: float) -> Lines:
    amounts = rounded(np.full(1, reservation.units * active.sum()))
    costs = rounded(np.full(1, reservation.hourly_usd * active.sum()))
    amortized = rounded(np.full(1, reservation.upfront_rate * amounts[0]))
    unused_recurring = rounded(unused * reservation.hourly_rate)
    unused_upfront = rounded(unused * reservation.upfront_rate)
    net_recurring = rounded(unused_recurring * (1 - discount))
    net_upfront = rounded(unused_upfront * (1 - discount))
    blocks = reservation.units // _UNITS_PER_BLOCK
    return Lines(
        origin=_reservation_origin(reservation),
        line_type="RIFee",
        rate=reservation.hourly_rate,
        hours=np.flatnonzero(active)[:1],
        amounts=amounts,
        costs=costs,
        net_costs=rounded(costs * (1 - discount)),
        list_costs=np.zeros(1),
        description=(
            f"USD {reservation.hourly_rate:.10f} hourly fee per Amazon DynamoDB, "
            f"{reservation.dimension} capacity reservation"
        ),
        commitment=Commitment(
            reservation.arn,
            is_plan=False,
            unused_amounts=unused,
            net_unused_costs=rounded(net_recurring + net_upfront),
        ),
        duration_hours=int(active.sum()),
        columns={
            **_reservation_columns(reservation),
            "reservation_number_of_reservations": str(blocks),
            "reservation_units_per_reservation": f"{amounts[0] / blocks:.10g}",
            "reservation_total_reserved_units": f"{amounts[0]:.10g}",
            "reservation_amortized_upfront_fee_for_billing_period": amortized,
            "reservation_net_amortized_upfront_fee_for_billing_period": rounded(amortized * (1 - discount)),
            "reservation_unused_quantity": unused,
            "reservation_unused_recurring_fee": unused_recurring,
            "reservation_unused_amortized_upfront_fee_for_billing_period": unused_upfront,
            "reservation_net_unused_recurring_fee": net_recurring,
            "reservation_net_unused_amortized_upfront_fee_for_billing_period": net_upfront,
        },
    )


def _upfront(reservation: Reservation, hour: int, discount: float) -> Lines:
    cost = rounded(np.full(1, reservation.upfront_usd))
    return Lines(
        origin=_reservation_origin(reservation),
        line_type="Fee",
        rate=reservation.upfront_usd / reservation.units,
        hours=np.full(1, hour),
        amounts=np.full(1, float(reservation.units)),
        costs=cost,
        net_costs=rounded(cost * (1 - discount)),
        list_costs=np.zeros(1),
        description="Sign up charge for Amazon DynamoDB reserved capacity",
        commitment=Commitment(reservation.arn, is_plan=False),
        bill_type="Purchase",
        columns={
            **_reservation_columns(reservation),
            "reservation_upfront_value": cost,
            "reservation_net_upfront_value": rounded(cost * (1 - discount)),
        },
    )


def _reservation_origin(reservation: Reservation) -> Origin:
    usage_type = f"{reservation.region_code}HeavyUsage:dynamodb.{reservation.dimension}"
    return Origin(
        reservation.account_id,
        reservation.region,
        None,
        DYNAMODB,
        "Amazon DynamoDB Reserved Capacity",
        usage_type,
        "CommittedThroughput",
        reservation.unit,
    )


def _reservation_columns(reservation: Reservation) -> Mapping[str, str]:
    return {
        "reservation_reservation_a_r_n": reservation.arn,
        "reservation_subscription_id": str(int(reservation.id[:8], 16)),
        "reservation_start_time": _stamp(reservation.term.start),
        "reservation_end_time": _stamp(reservation.term.end),
        "pricing_purchase_option": "Heavy Utilization",
        "pricing_offering_class": "standard",
        "pricing_lease_contract_length": f"{reservation.years}yr",
    }


def planned_lines(usage: Usage, plan: Plan, amounts: Values, discount: float) -> Lines:
    """Use that a plan covers: at its usual price, which a line of its own takes away again."""
    plain = usage_lines(usage.origin, usage.rate, amounts, discount)
    effective = rounded(plain.amounts * plan_rate(usage))
    return replace(
        plain,
        line_type="SavingsPlanCoveredUsage",
        commitment=Commitment(
            plan.arn,
            is_plan=True,
            effective_costs=effective,
            net_effective_costs=rounded(effective * (1 - discount)),
        ),
        columns={
            **_plan_columns(plan),
            "savings_plan_savings_plan_rate": np.full(len(plain.hours), plan_rate(usage)),
        },
    )


def negations(covered_lines: Sequence[Lines], month: Month) -> Iterator[Lines]:
    """For each account, usage type and plan what takes away the cost of the covered use, hour by hour."""
    groups: dict[tuple[str, str, str, str], list[Lines]] = defaultdict(list)
    for lines in covered_lines:
        assert lines.commitment is not None
        origin = lines.origin
        groups[origin.account_id, origin.usage_type, origin.operation, lines.commitment.arn].append(lines)
    for group in groups.values():
        yield _negation(group, month)


def _negation(group: Sequence[Lines], month: Month) -> Lines:
    amounts, costs, net_costs = np.zeros((3, month.billed_hours))
    for lines in group:
        amounts[lines.hours] += lines.amounts
        costs[lines.hours] += lines.costs
        if lines.net_costs is not None:
            net_costs[lines.hours] += lines.net_costs
    hours = np.flatnonzero(amounts)
    first = group[0]
    origin = replace(first.origin, resource_id=None, tags={})
    return replace(
        first,
        origin=origin,
        line_type="SavingsPlanNegation",
        hours=hours,
        amounts=rounded(amounts[hours]),
        costs=rounded(-costs[hours]),
        net_costs=rounded(-net_costs[hours]),
        list_costs=np.zeros(len(hours)),
        description=f"SavingsPlanNegation used by AccountId : {origin.account_id} and UsageSku : "
        f"{origin.usage_type}",
        commitment=Commitment(first.commitment.arn, is_plan=True) if first.commitment else None,
        columns={
            name: value for name, value in first.columns.items() if name != "savings_plan_savings_plan_rate"
        },
    )


def plan_fees(plan: Plan, found: Iterable[Covered], month: Month, discount: float) -> Iterator[Lines]:
    """What is committed to, hour by hour, whether it is used or not."""
    active = plan.term.active(month)[: month.billed_hours]
    hours = np.flatnonzero(active)
    if not len(hours):
        return
    committed = rounded(np.full(len(hours), plan.hourly_usd))
    used = rounded(used_commitment(found).get(plan.arn, np.zeros(month.billed_hours))[hours])
    unused = rounded(committed - used)
    net_committed = rounded(committed * (1 - discount))
    yield Lines(
        origin=Origin(
            plan.account_id, "global", None, PLAN_PRODUCT, PLAN_PRODUCT, _PLAN_USAGE_TYPE, "", "Hrs"
        ),
        line_type="SavingsPlanRecurringFee",
        rate=plan.hourly_usd,
        hours=hours,
        amounts=np.ones(len(hours)),
        costs=committed,
        net_costs=net_committed,
        list_costs=np.zeros(len(hours)),
        description="1 year No Upfront Database Savings Plan",
        commitment=Commitment(
            plan.arn,
            is_plan=True,
            unused_amounts=unused,
            net_unused_costs=rounded(unused * (1 - discount)),
        ),
        columns={
            **_plan_columns(plan),
            "savings_plan_total_commitment_to_date": committed,
            "savings_plan_used_commitment": used,
            "savings_plan_recurring_commitment_for_billing_period": committed,
            "savings_plan_net_recurring_commitment_for_billing_period": net_committed,
            "savings_plan_amortized_upfront_commitment_for_billing_period": np.zeros(len(hours)),
            "savings_plan_net_amortized_upfront_commitment_for_billing_period": np.zeros(len(hours)),
        },
    )


def _plan_columns(plan: Plan) -> Mapping[str, str]:
    return {
        "savings_plan_savings_plan_a_r_n": plan.arn,
        "savings_plan_start_time": _stamp(plan.term.start),
        "savings_plan_end_time": _stamp(plan.term.end),
        "savings_plan_offering_type": "DatabaseSavingsPlans",
        "savings_plan_payment_option": "No Upfront",
        "savings_plan_purchase_term": "1yr",
        "savings_plan_region": "Any",
    }


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.000Z"
