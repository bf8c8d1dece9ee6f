"""What a load says when it has ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["complete", "partial", "failed"]


@dataclass(frozen=True, order=True)
class Problem:
    """Something that a load went around: it was reported, and nothing stored was touched because of it."""

    account_id: str | None
    region: str | None
    subject: str  # what it is about: an account's role, a table, a price, an export
    message: str  # one sentence


@dataclass
class LoadReport:
    """The outcome of one load.

    `rows` counts rows written to raw tables, `calls` requests made to AWS (retries not counted),
    `accounts` the accounts that were read, `counts` what the command prints (inventory: tables by region).
    """

    operation_id: str
    operation: str
    status: Status = "complete"
    units_total: int = 0
    units_done: int = 0
    rows: int = 0
    calls: int = 0
    accounts: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
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
