"""What the organisation is billed for, hour by hour, by rules of its own.

These rules share nothing with the models that are checked against them, except the price list. Use is as in
`usage`, what covers it as in `coverage`, what commitments cost as in `committed`; then

- the discount is the same share of every charge, fees and other services included; it is a line of its own
  for each account and usage type, and already taken off in the net costs;
- the tax is the same share of every net charge, and has neither discount nor list price;
- credits and refunds come last: they change neither discount nor tax.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from optima.sandbox.billing.agreement import Agreement, planted_agreement
from optima.sandbox.billing.committed import (
    negations,
    plan_fees,
    planned_lines,
    reservation_fees,
    reserved_lines,
)
from optima.sandbox.billing.coverage import Covered, covered
from optima.sandbox.billing.lines import DYNAMODB, Lines, Month, Origin, monthly_line, usage_lines
from optima.sandbox.billing.other_services import other_lines
from optima.sandbox.billing.usage import usages
from optima.sandbox.organisation import Organisation


@dataclass
class _Charged:
    """US dollars of one account and usage type in a month, before and after discounts."""

    cost: float = 0.0
    net_cost: float = 0.0


def months(organisation: Organisation) -> list[Month]:
    """The months that the data covers and at least two, the current one up to the clock. Oldest first."""
    clock = organisation.config.clock
    found: list[Month] = []
    end = _next_month(clock)
    while len(found) < 2 or (clock - end).days < organisation.config.days:
        start = _month_start(end)
        billed = (min(end, clock) - start).total_seconds() // 3600
        if billed > 0:
            found.append(Month(start, end, int(billed)))
        end = start
    return found[::-1]


def bill(organisation: Organisation, month: Month, agreement: Agreement | None = None) -> Iterator[Lines]:
    """All lines of a month, of DynamoDB and of other services, under the planted agreement or another."""
    agreement = planted_agreement(organisation) if agreement is None else agreement
    charged: dict[Origin, _Charged] = {}
    for lines in _charges(organisation, month, agreement):
        origin = _payable(lines.origin)
        total = charged.setdefault(origin, _Charged())
        total.cost += float(lines.costs.sum())
        total.net_cost += float(lines.net_costs.sum()) if lines.net_costs is not None else 0.0
        if len(lines.hours):
            yield lines
    yield from _discounts(charged, month)
    yield from _taxes(charged, month, agreement.tax)
    yield from _credits(agreement, month)


def _charges(organisation: Organisation, month: Month, agreement: Agreement) -> Iterator[Lines]:
    found = covered(usages(organisation, month), agreement, month)
    for one in found:
        yield from _lines_of(one, agreement.discount)
    planned = [
        planned_lines(one.usage, plan, amounts, agreement.discount)
        for one in found
        for plan, amounts in one.planned
    ]
    yield from planned
    yield from negations(planned, month)
    for reservation in agreement.reservations:
        yield from reservation_fees(reservation, found, month, agreement.discount)
    for plan in agreement.plans:
        yield from plan_fees(plan, found, month, agreement.discount)
    yield from other_lines(organisation, month, agreement.discount)


def _lines_of(one: Covered, discount: float) -> Iterator[Lines]:
    """What a usage is charged for, without what a plan covers."""
    for reservation, amounts in one.reserved:
        yield reserved_lines(one.usage, reservation, amounts, discount)
    if one.free is not None:
        yield usage_lines(one.usage.origin, 0.0, one.free, discount)
    yield usage_lines(one.usage.origin, one.usage.rate, one.left, discount)


def _payable(origin: Origin) -> Origin:
    """What discounts and taxes are charged by: an account's usage type, whatever it was used for."""
    return Origin(origin.account_id, origin.region, None, origin.product_code, "", origin.usage_type, "", "")


def _discounts(charged: Mapping[Origin, _Charged], month: Month) -> Iterator[Lines]:
    for origin, total in charged.items():
        if total.net_cost != total.cost:
            yield monthly_line(
                origin,
                "EdpDiscount",
                total.net_cost - total.cost,
                month,
                net_cost=None,
                description="AWS Enterprise Program Discount",
            )


def _taxes(charged: Mapping[Origin, _Charged], month: Month, share: float) -> Iterator[Lines]:
    """One line a month for each account and usage type, under the very usage type that is taxed."""
    for origin, total in charged.items():
        if total.net_cost > 0:
            tax = total.net_cost * share
            yield monthly_line(
                origin,
                "Tax",
                tax,
                month,
                net_cost=tax,
                description=f"Tax for product code {origin.product_code} usage type {origin.usage_type}",
                columns={"line_item_tax_type": "VAT"},
            )


def _credits(agreement: Agreement, month: Month) -> Iterator[Lines]:
    for credit in agreement.credits:
        origin = Origin(credit.account_id, credit.region, None, DYNAMODB, "", credit.usage_type, "", "")
        yield monthly_line(
            origin,
            credit.line_type,
            -credit.usd,
            month,
            net_cost=-credit.usd,
            description=credit.description,
            bill_type="Refund" if credit.line_type == "Refund" else "Anniversary",
        )


def _month_start(end: datetime) -> datetime:
    """The first of the month before `end`, which is the first of a month itself."""
    return end.replace(year=end.year - (end.month == 1), month=(end.month - 2) % 12 + 1)


def _next_month(instant: datetime) -> datetime:
    first = instant.replace(day=1, hour=0, minute=0)
    return first.replace(year=first.year + (first.month == 12), month=first.month % 12 + 1)
