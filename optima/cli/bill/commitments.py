"""The command commitments: what was bought ahead, what of it is used, and what buying would be worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

import typer

from optima import published
from optima.bill import (
    ADVICE,
    AFTERWARDS,
    ALL_REGIONS,
    COMMITMENTS,
    COVERAGE,
    NOTHING_OWNED,
    NOTHING_TO_BUY,
    OVERBOUGHT,
    OWNED,
    UTILIZATION,
    break_even,
    commitment_kind,
    committed,
    ends,
    money,
    not_worth_listing,
    pool,
    purchase_option,
    purchase_quantity,
    share,
    worth_listing,
    written,
)
from optima.cli import listing
from optima.cli.bill import marts
from optima.cli.commands import command
from optima.cli.listing import Format, Output, Row, Style
from optima.cli.session import Session
from optima.wording import counted

if TYPE_CHECKING:
    import duckdb
    from rich.console import RenderableType

# Pools that people read; most of many are small.
_SHOWN = 10


@dataclass(frozen=True)
class Commitments:
    """What was bought ahead and what could be, in rows of the marts.

    Attributes:
        owned: One row for each commitment, those in force first.
        utilization: One row for each commitment and month, newest month first.
        coverage: One row for each payer, region, pool and month, newest month first, then the largest.
        advice: One row for each payer and option, what is advised first, then by saving.
    """

    owned: list[Row]
    utilization: list[Row]
    coverage: list[Row]
    advice: list[Row]

    @property
    def month(self) -> date | None:
        """The newest month of which it is known what was used."""
        return max((row["billing_month"] for row in self.utilization + self.coverage), default=None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "commitments", panel="Look")(commitments)


def commitments(session: Session, style: Style = Format.TABLE, output: Output = None) -> None:
    """Show reserved capacity and Savings Plans that are owned, how they are used, and what to buy.

    CSV holds every list; its first column tells them apart.
    """
    with published.open_build(published.current(session.workspace)) as connection:
        found = read(connection)
    what = counted(len(found.owned), "commitment")
    if style is Format.JSON:
        listing.deliver(listing.as_json(asdict(found)), output, what)
    elif style is Format.CSV:
        rows = [{"list": name, **row} for name, rows in asdict(found).items() for row in rows]
        columns = list(dict.fromkeys(["list", *(name for row in rows for name in row)]))
        listing.deliver(listing.as_csv(columns, rows), output, what)
    elif output is None:
        listing.show(laid_out(found))
    else:
        listing.deliver(listing.as_text(laid_out(found)), output, what)


def read(connection: duckdb.DuckDBPyConnection) -> Commitments:
    """Read every list.

    Raises:
        OptimaError: The build is of a version that knew none.
    """
    published.require(connection, COMMITMENTS, "commitments")
    everything: dict[str, list[str]] = {"payers": [], "regions": []}
    return Commitments(
        owned=marts.rows(connection, OWNED, everything),
        utilization=marts.rows(connection, UTILIZATION, everything),
        coverage=marts.rows(connection, COVERAGE, everything),
        advice=marts.rows(connection, ADVICE, {"payers": []}),
    )


def laid_out(found: Commitments) -> Iterator[RenderableType]:
    """Lay everything out for people: what is owned, what it covers, what to buy."""
    yield from _owned(found)
    yield from _coverage(found)
    yield from _advice(found.advice)


def _owned(found: Commitments) -> Iterator[RenderableType]:
    active = [row for row in found.owned if row["is_active"]]
    if not active:
        yield NOTHING_OWNED
        return
    used = {row["commitment_key"]: row for row in found.utilization if row["billing_month"] == found.month}
    month = f" {written(found.month)}" if found.month else ""
    yield f"{counted(len(active), 'commitment')} in force:"
    yield listing.table(
        ("Kind", "Payer", "Owner", "Region", "What", "Ends"),
        ("A month", f"Used{month}", "Unused"),
        (_owned_cells(row, used.get(row["commitment_key"], {})) for row in active),
    )
    for row in active:
        use = used.get(row["commitment_key"])
        if use and use["is_flagged"]:
            yield f"✗ {use['reason']}"


def _owned_cells(row: Row, use: Row) -> tuple[str, ...]:
    return (
        commitment_kind(row),
        row["payer_account_id"],
        row["owner_account_id"] or "",
        row["region"] or ALL_REGIONS,
        committed(row),
        ends(row),
        money(row["monthly_cost_usd"]),
        share(use.get("utilization_pct")),
        money(use.get("unused_usd")),
    )


def _coverage(found: Commitments) -> Iterator[RenderableType]:
    newest = [row for row in found.coverage if row["billing_month"] == found.month]
    if not newest:
        return
    yield f"What commitments covered in {written(newest[0]['billing_month'])}, at list prices:"
    yield listing.table(
        ("Payer", "Region", "What"),
        ("Eligible", "Reserved", "Savings Plan", "Uncovered", "Covered"),
        (
            (
                row["payer_account_id"],
                row["region"],
                pool(row),
                *(money(row[f"{part}_list_usd"]) for part in ("eligible", "reserved", "plan", "uncovered")),
                share(row["coverage_pct"]),
            )
            for row in newest[:_SHOWN]
        ),
    )
    if hidden := len(newest[_SHOWN:]):
        yield f"and {counted(hidden, 'smaller pool')}: --format json lists all."


def _advice(rows: Sequence[Row]) -> Iterator[RenderableType]:
    if not rows:
        yield NOTHING_TO_BUY
        return
    for row in rows:
        if row["is_recommended"]:
            payer = (
                f"{row['payer_account_name']}: " if len({row["payer_account_id"] for row in rows}) > 1 else ""
            )
            yield f"{payer}{row['reason']}"
    yield listing.table(
        ("Payer", "Region", "What", "Option", "Quantity"),
        ("Up front", "A month", "Without", "Saves", "Break-even", "Over-bought", "At worst"),
        (_option_cells(row) for row in rows if worth_listing(row)),
    )
    yield from not_worth_listing(rows)
    yield OVERBOUGHT
    yield AFTERWARDS


def _option_cells(row: Row) -> tuple[str, ...]:
    return (
        row["payer_account_name"],
        row["region"] or (ALL_REGIONS if row["option"] != "none" else ""),
        row["dimension"] or "",
        ("✓ " if row["is_recommended"] else "") + purchase_option(row),
        purchase_quantity(row),
        *(
            money(row[name])
            for name in ("upfront_usd", "monthly_cost_usd", "monthly_cost_without_usd", "monthly_savings_usd")
        ),
        break_even(row),
        share(row["hours_overbought_pct"]),
        money(row["worst_case_usd"]),
    )
