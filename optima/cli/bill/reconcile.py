"""The command reconcile: the model of what tables cost, held against what AWS billed for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from optima import published
from optima.bill import KNOWN_IN_PART, MODELLED, NO_TABLE_NAMED, RECONCILIATION, money, written
from optima.cli import listing
from optima.cli.bill import marts
from optima.cli.bill.marts import Month
from optima.cli.commands import command
from optima.cli.listing import Format, Output, Row, Style
from optima.cli.options import Tables, listed
from optima.cli.session import Session
from optima.errors import OptimaError
from optima.wording import COMPONENTS, counted, percent

if TYPE_CHECKING:
    import duckdb
    from rich.console import RenderableType

_WORST, _REASONS = 5, 6


@dataclass(frozen=True)
class Reconciliation:
    """The model against the bill of one month.

    Attributes:
        month: Its first day.
        summary: One row for each payer.
        tables: One row for each table, the furthest off first.
        unmodelled: What has no model, by component: net USD of the whole bill.
    """

    month: date
    summary: list[Row]
    tables: list[Row]
    unmodelled: dict[str, Decimal]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "reconcile", panel="Look")(reconcile)


def reconcile(
    session: Session,
    month: Month = None,
    worst: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=f"Only the tables furthest off. Default: {_WORST} of a table, all of CSV and JSON, and "
            "of --tables.",
        ),
    ] = None,
    tables: Tables = None,
    style: Style = Format.TABLE,
    output: Output = None,
) -> None:
    """Hold the modelled cost of every table against its bill, and explain the tables furthest off."""
    names = listed(tables)
    with published.open_build(published.current(session.workspace)) as connection:
        found = read(connection, month, names)
    what = counted(len(found.tables), "table")
    if style is Format.TABLE:
        shown = worst if worst is not None else len(found.tables) if names else _WORST
        parts = laid_out(found, shown, of_all=names is None)
        if output is None:
            listing.show(parts)
        else:
            listing.deliver(listing.as_text(parts), output, what)
        return
    rows = found.tables[:worst]
    if style is Format.JSON:
        listing.deliver(listing.as_json(asdict(found) | {"tables": rows}), output, what)
    else:
        listing.deliver(listing.as_csv(list(rows[0]) if rows else [], rows), output, what)


def read(
    connection: duckdb.DuckDBPyConnection, wanted: date | None, tables: Sequence[str] | None = None
) -> Reconciliation:
    """Read the reconciliation of a month, or of the newest of which something was compared.

    Raises:
        OptimaError: There is no such month, no bill at all, or none of the tables that were named.
    """
    published.require(connection, RECONCILIATION, "reconciliation")
    known = connection.execute(_MONTHS).fetchall()
    newest = max((month for month, compared in known if compared), default=None)
    month = marts.choose(wanted, [month for month, _ in known], newest)
    found = marts.rows(connection, _TABLES, [month, tables, tables])
    if tables and not found:
        raise OptimaError(f"The bill of {written(month)} has none of these tables: {', '.join(tables)}.")
    summary = marts.rows(connection, _SUMMARY, [month])
    unmodelled = dict(connection.execute(_UNMODELLED, [month, list(MODELLED)]).fetchall())
    return Reconciliation(month, summary, found, unmodelled)


_MONTHS = "select billing_month, sum(tables_compared) from reconciliation_summary group by billing_month"
_SUMMARY = "select * from reconciliation_summary where billing_month = ? order by payer_account_id"
_TABLES = """
    with accounts as (select account_id, any_value(account_name) as account_name from dim_tables group by all)
    select found.*, accounts.account_name
    from cost_reconciliation as found
    left join accounts on found.account_id = accounts.account_id
    where found.billing_month = ? and (? is null or list_contains(?, found.table_name))
    order by abs(found.error_usd) desc nulls last, found.account_id, found.region, found.table_name
"""
_UNMODELLED = """
    select component, sum(net_cost)
    from account_costs
    where billing_month = ? and currency = 'USD' and not list_contains(?, component)
    group by component
    having sum(net_cost) <> 0
    order by abs(sum(net_cost)) desc, component
"""


def sentences(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Say how well the model meets the newest bill that it was compared with, payer by payer."""
    if not set(published.columns(connection)) >= set(RECONCILIATION):
        return
    for (summary,) in connection.execute(_SENTENCES).fetchall():
        yield f"Model against the bill: {summary}"


_SENTENCES = """
    select summary
    from reconciliation_summary
    where
        tables_compared > 0
        and billing_month
        = (select max(billing_month) from reconciliation_summary where tables_compared > 0)
    order by payer_account_id
"""


def laid_out(found: Reconciliation, shown: int, *, of_all: bool) -> Iterator[RenderableType]:
    """Lay it out for people: the summary, components, the tables furthest off, what was not compared.

    Args:
        shown: How many tables.
        of_all: Whether `found` holds every table, so that it adds up to the whole bill.
    """
    for row in found.summary if of_all else []:
        payer = f", payer {row['payer_account_id']}" if len(found.summary) > 1 else ""
        yield f"{written(found.month)}{payer}: {row['summary']}"
    if any(row["compared_hours"] for row in found.tables):
        yield _by_component(found)
    # That a table was not compared is told by reasons below; of a table that was asked for, by itself.
    tables = [row for row in found.tables if row["compared_hours"] or not of_all][:shown]
    if tables and of_all:
        yield "The table furthest off:" if len(tables) == 1 else f"The {len(tables):,} tables furthest off:"
    for row in tables:
        yield f"{row['table_name']} · {row['account_name'] or row['account_id']} · {row['region']}"
        yield f"  {row['explanation']}"
    if of_all:
        yield from _not_compared(found)


def _by_component(found: Reconciliation) -> RenderableType:
    sums = []
    for name in MODELLED:
        columns = (f"{name}_billed_usd", f"{name}_modelled_usd")
        rows = [row for row in found.tables if row["compared_hours"] and row[columns[1]] is not None]
        if any(row[column] for row in rows for column in columns):
            sums.append(_compared(COMPONENTS[name], rows, columns))
    total = _compared("total", found.tables, ("compared_billed_usd", "modelled_usd"))
    heading = "Hours that model and bill both know"
    return listing.table((heading,), ("Billed", "Modelled", "Error", "%"), [*sums, total])


def _compared(name: str, rows: Sequence[Row], columns: tuple[str, str]) -> tuple[str, ...]:
    billed, modelled = (_sum(rows, column) for column in columns)
    error = modelled - billed
    share = percent(error / billed * 100) if billed else ""
    return (name, money(billed), money(modelled), money(error), share)


def _sum(rows: Iterable[Row], name: str) -> Decimal:
    return sum((row[name] for row in rows), Decimal(0))


def _not_compared(found: Reconciliation) -> Iterator[str]:
    """Say what was not compared, and why: first of what has a model, the largest amount first."""
    reasons: dict[str, Decimal] = defaultdict(Decimal)
    reasons[NO_TABLE_NAMED] = _sum(found.summary, "on_no_table_usd")
    for row in found.tables:
        why = KNOWN_IN_PART if row["compared_hours"] else row["explanation"]
        left = row["billed_usd"] - row["compared_billed_usd"]
        reasons[why.removeprefix("Not compared: ").removesuffix(".")] += left
    told = sorted((each for each in reasons.items() if each[1]), key=lambda each: -abs(each[1]))
    if told:
        yield f"Not compared: {money(sum(reasons.values(), Decimal(0)))} of throughput and storage."
    for why, amount in told[:_REASONS]:
        yield f"  {money(amount)}: {why}"
    if rest := told[_REASONS:]:
        yield f"  {money(sum((amount for _, amount in rest), Decimal(0)))}: {len(rest):,} other reasons"
    if found.unmodelled:
        parts = (f"{COMPONENTS[name]} {money(amount)}" for name, amount in found.unmodelled.items())
        yield f"Without a model, net: {', '.join(parts)}."
