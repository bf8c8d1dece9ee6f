"""The command commitments: what was bought ahead, what of it is used, and what buying would be worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

import typer

from optima import published
from optima.cli import listing
from optima.cli.bill import marts
from optima.cli.bill.marts import money, written
from optima.cli.commands import command
from optima.cli.listing import Format, Output, Row, Style
from optima.cli.session import Session
from optima.wording import CLASSES, COMPONENTS, MODES, counted, number, percent

if TYPE_CHECKING:
    import duckdb
    from rich.console import RenderableType

AFTERWARDS = (
    "Buy after the recommended changes were made: the advice is worked out on the capacity that they leave."
)
# Pools that people read; most of many are small.
_SHOWN = 10
_KINDS = {"reserved": "Reserved capacity", "savings_plan": "Savings Plan"}
_OPTIONS = {
    "none": "buy nothing",
    "reserved_1yr": "reserved, 1 year",
    "reserved_3yr": "reserved, 3 years",
    "savings_plan": "Savings Plan, 1 year",
}


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
    published.require(connection, _MARTS, "commitments")
    return Commitments(*(marts.rows(connection, query) for query in _MARTS.values()))


_MARTS = {
    "owned_commitments": """
        select * from owned_commitments
        order by is_active desc, payer_account_id, kind, region, dimension, ends_at, commitment_key
    """,
    "commitment_utilization": """
        select * from commitment_utilization order by billing_month desc, commitment_key
    """,
    "commitment_coverage": """
        select * from commitment_coverage
        order by billing_month desc, eligible_list_usd desc nulls last, payer_account_id, region, pool
    """,
    "commitment_recommendations": """
        select * from commitment_recommendations
        order by
            payer_account_id,
            is_recommended desc,
            monthly_savings_usd desc nulls last,
            option,
            region nulls last,
            dimension nulls last
    """,
}


def laid_out(found: Commitments) -> Iterator[RenderableType]:
    """Lay everything out for people: what is owned, what it covers, what to buy."""
    yield from _owned(found)
    yield from _coverage(found)
    yield from _advice(found.advice)


def _owned(found: Commitments) -> Iterator[RenderableType]:
    active = [row for row in found.owned if row["is_active"]]
    if not active:
        yield "The bill shows no reserved capacity and no Savings Plan of DynamoDB in force."
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
    what = (
        f"{number(row['units'])} {row['dimension']} units"
        if row["units"] is not None
        else f"{money(row['hourly_commitment_usd'])} an hour"
    )
    return (
        _KINDS[row["kind"]],
        row["payer_account_id"],
        row["owner_account_id"] or "",
        row["region"] or "all regions",
        what,
        f"{row['ends_at']:%Y-%m-%d}" if row["ends_at"] else "unknown",
        money(row["monthly_cost_usd"]),
        _share(use.get("utilization_pct")),
        money(use.get("unused_usd")),
    )


def _share(value: float | None) -> str:
    return "" if value is None else percent(value).lstrip("+")


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
                f"{MODES[row['billing_mode']]} {COMPONENTS[row['component']]}, {CLASSES[row['table_class']]}",
                *(money(row[f"{part}_list_usd"]) for part in ("eligible", "reserved", "plan", "uncovered")),
                _share(row["coverage_pct"]),
            )
            for row in newest[:_SHOWN]
        ),
    )
    if hidden := len(newest[_SHOWN:]):
        yield f"and {counted(hidden, 'smaller pool')}: --format json lists all."


def _advice(rows: Sequence[Row]) -> Iterator[RenderableType]:
    if not rows:
        yield "No purchase was considered: nothing that a commitment could cover is used."
        return
    for row in rows:
        if row["is_recommended"]:
            payer = (
                f"{row['payer_account_name']}: " if len({row["payer_account_id"] for row in rows}) > 1 else ""
            )
            yield f"{payer}{row['reason']}"
    # What would pay for no block or cent, or has no price, is told as one of JSON's rows.
    shown = [row for row in rows if row["quantity"] or row["option"] == "none"]
    yield listing.table(
        ("Payer", "Region", "What", "Option", "Quantity"),
        ("Up front", "A month", "Without", "Saves", "Break-even", "Over-bought", "At worst"),
        (_option_cells(row) for row in shown),
    )
    for row in rows:
        if row["quantity"] is None:
            yield row["reason"]
    if hidden := sum(row["quantity"] == 0 for row in rows if row["option"] != "none"):
        yield f"{counted(hidden, 'other option')} would not pay for itself at any size."
    yield "Over-bought: share of hours in which less is used. At worst: paid a month if all use vanishes."
    yield AFTERWARDS


def _option_cells(row: Row) -> tuple[str, ...]:
    is_bought = row["option"] != "none"
    months = row["break_even_months"]
    back = f", {number(months)} months" if months else ""
    return (
        row["payer_account_name"],
        row["region"] or ("all regions" if is_bought else ""),
        row["dimension"] or "",
        ("✓ " if row["is_recommended"] else "") + _OPTIONS[row["option"]],
        f"{number(row['quantity'], 3)} {row['unit']}" if is_bought else "",
        *(
            money(row[name])
            for name in ("upfront_usd", "monthly_cost_usd", "monthly_cost_without_usd", "monthly_savings_usd")
        ),
        f"{_share(row['break_even_utilization_pct'])}{back}",
        _share(row["hours_overbought_pct"]),
        money(row["worst_case_usd"]),
    )
