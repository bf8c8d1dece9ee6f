"""What a month of the bill and its lines consist of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from optima.sandbox.demand import Values

DYNAMODB = "AmazonDynamoDB"


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
class Lines:
    """Lines of the bill that differ in nothing but their hour (counted from the month's start) and amount."""

    account_id: str
    region: str
    resource_id: str | None
    product_code: str
    product_family: str
    usage_type: str
    operation: str
    unit: str
    rate: float
    line_type: str
    hours: NDArray[np.int64]
    amounts: Values
    duration_hours: int = 1

    @property
    def costs(self) -> Values:
        """US dollars, unblended."""
        return self.amounts * self.rate
