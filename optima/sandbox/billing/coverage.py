"""Which use is covered by what was committed to, hour by hour.

AWS publishes the order of things, but not every detail. What is done here:

- a reservation covers the unit-hours provisioned for Standard tables in its region, of table and indexes
  alike, never replicated writes: first those of the account that bought it, then the payer's others. Where it
  does not suffice for all of either, each gets a part in proportion to its use;
- what reservations leave uses up the free units of a payer, region and month, in the order of time, all
  tables of an hour in proportion to their use;
- a plan covers throughput that is to be paid: first of the account that bought it, then of the others; in
  either, the highest discount first, among equal ones the lowest rate of the plan, and among equals of that
  in proportion to use.

Reservations come in the order in which they are planted, and so do plans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from optima.sandbox.billing.agreement import Agreement, Plan, Reservation
from optima.sandbox.billing.lines import Month
from optima.sandbox.billing.usage import Usage
from optima.sandbox.demand import Values

# What a Database Savings Plan takes off the list price of throughput: on-demand, provisioned or replicated.
ON_DEMAND_SAVING, OTHER_SAVING = 0.18, 0.12
# Below this an amount is the dust of a division.
_DUST = 1e-9


def plan_saving(price_key: str) -> float | None:
    """The share of the list price that a plan saves; None where it covers nothing of the kind."""
    mode, _, rest = price_key.partition(".")
    if mode not in ("ondemand", "provisioned"):
        return None
    is_plain = mode == "ondemand" and not rest.startswith("replicated_write")
    return ON_DEMAND_SAVING if is_plain else OTHER_SAVING


@dataclass
class Covered:
    """How one usage is paid for in each hour: parts by what covers them, and the rest at the usual price."""

    usage: Usage
    left: Values
    reserved: list[tuple[Reservation, Values]] = field(default_factory=list)
    planned: list[tuple[Plan, Values]] = field(default_factory=list)
    free: Values | None = None


def covered(usages: Iterable[Usage], agreement: Agreement, month: Month) -> list[Covered]:
    """All usages, in their order."""
    found = [Covered(usage, usage.amounts) for usage in usages]
    for reservation in agreement.reservations:
        _reserve(reservation, found, month)
    _give_free_units(found)
    for plan in agreement.plans:
        _apply(plan, found, month)
    return found


def _reserve(reservation: Reservation, found: Iterable[Covered], month: Month) -> None:
    key = f"provisioned.{reservation.dimension}.standard"
    left = reservation.units * reservation.term.active(month)[: month.billed_hours]
    eligible = [
        one for one in found if one.usage.price_key == key and one.usage.origin.region == reservation.region
    ]
    for group in _owner_first(reservation.account_id, eligible):
        for one, amounts in _shared(group, left):
            one.reserved.append((reservation, amounts))
            left = left - amounts


def _give_free_units(found: Iterable[Covered]) -> None:
    pools: dict[tuple[str, str], list[Covered]] = defaultdict(list)
    for one in found:
        if one.usage.free_units:
            pools[one.usage.origin.region, one.usage.price_key].append(one)
    for pool in pools.values():
        used = np.sum([one.left for one in pool], axis=0)
        used_before = np.cumsum(used) - used
        left = np.minimum((pool[0].usage.free_units - used_before).clip(0), used)
        for one, amounts in _shared(pool, left):
            one.free = amounts


def _apply(plan: Plan, found: Iterable[Covered], month: Month) -> None:
    left = plan.hourly_usd * plan.term.active(month)[: month.billed_hours]
    eligible = [one for one in found if plan_saving(one.usage.price_key) is not None]
    for group in _owner_first(plan.account_id, eligible):
        for equals in _by_preference(group):
            if not left.any():
                return
            rate = plan_rate(equals[0].usage)
            for one, amounts in _shared(equals, left / rate):
                one.planned.append((plan, amounts))
                left = (left - amounts * rate).clip(0)
                left[left < _DUST] = 0


def plan_rate(usage: Usage) -> float:
    """US dollars of a plan's commitment that one unit uses up."""
    saving = plan_saving(usage.price_key)
    assert saving is not None
    return usage.rate * (1 - saving)


def _by_preference(group: Iterable[Covered]) -> list[list[Covered]]:
    """Those of equal discount and equal rate together, in the order in which a plan covers them."""
    kinds: dict[tuple[float, float], list[Covered]] = defaultdict(list)
    for one in group:
        kinds[-(plan_saving(one.usage.price_key) or 0), plan_rate(one.usage)].append(one)
    return [kinds[kind] for kind in sorted(kinds)]


def _owner_first(account_id: str, eligible: Sequence[Covered]) -> tuple[list[Covered], list[Covered]]:
    own = [one for one in eligible if one.usage.origin.account_id == account_id]
    return own, [one for one in eligible if one.usage.origin.account_id != account_id]


def _shared(group: Sequence[Covered], available: Values) -> Iterator[tuple[Covered, Values]]:
    """Cover what is left of each in the group, as far as `available` units go; yields what each got."""
    if not group:
        return
    wanted = np.sum([one.left for one in group], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(available / wanted, posinf=1.0).clip(0, 1)
    for one in group:
        amounts = one.left * share
        if amounts.any():
            one.left = one.left - amounts
            one.left[one.left < _DUST] = 0
            yield one, amounts


def used_units(found: Iterable[Covered]) -> Mapping[str, float]:
    """Unit-hours covered by each reservation, by its ARN."""
    used: dict[str, float] = defaultdict(float)
    for one in found:
        for reservation, amounts in one.reserved:
            used[reservation.arn] += float(amounts.sum())
    return used


def used_commitment(found: Iterable[Covered]) -> Mapping[str, Values]:
    """US dollars of each plan's commitment used in each hour, by its ARN."""
    used: dict[str, Values] = {}
    for one in found:
        for plan, amounts in one.planned:
            used[plan.arn] = used.get(plan.arn, 0) + amounts * plan_rate(one.usage)
    return used
