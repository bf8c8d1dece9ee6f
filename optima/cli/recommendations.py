"""The command list-recommendations, over the published marts and what was decided since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from optima import decisions, published, selection
from optima.cli import filtering, listing
from optima.cli.commands import command
from optima.cli.listing import Format, Output, Row, Style
from optima.cli.session import Session
from optima.decisions import OPEN, PENDING, SNOOZED
from optima.selection import PLAN, Filters, Total
from optima.wording import (
    ALONE,
    LIST_PRICES,
    change,
    counted,
    kind_name,
    kind_order,
    price_basis,
    saving,
    usd,
)

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from rich.console import RenderableType

# Others read these: names and order are part of the interface.
COLUMNS = (
    "recommendation_id",
    "kind",
    "account_id",
    "account_name",
    "region",
    "table_name",
    "index_name",
    "current_setting",
    "recommended_setting",
    "current_monthly_cost_usd",
    "projected_monthly_cost_usd",
    "monthly_savings_usd",
    "annual_savings_usd",
    "confidence",
    "risk",
    "reason",
    "status",
    "window_start",
    "window_end",
    "price_basis",
    "list_current_cost_usd",
    "list_projected_cost_usd",
    "list_monthly_savings_usd",
    "model_error_pct",
    "stranded_commitment_usd",
    "decided_at",
    "decided_by",
    "decision_reason",
    "snoozed_until",
)
_SETTINGS = ("current_setting", "recommended_setting")


@dataclass(frozen=True)
class Found:
    """Recommendations, with what they save.

    Attributes:
        rows: Plans first, then the greatest saving; columns `COLUMNS`, settings as objects.
        totals: What those of them that count save, by kind.
        id_length: How many characters of an id tell it from all others of the build.
    """

    rows: list[Row]
    totals: list[Total]
    id_length: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "list-recommendations", panel="Look")(list_recommendations)


def list_recommendations(
    session: Session,
    types: filtering.Types = None,
    accounts: filtering.Accounts = None,
    ous: filtering.Units = None,
    regions: filtering.Regions = None,
    tags: filtering.Tags = None,
    table: filtering.TableName = None,
    min_savings: filtering.MinSavings = None,
    statuses: filtering.Statuses = None,
    everything: filtering.Everything = False,
    style: Style = Format.TABLE,
    output: Output = None,
) -> None:
    """List the recommendations of the newest build, and what was decided about them."""
    found = select(
        session,
        filtering.filters(
            types=types,
            accounts=accounts,
            ous=ous,
            regions=regions,
            tags=tags,
            statuses=statuses or (),
            table=table,
            min_savings=min_savings,
            everything=everything,
        ),
    )
    if style is Format.TABLE and output is None:
        show(found, reasons=everything or session.verbose, is_verbose=session.verbose)
        return
    text = (
        as_text(found)
        if style is Format.TABLE
        else {Format.JSON: listing.as_json, Format.CSV: as_csv}[style](found.rows)
    )
    listing.deliver(text, output, counted(len(found.rows), "recommendation"))


def select(session: Session, filters: Filters) -> Found:
    """Return the published recommendations that pass the filters.

    What was rejected, put off or done is nothing that can still be saved, so that it counts in the totals
    only where the filters name statuses.

    Raises:
        OptimaError: Nothing has been published yet, or a line of the decisions is none.
    """
    standing = decisions.standing(session.workspace.decisions, session.now())
    with published.open_build(published.current(session.workspace)) as connection:
        selected = selection.selected(connection, filters, standing)
        return listed(connection, selected, filters.statuses or OPEN)


def listed(connection: duckdb.DuckDBPyConnection, selected: pa.Table, statuses: Sequence[str]) -> Found:
    """Return selected recommendations of a build as they are listed; those of these statuses count."""
    rows = selected.select(list(COLUMNS)).to_pylist()
    for row in rows:
        row.update({name: json.loads(row[name] or "{}") for name in _SETTINGS})
    return Found(rows, selection.totals(connection, selected, statuses), selection.short_length(connection))


def as_csv(rows: list[Row]) -> str:
    """Write the rows as CSV with a header; settings are JSON."""
    settings = [{name: json.dumps(row[name], sort_keys=True) for name in _SETTINGS} for row in rows]
    return listing.as_csv(COLUMNS, [row | written for row, written in zip(rows, settings, strict=True)])


def as_text(found: Found) -> str:
    """Write the rows as the terminal shows them, with their reasons and decisions."""
    return listing.as_text([laid_out(found, reasons=True, is_verbose=True), *_priced(found.rows)])


def show(found: Found, *, reasons: bool, is_verbose: bool = False) -> None:
    """Show the rows on the terminal, and below them the total of the plans, and each kind's by itself.

    Args:
        found: What was found.
        reasons: Say of each row why it is advised.
        is_verbose: Say of each decision who took it, when and why.
    """
    if not found.rows:
        listing.show(["No recommendation matches; --all also lists what is to be kept, with the reason."])
        return
    listing.show(
        [
            laid_out(found, reasons=reasons, is_verbose=is_verbose),
            *_priced(found.rows),
            *sentences(found.totals),
        ]
    )


def sentences(totals: Iterable[Total]) -> list[str]:
    """Return a line for each kind: what the plans save together, what any other kind would save alone."""
    lines = []
    for total in sorted(totals, key=lambda total: kind_order(total.kind)):
        if total.kind == PLAN:
            lines.append(
                f"Best plans: {counted(total.changes, 'table')} → {saving(total.monthly_savings_usd)}"
                f"{_at_list(total)}"
            )
        else:
            lines.append(
                f"{kind_name(total.kind)}: {counted(total.changes, 'row')}, "
                f"{usd(total.monthly_savings_usd)}/month {ALONE}"
            )
    return lines


def _at_list(total: Total) -> str:
    """Say what the rows save in list prices, where they are valued by another basis."""
    if total.is_at_list or total.list_monthly_savings_usd is None:
        return ""
    return f"; at list prices {usd(total.list_monthly_savings_usd)}/month"


def _is_billed(rows: list[Row]) -> bool:
    return any(row["price_basis"] not in (None, LIST_PRICES) for row in rows)


def _priced(rows: list[Row]) -> Iterator[str]:
    """Say what units are valued at, where that is not the list price."""
    for basis in sorted({row["price_basis"] for row in rows} - {None, LIST_PRICES}):
        yield f"Prices are {price_basis(basis)}. What a change saves at list prices stands beside."


def laid_out(
    found: Found, *, reasons: bool, is_verbose: bool = False, most: int | None = None
) -> RenderableType:
    """Lay out the rows, or the first of them: ids as short as tells them apart, amounts in USD a month."""
    rows = found.rows[:most]
    is_billed = _is_billed(rows)
    is_decided = any(row["status"] != PENDING or row["decided_by"] for row in rows)
    return listing.table(
        ("Kind", "Account", "Region", "Table", "Change"),
        ("Now a month", "Saves a month", *(["At list prices"] if is_billed else [])),
        (
            [
                row["recommendation_id"][: found.id_length],
                *_cells(row, is_billed=is_billed),
                *([_decision(row, is_verbose=is_verbose)] if is_decided else []),
                *([row["reason"] or ""] if reasons else []),
            ]
            for row in rows
        ),
        keys=("Id",),
        remarks=(
            "Confidence",
            "Risk",
            *(["Decision"] if is_decided else []),
            *(["Why"] if reasons else []),
        ),
    )


def _cells(row: Row, *, is_billed: bool) -> list[str]:
    cost, listed = row["current_monthly_cost_usd"], row["list_monthly_savings_usd"]
    return [
        kind_name(row["kind"]),
        row["account_name"] or row["account_id"],
        row["region"],
        row["table_name"] + (f" / {row['index_name']}" if row["index_name"] else ""),
        change(row["current_setting"], row["recommended_setting"]),
        "unknown" if cost is None else usd(cost),
        usd(row["monthly_savings_usd"] or 0),
        *([("unknown" if listed is None else usd(listed))] if is_billed else []),
        row["confidence"] or "",
        row["risk"] or "",
    ]


def _decision(row: Row, *, is_verbose: bool) -> str:
    """Say what stands: `rejected`; with who, when and why: `rejected by ana on 2026-11-20: too risky`."""
    status, until = str(row["status"]), row["snoozed_until"]
    if until:
        ends = f"{until:%Y-%m-%d %H:%M}"
        status = f"snoozed until {ends}" if status == SNOOZED else f"pending again since {ends}"
    if not is_verbose:
        return status
    by = f" by {row['decided_by']}" if row["decided_by"] else ""
    on = f" on {row['decided_at']:%Y-%m-%d}" if row["decided_at"] else ""
    why = f": {row['decision_reason']}" if row["decision_reason"] else ""
    return f"{status}{by}{on}{why}"
