"""What a month of the bill and its lines consist of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from optima.sandbox.demand import Values

DYNAMODB = "AmazonDynamoDB"
# Every amount and every cost of the bill has this many decimals, whatever format it is written in.
DECIMALS = 10

Hours = NDArray[np.int64]


@dataclass(frozen=True)
class Month:
    """A billing period: its first instant, the first of the next one, and the hours billed so far."""

    start: datetime
    end: datetime
    billed_hours: int

    @property
    def hours(self) -> int:
        """All hours of the month."""
        return int((self.end - self.start).total_seconds()) // 3600


@dataclass(frozen=True)
class Origin:
    """What a line is for: who used (or bought) what, where, and how the bill words it."""

    account_id: str
    region: str
    resource_id: str | None
    product_code: str
    product_family: str
    usage_type: str
    operation: str
    unit: str
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Commitment:
    """What a line owes to a reservation or a savings plan."""

    arn: str
    is_plan: bool
    # The cost per line with the fees spread over what they cover, before and after discounts. None for fees.
    effective_costs: Values | None = None
    net_effective_costs: Values | None = None
    # Of a fee: what was not used of it, and the part of the fees that fell on that, after discounts.
    unused_amounts: Values | None = None
    net_unused_costs: Values | None = None


@dataclass(frozen=True)
class Lines:
    """Lines of the bill that differ in nothing but their hour (counted from the month's start) and numbers.

    `costs` are US dollars unblended, `net_costs` after discounts (None: the line is a discount itself),
    `list_costs` at the public on-demand price (0 for what has none: taxes, fees, credits). `columns` are
    further columns of the cost and usage reports, by their names in CUR 2.0: one text, or a number per line.
    """

    origin: Origin
    line_type: str
    rate: float
    hours: Hours
    amounts: Values
    costs: Values
    net_costs: Values | None
    list_costs: Values
    description: str
    list_rate: float | None = None
    commitment: Commitment | None = None
    bill_type: str = "Anniversary"
    duration_hours: int = 1
    columns: Mapping[str, str | Values] = field(default_factory=dict)


def rounded(values: Values) -> Values:
    """The decimals that a bill has."""
    # Adding 0 makes -0.0 a plain 0.
    return np.round(values, DECIMALS) + 0.0


def usage_lines(origin: Origin, rate: float, amounts: Values, discount: float) -> Lines:
    """Plain use, of which `amounts` has a value for each hour; hours without any have no line."""
    amounts = rounded(amounts)
    hours = np.flatnonzero(amounts)
    amounts = amounts[hours]
    costs = rounded(amounts * rate)
    return Lines(
        origin=origin,
        line_type="Usage",
        rate=rate,
        hours=hours,
        amounts=amounts,
        costs=costs,
        net_costs=rounded(costs * (1 - discount)),
        list_costs=costs,
        description=f"${rate:.10f} per {origin.unit} of {origin.usage_type}",
        list_rate=rate,
    )


def monthly_line(
    origin: Origin,
    line_type: str,
    cost: float,
    month: Month,
    *,
    net_cost: float | None,
    description: str,
    bill_type: str = "Anniversary",
    columns: Mapping[str, str | Values] | None = None,
) -> Lines:
    """One line for all of a month that is no use of anything: a fee, a tax, a discount, a credit."""
    return Lines(
        origin=origin,
        line_type=line_type,
        rate=cost,
        hours=np.zeros(1, dtype=np.int64),
        amounts=np.ones(1),
        costs=rounded(np.full(1, cost)),
        net_costs=None if net_cost is None else rounded(np.full(1, net_cost)),
        list_costs=np.zeros(1),
        description=description,
        bill_type=bill_type,
        duration_hours=month.hours,
        columns=columns or {},
    )
