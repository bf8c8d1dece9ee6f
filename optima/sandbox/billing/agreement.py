"""What the organisation has agreed on with AWS: reservations, a savings plan, a discount, tax, credits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib import resources
from typing import Any

import numpy as np
import yaml

from optima.sandbox.billing.lines import Month
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.demand import Values
from optima.sandbox.organisation import Dimension, Organisation
from optima.sandbox.prices import REGION_CODES

# Where the organisation has commitments but no table, so that the price list does not serve it.
_FURTHER_REGION_CODES = {"eu-central-1": "EUC1-"}
_YEAR_DAYS = 365


@dataclass(frozen=True)
class Term:
    """From when until when something is committed to, at whole hours."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> int:
        """All hours of the term."""
        return int((self.end - self.start).total_seconds()) // 3600

    def active(self, month: Month) -> Values:
        """1 for each hour of a month that lies in the term, else 0; over all hours of the month."""
        begins = np.arange(month.hours)
        first = (self.start - month.start).total_seconds() / 3600
        last = (self.end - month.start).total_seconds() / 3600
        return ((begins >= first) & (begins < last)).astype(float)


@dataclass(frozen=True)
class Reservation:
    """Reserved capacity: `units` of reads or writes a second, in one region, for Standard tables.

    `upfront_usd` is paid once, `hourly_usd` for each hour of the term, both for all units together.
    """

    account_id: str
    region: str
    dimension: Dimension
    units: int
    years: int
    upfront_usd: float
    hourly_usd: float
    term: Term

    @cached_property
    def id(self) -> str:
        """The same in every run."""
        return _uuid("reservation", self.account_id, self.region, self.dimension, str(self.units))

    @property
    def arn(self) -> str:
        """As the bill names it."""
        return f"arn:aws:dynamodb:{self.region}:{self.account_id}:reserved-capacity/{self.id}"

    @property
    def region_code(self) -> str:
        """What usage types of the region begin with."""
        return {**REGION_CODES, **_FURTHER_REGION_CODES}[self.region]

    @property
    def unit(self) -> str:
        """`ReadCapacityUnit-Hrs` or `WriteCapacityUnit-Hrs`."""
        return f"{self.dimension.capitalize()}CapacityUnit-Hrs"

    @property
    def hourly_rate(self) -> float:
        """US dollars for one unit in one hour, without what was paid upfront."""
        return self.hourly_usd / self.units

    @property
    def upfront_rate(self) -> float:
        """US dollars of the upfront payment that fall on one unit in one hour of the term."""
        return self.upfront_usd / self.units / self.term.hours


@dataclass(frozen=True)
class Plan:
    """A Database Savings Plan: `hourly_usd` committed for each hour of a year, nothing upfront."""

    account_id: str
    hourly_usd: float
    term: Term

    @cached_property
    def id(self) -> str:
        """The same in every run."""
        return _uuid("plan", self.account_id, str(self.hourly_usd))

    @property
    def arn(self) -> str:
        """As the bill names it."""
        return f"arn:aws:savingsplans::{self.account_id}:savingsplan/{self.id}"


@dataclass(frozen=True)
class Credit:
    """US dollars given (`line_type` Credit) or paid back (Refund) each month, for one usage type."""

    account_id: str
    region: str
    usage_type: str
    usd: float
    line_type: str
    description: str


@dataclass(frozen=True)
class Agreement:
    """All of it. `discount` and `tax` are shares: of every charge, and of every charge after discount."""

    reservations: tuple[Reservation, ...] = ()
    plans: tuple[Plan, ...] = ()
    credits: tuple[Credit, ...] = ()
    discount: float = 0.0
    tax: float = 0.0


def planted_agreement(organisation: Organisation) -> Agreement:
    """The planted one, as far as its accounts belong to the organisation."""
    file = resources.files("optima.sandbox").joinpath("planted", "agreement.yaml")
    planted: Mapping[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    founding = organisation.config.founding.replace(minute=0)

    def of_members(kind: str) -> Iterable[dict[str, Any]]:
        """Entries with the account's id for its name, without those of accounts that are not there."""
        by_name = {account.name: account.id for account in organisation.accounts}
        for entry in planted[kind]:
            if entry["account"] in by_name:
                rest = {name: value for name, value in entry.items() if name != "account"}
                yield {"account_id": by_name[entry["account"]], **rest}

    def in_force(entry: dict[str, Any]) -> dict[str, Any]:
        start = founding - timedelta(days=entry.pop("bought_days_ago"))
        years = entry.get("years", 1)
        return {**entry, "term": Term(start, start + timedelta(days=_YEAR_DAYS * years))}

    return Agreement(
        reservations=tuple(Reservation(**in_force(entry)) for entry in of_members("reservations")),
        plans=tuple(Plan(**in_force(entry)) for entry in of_members("plans")),
        credits=tuple(Credit(**entry) for entry in of_members("credits")),
        discount=planted["discount"],
        tax=planted["tax"],
    )


def _uuid(*names: str) -> str:
    digest = hashlib.blake2b("\0".join((MANAGEMENT_ACCOUNT_ID, *names)).encode(), digest_size=16).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
