"""What a load may spend at CloudWatch and what it has spent, counted in metrics requested."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from loaders.cloudwatch.series import USD_PER_QUERY


@dataclass
class Budget:
    """What a load may ask for, shared by its threads, in metrics requested. No limit: as much as is due."""

    limit: int | None = None
    spent: int = 0
    calls: int = 0
    _reserved: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, max_usd: float | None) -> Budget:
        """Return a budget of so many USD, at AWS's list price."""
        # A ten-millionth of a cent is for the error of the division.
        return cls(None if max_usd is None else int(max_usd / USD_PER_QUERY + 1e-9))

    @property
    def usd(self) -> float:
        """What has been spent."""
        return self.spent * USD_PER_QUERY

    def reserve(self, queries: int) -> Allowance | None:
        """Set aside what a unit asks for at most; None if so much is not left."""
        with self._lock:
            if self.limit is not None and self.spent + self._reserved + queries > self.limit:
                return None
            self._reserved += queries
        return Allowance(self, queries)

    def spend(self, queries: int) -> None:
        """Count a call that asks for what was set aside."""
        with self._lock:
            self.calls += 1
            self.spent += queries
            self._reserved -= queries

    def release(self, queries: int) -> None:
        """Give back what was set aside and not asked for."""
        with self._lock:
            self._reserved -= queries


class Allowance:
    """What one unit may ask for: what was set aside for it, and beyond that what the budget has left."""

    def __init__(self, budget: Budget, queries: int) -> None:
        self._budget = budget
        self._left = queries

    def take(self, queries: int) -> bool:
        """Count a call, unless it would cost more than is left: then it must not be made."""
        beyond = max(0, queries - self._left)
        if self._budget.reserve(beyond) is None:
            return False
        self._left += beyond - queries
        self._budget.spend(queries)
        return True

    def close(self) -> None:
        """Give back what was not needed."""
        self._budget.release(self._left)
        self._left = 0
