"""What can be made to go wrong: faults, which calls they hit, and how often."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast, get_args

Kind = Literal[
    "throttle",
    "error",
    "timeout",
    "reset",
    "cut",
    "partial",
    "internal",
    "missing",
    "repeated_token",
    "expired",
    "denied",
    "region_not_enabled",
    "skew",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Longer than a client waits by default, and more than AWS lets a clock be wrong.
DEFAULT_SECONDS: Mapping[str, float] = {"timeout": 90.0, "skew": 600.0}

_PARTS = re.compile(r"(?P<kind>[^=:]*)(=(?P<rate>[^:]*))?(?P<where>(:.*)?)")
_WHERE = {"service": "service", "operation": "operation", "account": "account_id", "region": "region"}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, with the share `rate` of the calls that match.

    A call matches by `service` (as the wire names it: "monitoring", "dynamodb", "sts" …), `operation`
    ("GetMetricData"), `account_id` and `region`; None matches any. The account of AssumeRole is the one whose
    role is assumed, of every other call the one that is called.

    - throttle, error: refused as the service does when it is asked too often, or fails itself (500, 503).
    - timeout: answered after `seconds`, 90 by default, longer than clients wait.
    - reset: the connection is closed without an answer. cut: the body ends before its Content-Length.
    - partial: GetMetricData answers PartialData, ListTables leaves out names, and neither has a token.
    - internal: GetMetricData answers InternalError for one series. missing: it leaves one out.
    - repeated_token: a list answers the token that it was asked with, and the same page again.
    - expired: the session of a role has expired. Once it has, all calls with it are refused, and the session
      that is assumed next lasts. The caller's own credentials expire only where `account_id` names them; then
      for as long as the fault is set.
    - denied: the policy does not allow it. region_not_enabled: the account does not know the region, which
      must be named; without a service, the region is missing from its list of regions too.
    - skew: AWS's clock is `seconds` ahead of this machine's (600 by default, may be negative). Every answer
      says so in its Date header, and a signature that is too old or too young is refused.
    """

    kind: Kind
    rate: float = 1.0
    service: str | None = None
    operation: str | None = None
    account_id: str | None = None
    region: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}: it is one of {', '.join(KINDS)}")
        if not 0 < self.rate <= 1:
            raise ValueError(f"the rate of a fault lies above 0 and is at most 1, not {self.rate:g}")
        if self.kind == "region_not_enabled" and self.region is None:
            raise ValueError("region_not_enabled needs a region, as in region_not_enabled:region=eu-west-1")
        if self.seconds is not None and self.kind not in DEFAULT_SECONDS:
            raise ValueError(f"seconds mean nothing to {self.kind}, only to {' and '.join(DEFAULT_SECONDS)}")

    @property
    def wait_seconds(self) -> float:
        """`seconds`, or what stands for them."""
        return DEFAULT_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    def as_json(self) -> dict[str, Any]:
        """Its fields, for `Fault(**fields)` in another process."""
        return asdict(self)

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read `kind[=rate][:service=…][:operation=…][:account=…][:region=…][:seconds=…]`.

        Raises:
            ValueError: saying in one sentence what is wrong with the text.
        """
        found = _PARTS.fullmatch(text)
        assert found is not None  # every text has the shape; its parts are checked one by one
        fields: dict[str, Any] = {}
        if found["rate"] is not None:
            fields["rate"] = _number(found["rate"], "rate", text)
        for part in filter(None, found["where"].split(":")):
            name, _, value = part.partition("=")
            if name == "seconds":
                fields["seconds"] = _number(value, "number of seconds", text)
            elif name not in _WHERE or not value:
                known = ", ".join(f"{one}=…" for one in (*_WHERE, "seconds"))
                raise ValueError(f"{part!r} in {text!r} is none of {known}")
            else:
                fields[_WHERE[name]] = value
        return cls(cast("Kind", found["kind"]), **fields)


def _number(value: str, what: str, text: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{value!r} in {text!r} is no {what}") from None
