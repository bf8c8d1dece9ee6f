"""How fast CloudWatch may be asked: its limits hold for each account and region apart.

A call waits until the ones before it have had their share of a second. When CloudWatch throttles all the same
(others may be asking too), the pace is halved, and comes back bit by bit with every call that it answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from loaders.cloudwatch.series import POINTS_PER_SECOND, RECENT_POINTS_PER_SECOND

CALLS_PER_SECOND = 50
_RECENT = timedelta(hours=3)

_SLOWEST = 1 / 16
# A second at full pace is four calls of 100,800 points: some ten seconds undo a halving.
_RECOVERY = 1 / 80


@dataclass
class Pacer:
    """The pace of one account and region, shared by every thread that reads there.

    `clock` and `sleep` count seconds.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    share: float = 1.0  # of AWS's limits
    throttles: int = 0
    _free_at: float = 0.0
    _slowed_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, points: int, *, is_recent: bool) -> None:
        """Wait for the turn of a call that may answer so many points.

        Args:
            is_recent: it starts within the last three hours.
        """
        per_second = RECENT_POINTS_PER_SECOND if is_recent else POINTS_PER_SECOND
        with self._lock:
            now = self.clock()
            turn = max(now, self._free_at)
            self._free_at = turn + max(1 / CALLS_PER_SECOND, points / per_second) / self.share
        if turn > now:
            self.sleep(turn - now)

    def answered(self, throttled: int) -> None:
        """Take note of a call and how often it was refused: then half the pace, else the pace recovers.

        Refusals of one second count as one, since the calls under way had not heard of it.
        """
        with self._lock:
            if not throttled:
                self.share = min(1.0, self.share + _RECOVERY)
                return
            self.throttles += throttled
            now = self.clock()
            if now - self._slowed_at >= 1:
                self.share, self._slowed_at = max(_SLOWEST, self.share / 2), now


class Pacers:
    """One pacer for each account and region."""

    def __init__(self) -> None:
        self._pacers: dict[tuple[str, str], Pacer] = {}
        self._lock = threading.Lock()

    def of(self, account_id: str, region: str) -> Pacer:
        """Return the pacer of an account and region."""
        with self._lock:
            return self._pacers.setdefault((account_id, region), Pacer())


def is_recent(start: datetime, now: datetime) -> bool:
    """Whether a call that starts at an instant has the lower limit of points. Naive UTC instants."""
    return start > now - _RECENT
