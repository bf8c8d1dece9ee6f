"""CloudWatch's limits on GetMetricData: calls and points a second, for each account and region."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable

CALLS_PER_SECOND = 50
# Points that the service estimates a call to touch, whether there are so many or not; fewer a second where
# the span begins within the last three hours.
POINTS_PER_SECOND = 396_000
RECENT_POINTS_PER_SECOND = 180_000
RECENT_MINUTES = 180
# Of sums of fractions of a second.
_ROUNDING = 1e-9


class _Allowance:
    """A second's worth, refilled as time goes by."""

    def __init__(self, now: float):
        self.left = 1.0
        self._seen = now

    def refill(self, now: float) -> None:
        self.left = min(1.0, self.left + now - self._seen)
        self._seen = now


class Limits:
    """What each account and region has left of its second. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], tuple[_Allowance, _Allowance]] = defaultdict(self._full)

    def _full(self) -> tuple[_Allowance, _Allowance]:
        return _Allowance(self._clock()), _Allowance(self._clock())

    def admits(self, account_id: str, region: str, points: int, *, is_recent: bool) -> bool:
        """Whether a call that touches so many points may be made now; it counts if it may."""
        of_points = points / (RECENT_POINTS_PER_SECOND if is_recent else POINTS_PER_SECOND)
        with self._lock:
            calls, seconds = self._left[account_id, region]
            now = self._clock()
            calls.refill(now)
            seconds.refill(now)
            if calls.left < 1 / CALLS_PER_SECOND - _ROUNDING or seconds.left < of_points - _ROUNDING:
                return False
            calls.left -= 1 / CALLS_PER_SECOND
            seconds.left -= of_points
            return True
