"""The command list-recommendations, over the published marts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from optima import decisions, published
from optima.cli import listing
from optima.cli.commands import command
from optima.cli.listing import Format, Output, Row, Style
from optima.cli.session import Session
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
)

# The kind whose rows add up, and what of it is still to be had.
PLAN = "best_plan"
OPEN = ("pending", "accepted")
_SETTINGS = ("current_setting", "recommended_setting")


class Type(StrEnum):
    """The kinds of advice by the names the command line has for them."""

    PLAN = "plan"
    CAPACITY = "capacity"
    TABLE_CLASS = "table_class"
    UTILIZATION = "utilization"

    @property
    def kind(self) -> str:
        """The kind as the marts name it."""
        return {Type.PLAN: "best_plan", Type.CAPACITY: "capacity_mode"}.get(self, self.value)


class Status(StrEnum):
    """What people decided about a recommendation."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IMPLEMENTED = "implemented"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "list-recommendations", panel="Look")(list_recommendations)


def list_recommendations(
    session: Session,
    kind: Annotated[Type | None, typer.Option("--type", help="Only this kind of advice.")] = None,
    min_savings: Annotated[
        float | None, typer.Option(min=0, metavar="USD", help="Only what saves at least this much a month.")
    ] = None,
    status: Annotated[Status | None, typer.Option(help="Only what was decided this way.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is to be kept, with the reason.")
    ] = False,
    style: Style = Format.TABLE,
    output: Output = None,
) -> None:
    """List the recommendations of the newest build."""
    rows = select(session, kind=kind, min_savings=min_savings, status=status, everything=everything)
    if style is Format.TABLE and output is None:
        show(rows, reasons=everything or session.verbose, status=status)
        return
    text = {Format.JSON: listing.as_json, Format.CSV: as_csv, Format.TABLE: as_text}[style](rows)
    listing.deliver(text, output, counted(len(rows), "recommendation"))


def select(
    session: Session,
    *,
    kind: Type | None = None,
    min_savings: float | None = None,
    status: Status | None = None,
    everything: bool = False,
) -> list[Row]:
    """Return the published recommendations that pass the filters, greatest saving first.

    Raises:
        OptimaError: Nothing has been published yet.
    """
    wanted = [
        ("kind = ?", kind.kind if kind else None),
        ("monthly_savings_usd >= ?", min_savings),
        ("advice = ?", None if everything else "change"),
    ]
    filters = [(condition, value) for condition, value in wanted if value is not None]
    where = " and ".join(["true", *(condition for condition, _ in filters)])
    with published.open_build(published.current(session.workspace)) as connection:
        known = published.columns(connection)["recommendations"]
        # Builds of older versions lack the newest columns.
        wanted_columns = [name if name in known else f"null as {name}" for name in COLUMNS]
        found = connection.execute(
            f"""
            select {", ".join(wanted_columns)}
            from recommendations
            where {where}
            order by monthly_savings_usd desc, kind, account_id, region, table_name, index_name
            """,  # noqa: S608 (columns and conditions are ours, values are bound)
            [value for _, value in filters],
        ).fetchall()
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in found]
    decided = decisions.standing(session.workspace.decisions, session.now()).statuses
    for row in rows:
        row.update({name: json.loads(row[name] or "{}") for name in _SETTINGS})
        row["status"] = decided.get(row["recommendation_id"], decisions.PENDING)
    return [row for row in rows if status is None or row["status"] == status]


def as_csv(rows: list[Row]) -> str:
    """Write the rows as CSV with a header; settings are JSON."""
    settings = [{name: json.dumps(row[name], sort_keys=True) for name in _SETTINGS} for row in rows]
    return listing.as_csv(COLUMNS, [row | written for row, written in zip(rows, settings, strict=True)])


def as_text(rows: list[Row]) -> str:
    """Write the rows as the terminal shows them, with their reasons."""
    return listing.as_text([_table(rows, reasons=True), *_priced(rows)])


def show(rows: list[Row], *, reasons: bool, status: Status | None = None) -> None:
    """Show the rows on the terminal, and below them the total of the plans, and each kind's by itself.

    What was rejected, put off or done is nothing that can still be saved, so that it counts only where
    rows of one `status` were asked for.
    """
    if not rows:
        listing.show(["No recommendation matches; --all also lists what is to be kept, with the reason."])
        return
    listing.show([_table(rows, reasons=reasons), *_priced(rows), *totals(rows, status)])


def totals(rows: list[Row], status: Status | None = None) -> list[str]:
    """Return a line for each kind: what the plans save together, what any other kind would save alone."""
    counting = [
        row
        for row in rows
        if (status or row["status"] in OPEN) and row["recommended_setting"] != row["current_setting"]
    ]
    lines = []
    for kind in sorted({row["kind"] for row in rows}, key=kind_order):
        of_kind = [row for row in counting if row["kind"] == kind]
        total = sum((row["monthly_savings_usd"] for row in of_kind), Decimal(0))
        if kind == PLAN:
            lines.append(f"Best plans: {counted(len(of_kind), 'table')} → {saving(total)}{_at_list(of_kind)}")
        else:
            lines.append(f"{kind_name(kind)}: {counted(len(of_kind), 'row')}, {usd(total)}/month {ALONE}")
    return lines


def _at_list(rows: list[Row]) -> str:
    """Say what the rows save in list prices, where they are valued by another basis."""
    savings = [row["list_monthly_savings_usd"] for row in rows]
    if not _is_billed(rows) or None in savings:
        return ""
    return f"; at list prices {usd(sum(savings, Decimal(0)))}/month"


def _is_billed(rows: list[Row]) -> bool:
    return any(row["price_basis"] not in (None, LIST_PRICES) for row in rows)


def _priced(rows: list[Row]) -> Iterator[str]:
    """Say what units are valued at, where that is not the list price."""
    for basis in sorted({row["price_basis"] for row in rows} - {None, LIST_PRICES}):
        yield f"Prices are {price_basis(basis)}. What a change saves at list prices stands beside."


def _table(rows: list[Row], *, reasons: bool) -> RenderableType:
    is_billed = _is_billed(rows)
    return listing.table(
        ("Kind", "Account", "Region", "Table", "Change"),
        ("Now a month", "Saves a month", *(["At list prices"] if is_billed else [])),
        (_cells(row, reasons=reasons, is_billed=is_billed) for row in rows),
        remarks=("Confidence", "Risk", *(["Why"] if reasons else [])),
    )


def _cells(row: Row, *, reasons: bool, is_billed: bool) -> list[str]:
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
        *([row["reason"] or ""] if reasons else []),
    ]
