"""What a load says when it has ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["complete", "partial", "failed"]
Missing = Literal["account", "region", "reading", "export", "month", "table", "setting", "nothing"]

# What is missing because of a problem, where its subject tells.
_MISSING_BY_SUBJECT: dict[str, Missing] = {
    "account": "account",
    "tables": "region",
    "metrics": "region",
    "price list": "region",
}
# The worst first.
_BY_WEIGHT: tuple[Missing, ...] = ("account", "region", "reading", "export", "month", "table", "setting")


@dataclass(frozen=True, order=True)
class Problem:
    """Something that a load went around: it was reported, and nothing stored was touched because of it.

    `missing` says what the load lacks because of it. Without it the subject tells, and where that is none of
    the known ones, it is a setting of a region's tables (tags, time to live).
    """

    account_id: str | None
    region: str | None
    subject: str  # what it is about: an account's role, a table, a price, an export
    message: str  # one sentence
    missing: Missing | None = None

    @property
    def lacks(self) -> Missing:
        """What is missing because of it."""
        return self.missing or _MISSING_BY_SUBJECT.get(self.subject, "setting")

    @property
    def weight(self) -> int:
        """How bad it is: the smaller, the worse."""
        return (*_BY_WEIGHT, "nothing").index(self.lacks)

    @property
    def is_missing(self) -> bool:
        """Whether anything is missing because of it, so that the load is not complete."""
        return self.lacks != "nothing"


@dataclass
class LoadReport:
    """The outcome of one load.

    `rows` counts rows written to raw tables, `calls` requests made to AWS (retries not counted), `bytes` what
    AWS answered, `usd` what it charges for that, `units_failed` units that failed or were denied, `accounts`
    the accounts that were read, `counts` what the command prints (inventory: tables by region). `notes` are
    sentences for the person who started it that are no problems.
    """

    operation_id: str
    operation: str
    status: Status = "complete"
    units_total: int = 0
    units_done: int = 0
    units_failed: int = 0
    rows: int = 0
    calls: int = 0
    bytes: int = 0
    usd: float = 0.0
    accounts: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add_problem(self, problem: Problem) -> None:
        """Note a problem once, however many units met it."""
        if problem not in self.problems:
            self.problems.append(problem)

    @property
    def summary(self) -> str | None:
        """Its problems in one line for the ledger; None when there were none."""
        if not self.problems:
            return None
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        return self.problems[0].message + more

    @property
    def outcome(self) -> str:
        """How it ended, in a few words: "complete", "complete but for 1 account, 3 regions", "failed"."""
        return self.status if self.status != "partial" else f"complete but for {self.gaps}"

    @property
    def gaps(self) -> str:
        """What is missing, counted by its kind, the worst first; empty where nothing is."""
        return ", ".join(_counted_gap(what, places) for what in _BY_WEIGHT if (places := self._lacking(what)))

    def _lacking(self, what: Missing) -> set[tuple[str | None, ...]]:
        """Return what is missing of a kind, each once."""
        return {
            {
                "account": (problem.account_id,),
                "region": (problem.account_id, problem.region),
            }.get(what, (problem.account_id, problem.region, problem.subject))
            for problem in self.problems
            if problem.lacks == what
        }


def _counted_gap(what: str, places: set[tuple[str | None, ...]]) -> str:
    count = f"{len(places):,} {what}{'s' if len(places) > 1 else ''}"
    accounts = {place[0] for place in places}
    return f"{count} in {len(accounts):,} accounts" if what != "account" and len(accounts) > 1 else count
