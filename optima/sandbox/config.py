"""What the sandbox is asked to serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time

from optima.sandbox.faults import Fault

# What `billing_formats` may hold.
BILLING_FORMATS = ("legacy_csv", "legacy_parquet", "cur2_csv", "cur2_parquet", "focus_1_0", "focus_1_2")
DEFAULT_BILLING_FORMATS = ("cur2_parquet",)
# What moto takes any access key for that it did not give out itself.
MANAGEMENT_ACCOUNT_ID = "123456789012"


@dataclass(frozen=True)
class SandboxConfig:
    """The size, the age and the manners of the organisation on localhost.

    `accounts` counts the members that can be read; the management account, one member that denies access and
    one that is suspended come on top. `tables` may be zero. Beyond the planted ones, tables repeat with a
    suffix. Minutes exist for `days` before `end`, where the organisation's clock stands still; `end` is a
    naive UTC instant, by default today's midnight. Equal `seed`s give equal organisations.

    Demand is a function of the absolute minute, but some events are dated relative to today: a table is new
    since yesterday, a capacity was cut five days ago. `founded` is the "today" of these, by default `end`.
    To serve the same organisation some days later, give the later `end` and the first one as `founded`.

    `latency_seconds` is added to every call. Without `billing_export` the organisation has none; with it, one
    for each of `billing_formats`, all of the same bill. With `limits` CloudWatch throttles what exceeds its
    calls and points a second. `faults` are set from the start.
    """

    accounts: int = 6
    tables: int = 60
    days: int = 14
    seed: int = 1
    end: datetime | None = None
    latency_seconds: float = 0.0
    founded: datetime | None = None
    billing_export: bool = True
    billing_formats: tuple[str, ...] = DEFAULT_BILLING_FORMATS
    limits: bool = True
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if self.accounts < 1 or self.tables < 0 or self.days < 1 or self.latency_seconds < 0:
            raise ValueError(
                "a sandbox needs at least 1 account and 1 day, and no negative number of tables or seconds:"
                f" {self}"
            )
        unknown = sorted(set(self.billing_formats) - set(BILLING_FORMATS))
        if unknown or not self.billing_formats:
            raise ValueError(
                f"{', '.join(unknown) or 'no format'} is no format of a bill:"
                f" choose of {', '.join(BILLING_FORMATS)}"
            )
        for name in ("end", "founded"):
            value = getattr(self, name)
            if value is not None and value.tzinfo is not None:
                object.__setattr__(self, name, value.astimezone(UTC).replace(tzinfo=None))

    @property
    def clock(self) -> datetime:
        """The instant at which the organisation's clock stands still, naive UTC, a whole minute."""
        midnight = datetime.combine(datetime.now(UTC).date(), time())
        return (self.end or midnight).replace(second=0, microsecond=0)

    @property
    def founding(self) -> datetime:
        """The instant that "yesterday" and "five days ago" are counted from."""
        return self.founded or self.clock
