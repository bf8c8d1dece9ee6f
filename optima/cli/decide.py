"""The command decide: accept, reject, snooze, finish or reopen recommendations, one or many."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optima import decisions, published, selection
from optima.cli import filtering, listing, recommendations
from optima.cli.commands import command, instant
from optima.cli.session import Session
from optima.cli.terminal import answers
from optima.decisions import ACCEPTED, IMPLEMENTED, OPEN, PENDING, REJECTED, SNOOZED, STATUSES, Decision
from optima.errors import OptimaError
from optima.selection import PLAN, Filters
from optima.wording import counted

if TYPE_CHECKING:
    import duckdb

    from optima.decisions import Standing

# What can be said, and the status it leads to.
VERBS = {
    "accept": ACCEPTED,
    "reject": REJECTED,
    "snooze": SNOOZED,
    "done": IMPLEMENTED,
    "reopen": PENDING,
}
# By filter, what can be decided this way without --status: nothing is decided again.
_DECIDABLE = {ACCEPTED: (PENDING,), PENDING: tuple(status for status in STATUSES if status != PENDING)}
# Rows of the preview; --verbose shows all.
_SHOWN = 20
_SPAN = re.compile(r"(\d{1,6})\s*(h|d|w)")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


@dataclass(frozen=True)
class Choice:
    """What is decided: the status, with what belongs to it."""

    status: str
    by: str
    reason: str | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        """Say it as a sentence goes on after "will be": `snoozed until 2026-12-01 00:00 UTC: busy`."""
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        status = {PENDING: "reopened", IMPLEMENTED: "marked as implemented"}.get(self.status, self.status)
        return f"{status}{until} by {self.by}{f': {self.reason}' if self.reason else ''}"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "decide", panel="Decide")(decide)


def decide(
    session: Session,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="ID|VERB",
            help="Ids of recommendations, or how they begin, and what is decided: "
            "accept, reject, snooze, done or reopen, after the ids or before them.",
            show_default=False,
        ),
    ],
    reason: Annotated[str | None, typer.Option(help="Why. A rejection needs it.")] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="When a pause ends: 2026-12-01, 2026-12-01T06:00:00 (UTC), or 36h, 30d, 4w."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who decides. Default: OPTIMA_DECIDED_BY, else you.")
    ] = None,
    types: filtering.Types = None,
    accounts: filtering.Accounts = None,
    ous: filtering.Units = None,
    regions: filtering.Regions = None,
    tags: filtering.Tags = None,
    table: filtering.TableName = None,
    min_savings: filtering.MinSavings = None,
    statuses: filtering.Statuses = None,
    everything: filtering.Everything = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, where filters choose.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be decided, and end.")] = False,
) -> None:
    """Decide on the recommendations that are named by id, or, asking first, on all that pass the filters.

    Without --status, filters select what is still open, and for `reopen` what is not pending.
    """
    verb, ids = understood(words)
    status = VERBS[verb]
    choice = Choice(status, by or decisions.decider(session.root), reason, ending(until, session.now()))
    _refuse(choice, session.now())
    filters = filtering.filters(
        types=types,
        accounts=accounts,
        ous=ous,
        regions=regions,
        tags=tags,
        statuses=statuses or _DECIDABLE.get(status, OPEN),
        table=table,
        min_savings=min_savings,
        everything=everything,
    )
    is_filtered = bool(statuses) or filters != Filters(statuses=filters.statuses)
    if is_filtered == bool(ids):
        raise typer.BadParameter(
            "Name recommendations by their ids or by filters, not by both."
            if ids
            else "Say what is decided on: ids, or filters such as --type and --account."
        )
    rows = _preview(session, choice, ids, filters)
    if dry_run:
        listing.show(["Nothing was decided: this was a dry run."])
        return
    if is_filtered and not yes:
        _ask()
    taken = decisions.take(
        session.workspace.decisions,
        rows,
        status,
        now=session.now(),
        by=choice.by,
        reason=choice.reason,
        until=choice.until,
    )
    _report(session, taken, choice)


def understood(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the verb, which stands last or first, and the ids.

    Raises:
        BadParameter: There is no verb at either end.
    """
    if words[-1] in VERBS:
        return words[-1], list(words[:-1])
    if words[0] in VERBS:
        return words[0], list(words[1:])
    raise typer.BadParameter(
        f"Say what is decided, after the ids or before them: {', '.join(VERBS)}.", param_hint="VERB"
    )


def ending(text: str | None, now: datetime) -> datetime | None:
    """Read when a pause ends: a date, an instant, or a span from now such as 36h, 30d or 4w. UTC, no zone.

    Raises:
        BadParameter: It is none of these.
    """
    if text is None:
        return None
    span = _SPAN.fullmatch(text.strip())
    if not span:
        return instant(text.strip())
    try:
        return now + timedelta(hours=int(span[1]) * _HOURS[span[2]])
    except OverflowError:
        raise typer.BadParameter(f"{text} from now is beyond all calendars.", param_hint="--until") from None


def _refuse(choice: Choice, now: datetime) -> None:
    problem = decisions.refusal(
        choice.status, reason=choice.reason, until=choice.until, now=now, by=choice.by
    )
    if problem:
        option = {REJECTED: "--reason"}.get(choice.status, "--until")
        raise typer.BadParameter(problem, param_hint=option)


def _preview(
    session: Session, choice: Choice, ids: Sequence[str], filters: Filters
) -> list[Mapping[str, Any]]:
    """Show what will be decided and what it saves, and return the rows.

    Raises:
        OptimaError: There is nothing to decide on.
    """
    standing = decisions.standing(session.workspace.decisions, session.now())
    with published.open_build(published.current(session.workspace)) as connection:
        chosen = _chosen(connection, ids, filters, standing)
        there = selection.decided_together(connection, chosen, standing)
        found = recommendations.listed(connection, there, STATUSES)
    most = None if session.verbose else _SHOWN
    rows: list[Mapping[str, Any]] = there.to_pylist()
    gone = _gone(chosen, rows, standing)
    listing.show(
        [
            f"{_these(len(rows) + len(gone))} will be {choice}",
            *(
                [recommendations.laid_out(found, reasons=False, is_verbose=session.verbose, most=most)]
                if rows
                else []
            ),
            *_remarks(len(rows), len(chosen) - len(gone), most),
            *(f"{row['recommendation_id']} is one that the newest build has no more." for row in gone),
            *recommendations.sentences(found.totals),
        ]
    )
    return rows + gone


def _chosen(
    connection: duckdb.DuckDBPyConnection, ids: Sequence[str], filters: Filters, standing: Standing
) -> list[str]:
    """Return the ids of what is meant, without what is decided together with it."""
    if ids:
        return selection.named(connection, ids, standing)
    found = selection.selected(connection, filters, standing)["recommendation_id"].to_pylist()
    if not found:
        raise OptimaError(
            "Nothing was decided: no recommendation passes these filters "
            f"and is {' or '.join(filters.statuses)}."
        )
    return [str(each) for each in found]


def _gone(
    chosen: Sequence[str], rows: Sequence[Mapping[str, Any]], standing: Standing
) -> list[Mapping[str, Any]]:
    """Return what was chosen and the build has no more, as it was when it was decided on last."""
    there = {row["recommendation_id"] for row in rows}
    return [
        {**standing.latest[each].about, "recommendation_id": each} for each in chosen if each not in there
    ]


def _remarks(decided: int, chosen: int, most: int | None) -> Iterator[str]:
    if most is not None and decided > most:
        yield f"and {decided - most:,} more: --verbose shows all"
    if company := decided - chosen:
        yield (
            f"{company:,} of these {'is' if company == 1 else 'are'} decided together with what was chosen: "
            "replicas of a global table share their mode and capacity."
        )


def _these(number: int) -> str:
    return "This recommendation" if number == 1 else f"These {number:,} recommendations"


def _ask() -> None:
    """Ask whether to go on.

    Raises:
        OptimaError: Nobody can answer.
        typer.Exit: The answer is no.
    """
    if not sys.stdin.isatty():
        raise OptimaError("Nothing was decided: nobody can be asked here, so say --yes if this is meant.")
    if not typer.confirm("Decide this?"):
        answers().print("Nothing was decided.")
        raise typer.Exit(1)


def _report(session: Session, taken: Sequence[Decision], choice: Choice) -> None:
    """Say what was decided, and what the plans that are still open save now."""
    plans = recommendations.select(session, Filters(kinds=(PLAN,), statuses=()))
    still = recommendations.sentences(plans.totals)
    listing.show(
        [
            f"✓ {counted(len(taken), 'recommendation')} {choice}",
            *(line.replace("Best plans", "Best plans still open", 1) for line in still),
        ]
    )
