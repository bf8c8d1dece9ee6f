"""The command list-recommendations, over the published marts."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from optima import decisions, published
from optima.cli.commands import command
from optima.cli.session import Session
from optima.cli.terminal import answers, errors
from optima.errors import OptimaError
from optima.wording import ALONE, change, counted, kind_name, kind_order, saving, usd

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
)
# Wide enough for a reason beside the rest.
_TEXT_WIDTH = 200

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


class Format(StrEnum):
    """How the list is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


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
    style: Annotated[Format, typer.Option("--format", help="How the list is written.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File to write instead of the terminal.")
    ] = None,
) -> None:
    """List the recommendations of the newest build."""
    rows = select(session, kind=kind, min_savings=min_savings, status=status, everything=everything)
    if style is Format.TABLE and output is None:
        show(rows, reasons=everything or session.verbose, status=status)
        return
    text = {Format.JSON: as_json, Format.CSV: as_csv, Format.TABLE: as_text}[style](rows)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OptimaError(f"The list could not be written to {output}: {error.strerror}.") from error
    errors().print(f"✓ Wrote {counted(len(rows), 'recommendation')} to {output}", soft_wrap=True)


def select(
    session: Session,
    *,
    kind: Type | None = None,
    min_savings: float | None = None,
    status: Status | None = None,
    everything: bool = False,
) -> list[dict[str, Any]]:
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
        found = connection.execute(
            f"""
            select {", ".join(COLUMNS)}
            from recommendations
            where {where}
            order by monthly_savings_usd desc, kind, account_id, region, table_name, index_name
            """,  # noqa: S608 (columns and conditions are ours, values are bound)
            [value for _, value in filters],
        ).fetchall()
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in found]
    decided = decisions.statuses(session.workspace.decisions, session.now())
    for row in rows:
        row.update({name: json.loads(row[name] or "{}") for name in _SETTINGS})
        row["status"] = decided.get(row["recommendation_id"], row["status"])
    return [row for row in rows if status is None or row["status"] == status]


def as_json(rows: list[dict[str, Any]]) -> str:
    """Write the rows as an array of objects: settings as objects, money as numbers, instants in UTC."""
    return json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows], indent=2) + "\n"


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Write the rows as CSV with a header; settings are JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        settings = {name: json.dumps(row[name], sort_keys=True) for name in _SETTINGS}
        writer.writerow({name: _plain(value) for name, value in (row | settings).items()})
    return text.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def as_text(rows: list[dict[str, Any]]) -> str:
    """Write the rows as the terminal shows them."""
    from rich.console import Console

    text = io.StringIO()
    Console(file=text, width=_TEXT_WIDTH, highlight=False).print(_table(rows, reasons=True))
    return text.getvalue()


def show(rows: list[dict[str, Any]], *, reasons: bool, status: Status | None = None) -> None:
    """Show the rows on the terminal, and below them the total of the plans, and each kind's by itself.

    What was rejected, put off or done is nothing that can still be saved, so that it counts only where
    rows of one `status` were asked for.
    """
    console = answers()
    if not rows:
        console.print("No recommendation matches; --all also lists what is to be kept, with the reason.")
        return
    console.print(_table(rows, reasons=reasons))
    for line in totals(rows, status):
        console.print(line, soft_wrap=True)


def totals(rows: list[dict[str, Any]], status: Status | None = None) -> list[str]:
    """Return a line for each kind: what the plans save together, what any other kind would save alone."""
    counting = [
        row
        for row in rows
        if (status or row["status"] in OPEN) and row["recommended_setting"] != row["current_setting"]
    ]
    lines = []
    for kind in sorted({row["kind"] for row in rows}, key=kind_order):
        savings = [row["monthly_savings_usd"] for row in counting if row["kind"] == kind]
        total = sum(savings, Decimal(0))
        if kind == PLAN:
            lines.append(f"Best plans: {counted(len(savings), 'table')} → {saving(total)}")
        else:
            lines.append(f"{kind_name(kind)}: {counted(len(savings), 'row')}, {usd(total)}/month {ALONE}")
    return lines


def _table(rows: list[dict[str, Any]], *, reasons: bool) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Kind", "Account", "Region", "Table", "Change"):
        table.add_column(heading, overflow="fold")
    for heading in ("Now a month", "Saves a month"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("Confidence", "Risk", *(["Why"] if reasons else [])):
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(cell) for cell in _cells(row, reasons=reasons)))
    return table


def _cells(row: dict[str, Any], *, reasons: bool) -> list[str]:
    cost = row["current_monthly_cost_usd"]
    return [
        kind_name(row["kind"]),
        row["account_name"] or row["account_id"],
        row["region"],
        row["table_name"] + (f" / {row['index_name']}" if row["index_name"] else ""),
        change(row["current_setting"], row["recommended_setting"]),
        "unknown" if cost is None else usd(cost),
        usd(row["monthly_savings_usd"] or 0),
        row["confidence"] or "",
        row["risk"] or "",
        *([row["reason"] or ""] if reasons else []),
    ]
