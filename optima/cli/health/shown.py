"""The results of health, for people and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from optima.cli.health.result import Outcome, Problem, Result
from optima.wording import counted

_MARKS: dict[Outcome, str] = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}
# Of more accounts than this, the rest is counted; --verbose and --format json have them all.
_ACCOUNTS_NAMED = 10


def lines(results: Sequence[Result], *, verbose: bool) -> Iterator[tuple[str, str]]:
    """Yield each line as its mark (with rich's markup) and its text, which is to be shown as it is."""
    for result in results:
        yield f"{_MARKS[result.outcome]} ", f"{result.name}: {result.finding}"
        for problem in result.problems:
            yield f"    {_MARKS[problem.outcome]} ", problem.what + _where(problem, verbose=verbose)
            yield "      ", problem.advice
        if verbose:
            yield from (("      ", detail) for detail in result.details)
    yield "", _conclusion(results)


def _conclusion(results: Sequence[Result]) -> str:
    outcomes = Counter(result.outcome for result in results)
    if not outcomes["failed"]:
        return "health: everything that is needed is there"
    return f"health: {counted(outcomes['failed'], 'check')} of {len(results)} failed"


def _where(problem: Problem, *, verbose: bool) -> str:
    if not problem.accounts:
        return ""
    named = problem.accounts if verbose else problem.accounts[:_ACCOUNTS_NAMED]
    more = len(problem.accounts) - len(named)
    rest = f" and {more:,} more" if more else ""
    return f" in {counted(len(problem.accounts), 'account')}: {', '.join(named)}{rest}"


def as_json(results: Sequence[Result]) -> str:
    """Return all results, with every account of every problem."""
    is_healthy = all(result.outcome != "failed" for result in results)
    return json.dumps({"healthy": is_healthy, "checks": [asdict(result) for result in results]}, indent=2)
