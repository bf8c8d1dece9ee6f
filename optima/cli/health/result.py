"""What a check found, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "warning", "failed"]

# From harmless to grave.
_GRAVITY: tuple[Outcome, ...] = ("ok", "warning", "failed")


@dataclass(frozen=True)
class Grant:
    """The statement that grants an action: its Sid, and the policy's file in the repository."""

    sid: str
    file: str


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in however many accounts.

    Attributes:
        what: What is wrong, for example "cloudwatch:GetMetricData is denied".
        advice: What that means and what to do, in sentences.
        action: The action that is missing, if one is.
    """

    outcome: Outcome
    what: str
    advice: str
    action: str | None = None
    granted_by: Grant | None = None
    accounts: Sequence[str] = ()


@dataclass(frozen=True)
class Result:
    """The answer of one check.

    Attributes:
        finding: One sentence without its full stop.
        details: What --verbose shows besides, line by line.
    """

    name: str
    outcome: Outcome
    finding: str
    problems: Sequence[Problem] = ()
    details: Sequence[str] = ()


def result(name: str, finding: str, problems: Iterable[Problem] = (), details: Sequence[str] = ()) -> Result:
    """Return a result that is as grave as the gravest of its problems."""
    found = sorted(problems, key=lambda problem: -_GRAVITY.index(problem.outcome))
    return Result(name, found[0].outcome if found else "ok", finding, found, details)
