"""Injects faults: decides which calls they hit, and does to them what the fault says."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from optima.sandbox import refusals, spoiling
from optima.sandbox.faults import Fault
from optima.sandbox.sts import RoleSessions, assumed_account
from optima.sandbox.wire import Call, Reply, ServiceError

_DRAWS = 1 << 64


class ConnectionDroppedError(ConnectionError):
    """The connection is to be closed without an answer."""


@dataclass(frozen=True)
class Struck:
    """A fault that hits a call. `draw` decides what the fault leaves open, such as which series is hit."""

    fault: Fault
    draw: int


class Faults:
    """The faults that are set. Safe to use from many threads.

    Whether a call is hit is drawn by what the call is, and by how often that same call was made since the
    faults were set: not by its place among the calls of other threads. So a load that makes the same calls
    meets the same faults, whatever its threads do, and a call that is repeated is drawn anew.
    """

    def __init__(self, sessions: RoleSessions, seed: int, faults: Sequence[Fault] = ()):
        self._sessions = sessions
        self._seed = seed
        self._lock = threading.Lock()
        self.set(faults)

    def set(self, faults: Sequence[Fault]) -> None:
        """Replace the faults, and begin to count anew."""
        with self._lock:
            self._faults = tuple(faults)
            self._made: Counter[tuple[int, bytes]] = Counter()
            self._injected: Counter[str] = Counter()
            # Of a fault and an account: how many sessions had been given out when its sessions expired.
            self._ended: dict[tuple[int, str], int] = {}

    @property
    def injected(self) -> dict[str, int]:
        """How many calls each kind of fault has hit."""
        with self._lock:
            return dict(self._injected)

    def count(self, fault: Fault) -> None:
        """Count a call as hit."""
        with self._lock:
            self._injected[fault.kind] += 1

    def is_enabled(self, account_id: str, region: str) -> bool:
        """Whether an account lists a region as its own."""
        return not any(
            fault.kind == "region_not_enabled"
            and fault.service is None
            and fault.region == region
            and fault.account_id in (None, account_id)
            for fault in self._faults
        )

    def clock_ahead(self, call: Call) -> timedelta | None:
        """How far AWS's clock is ahead in a call; None where no fault says so."""
        for position, fault in enumerate(self._faults):
            if fault.kind == "skew" and self._matches(fault, call) and self._draw(position, fault, call):
                self.count(fault)
                return timedelta(seconds=fault.wait_seconds)
        return None

    def strike(self, call: Call) -> Struck | None:
        """The first fault that hits a call. What spoils an answer is counted once it has."""
        for position, fault in enumerate(self._faults):
            if fault.kind == "skew" or not self._matches(fault, call):
                continue
            if fault.kind == "expired":
                if self._has_expired(position, fault, call):
                    self.count(fault)
                    return Struck(fault, 0)
                continue
            drawn = self._draw(position, fault, call)
            if drawn is not None:
                if fault.kind not in spoiling.SPOILS:
                    self.count(fault)
                return Struck(fault, drawn)
        return None

    def refuse(self, struck: Struck, call: Call) -> None:
        """Do what is done to a call before it is answered; an answer is spoilt later.

        Raises:
            ServiceError: the service refuses it.
            ConnectionDroppedError: there is no answer.
        """
        kind = struck.fault.kind
        if kind == "timeout":
            time.sleep(struck.fault.wait_seconds)
        elif kind == "reset":
            raise ConnectionDroppedError
        elif kind == "throttle":
            raise refusals.throttled(call.service)
        elif kind == "error":
            raise refusals.failed(call.service, is_unavailable=bool(struck.draw & 1))
        elif kind == "expired":
            raise refusals.expired(call.service)
        elif kind == "region_not_enabled":
            raise refusals.unknown_key(call.service)
        elif kind == "denied":
            raise refusals.denied(call, self._sessions.arn_of(call.access_key))

    def spoil(self, struck: Struck, call: Call, reply: Reply) -> Reply:
        """Take from an answer what the fault takes; unchanged where there is nothing to take."""
        spoilt = spoiling.spoil(struck.fault.kind, call, reply, struck.draw)
        if spoilt is None:
            return reply
        self.count(struck.fault)
        return spoilt

    def _matches(self, fault: Fault, call: Call) -> bool:
        account_id = call.account_id if fault.kind == "expired" else _account(call)
        return (
            fault.service in (None, call.service)
            and fault.operation in (None, call.operation)
            and fault.region in (None, call.region)
            and fault.account_id in (None, account_id)
            and spoiling.can_spoil(fault.kind, call)
        )

    def _draw(self, position: int, fault: Fault, call: Call) -> int | None:
        """A number of 64 bits if the call is hit, None if it is not."""
        what = hashlib.blake2b(call.body, digest_size=16, salt=position.to_bytes(2, "big"))
        for part in (call.service, call.operation, call.region, _account(call), call.path, call.query):
            what.update(b"\0" + part.encode())
        identity = what.digest()
        with self._lock:
            self._made[position, identity] += 1
            times = self._made[position, identity]
        drawn = hashlib.blake2b(identity, digest_size=8, key=f"{self._seed} {times}".encode()).digest()
        number = int.from_bytes(drawn, "big")
        return number if number < fault.rate * _DRAWS else None

    def _has_expired(self, position: int, fault: Fault, call: Call) -> bool:
        session = self._sessions.of(call.access_key)
        if session is None and fault.account_id != call.account_id:
            return False
        number = session.number if session else 0
        key = (position, call.account_id)
        if key not in self._ended and self._draw(position, fault, call) is not None:
            with self._lock:
                self._ended.setdefault(key, self._sessions.given_out)
        return number <= self._ended.get(key, -1)


def refuse_badly_timed(call: Call, ahead: timedelta) -> None:
    """Refuse a call whose signature is too far from AWS's clock.

    Raises:
        ServiceError: it is.
    """
    refusal: ServiceError | None = refusals.badly_timed(
        call, datetime.now(UTC).replace(tzinfo=None, microsecond=0) + ahead
    )
    if refusal is not None:
        raise refusal


def _account(call: Call) -> str:
    """The account that a call is about: of AssumeRole, the one whose role it is."""
    if (call.service, call.operation) == ("sts", "AssumeRole"):
        return assumed_account(call) or call.account_id
    return call.account_id
