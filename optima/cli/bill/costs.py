"""The command costs: what AWS billed for DynamoDB, table by table, account by account or by component."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optima import published
from optima.bill import COMPARED, COSTS, CURRENCIES_APART, EXPORTS, made_of, money, reach, written
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

# Lines of a list that people read, unless they ask for another number.
_SHOWN = 25
_COSTS = ("net_cost", "list_cost", "unblended_cost", "amortized_cost", "net_cost_per_day")
_TREND = ("previous_net_cost_per_day", "change_pct")
_BY_COMPONENT = tuple(f"{component}_cost" for component in COMPONENTS)


class By(StrEnum):
    """What costs are added up by."""

    TABLE = "table"
    ACCOUNT = "account"
    COMPONENT = "component"

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell rows apart."""
        account = ("currency", "payer_account_id", "account_id", "account_name")
        keys = {By.TABLE: (*account, "region", "table_name"), By.ACCOUNT: account}
        return keys.get(self, ("currency", "component"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row as CSV and JSON have them."""
        components = () if self is By.COMPONENT else _BY_COMPONENT
        return ("billing_month", *self.key, *_COSTS, *_TREND, *components)


@dataclass(frozen=True)
class Bill:
    """What was billed in one month.

    Attributes:
        month: Its first day.
        months: All months that are known, oldest first.
        rows: The costs, dearest first, what is on no table last.
        before: The same of the month before.
        compared: The payers whose bill of both months is known.
        exports: One row for each payer and export: how far its bill of the month reaches.
        is_part: Only a part of the bill was asked for.
    """

    month: date
    months: Sequence[date]
    rows: list[Row]
    before: list[Row]
    compared: frozenset[str]
    exports: list[Row]
    is_part: bool


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "costs", panel="Look")(costs)


def costs(
    session: Session,
    month: Month = None,
    by: Annotated[By, typer.Option(help="What costs are added up by.")] = By.TABLE,
    account: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help="Only this account, by id or name.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="REGION,…", help="Only these regions, separated by commas."),
    ] = None,
    tables: Tables = None,
    top: Annotated[
        int | None,
        typer.Option(min=1, help=f"Only the dearest. Default: {_SHOWN} of a table, all of CSV and JSON."),
    ] = None,
    style: Style = Format.TABLE,
    output: Output = None,
) -> None:
    """Show what AWS billed for DynamoDB in a month: what is on a table, what is not, and the total."""
    with published.open_build(published.current(session.workspace)) as connection:
        bill = read(connection, month, by, account=account, regions=listed(region), tables=listed(tables))
    if style is Format.TABLE:
        parts = laid_out(bill, by, _SHOWN if top is None else top)
        if output is None:
            listing.show(parts)
        else:
            listing.deliver(listing.as_text(parts), output, _counted(bill.rows, by))
        return
    rows = [{name: row[name] for name in by.columns} for row in bill.rows][:top]
    text = listing.as_json(rows) if style is Format.JSON else listing.as_csv(by.columns, rows)
    listing.deliver(text, output, _counted(rows, by))


def read(
    connection: duckdb.DuckDBPyConnection,
    wanted: date | None,
    by: By,
    *,
    account: str | None = None,
    regions: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
) -> Bill:
    """Read a month of the bill, the newest if none is `wanted`, and of the month before.

    Raises:
        OptimaError: There is no such month, no bill at all, or nothing of what was asked for; or components
            are asked for where the mart knows them by account only.
    """
    published.require(connection, COSTS, "costs")
    if by is By.COMPONENT and (regions or tables):
        raise OptimaError(
            "What a component costs is known by account: leave out --region and --tables, or take --by table "
            "with --format csv, which has a column for each component."
        )
    months = [month for (month,) in connection.execute(_MONTHS).fetchall()]
    month = marts.choose(wanted, months)
    before = (month - timedelta(days=1)).replace(day=1)
    found = marts.rows(
        connection,
        _COMPONENTS if by is By.COMPONENT else _TABLES,
        [
            month,
            before,
            account,
            account,
            *([] if by is By.COMPONENT else [regions, regions, tables, tables]),
        ],
    )
    this, last = ([row for row in found if row["billing_month"] == each] for each in (month, before))
    if not this:
        raise OptimaError(f"The bill of {written(month)} has nothing of what was asked for.")
    payers = connection.execute(COMPARED, {"month": month, "before": before}).fetchall()
    compared = frozenset(payer for (payer,) in payers)
    return Bill(
        month=month,
        months=months,
        rows=_grouped(this, last, compared, by),
        before=last,
        compared=compared,
        exports=marts.rows(connection, EXPORTS, [month]),
        is_part=bool(account or regions or tables),
    )


_MONTHS = "select distinct billing_month from fct_dynamodb_costs order by billing_month"
_TABLES = """
    select *
    from fct_dynamodb_costs
    where
        billing_month in (?, ?)
        and (? is null or ? in (account_id, account_name))
        and (? is null or list_contains(?, region))
        and (? is null or list_contains(?, table_name))
"""
_COMPONENTS = """
    select *
    from account_costs
    where
        billing_month in (?, ?)
        and (
            ? is null
            or account_id in (
                select account_id from fct_dynamodb_costs where ? in (account_id, account_name)
            )
        )
"""


def sentences(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Say what is paid a month by the bill: by the newest whole month, else as the running one goes."""
    if not set(published.columns(connection)) >= set(COSTS):
        return
    months = marts.rows(connection, _PAID)
    whole = [row for row in months if row["is_complete"]]
    newest = max((row["billing_month"] for row in whole or months), default=None)
    name = "net_cost" if whole else "net_cost_per_day"
    paid = [row for row in months if row["billing_month"] == newest and row[name] is not None]
    if newest is None or not paid:
        return
    amounts = (money(row[name] * (1 if whole else _DAYS_OF_MONTH), row["currency"]) for row in paid)
    since = "" if whole else ", as it goes so far"
    yield f"What you pay: {' and '.join(amounts)} a month by the bill of {written(newest)}{since}"


_DAYS_OF_MONTH = Decimal(730) / 24
_PAID = """
    select
        billing_month,
        currency,
        sum(net_cost) as net_cost,
        sum(net_cost_per_day) as net_cost_per_day,
        bool_and(is_complete) as is_complete
    from fct_dynamodb_costs
    group by billing_month, currency
    order by billing_month, currency <> 'USD', currency
"""


def _grouped(rows: Iterable[Row], before: Iterable[Row], compared: frozenset[str], by: By) -> list[Row]:
    """Add rows up by the key, dearest first; what is on no table last."""
    groups, earlier = _by_key(rows, by), _by_key(before, by)
    found = [
        dict(zip(by.key, key, strict=True))
        | {name: group[0].get(name) for name in ("billing_month", "table_name")}
        | {name: _sum(group, name) for name in (*_COSTS, *_BY_COMPONENT)}
        | _trend(_per_day(group, compared), _per_day(earlier.get(key, []), compared))
        for key, group in groups.items()
    ]
    return sorted(found, key=lambda row: (_is_of_no_table(row, by), -row["net_cost"], _text_key(row, by)))


def _by_key(rows: Iterable[Row], by: By) -> dict[tuple[Any, ...], list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row.get(name) for name in by.key)].append(row)
    return groups


def _text_key(row: Row, by: By) -> tuple[str, ...]:
    return tuple(str(row[name] or "") for name in by.key)


def _is_of_no_table(row: Row, by: By) -> bool:
    return by is By.TABLE and row["table_name"] is None


def _sum(rows: Iterable[Row], name: str) -> Decimal | None:
    """Add up a column; what is unknown of one row is unknown of all."""
    amounts: list[Any] = [row.get(name) for row in rows]
    return None if None in amounts else sum(amounts, Decimal(0))


def _per_day(rows: Iterable[Row], payers: frozenset[str]) -> Decimal | None:
    """Add up what these payers pay a day; None where none of them pays for any of it."""
    costs = [row["net_cost_per_day"] for row in rows if row["payer_account_id"] in payers]
    return sum(costs, Decimal(0)) if costs else None


def _trend(per_day: Decimal | None, previous: Decimal | None) -> Row:
    """Compare the cost per day of payers whose bill of both months is known.

    What was not on a payer's bill of the month before had cost nothing.
    """
    then = None if per_day is None else previous or Decimal(0)
    change = float(per_day / then - 1) * 100 if per_day is not None and then and then > 0 else None
    return {"compared_per_day": per_day, "previous_net_cost_per_day": then, "change_pct": change}


def _counted(rows: Sequence[Row], by: By) -> str:
    return counted(len(rows), "row" if by is By.TABLE else by.value)


def laid_out(bill: Bill, by: By, top: int) -> Iterator[RenderableType]:
    """Lay out a bill for people: the total and what it rests on, then a list for each currency."""
    currencies = sorted({row["currency"] for row in bill.rows}, key=lambda currency: currency or "")
    for currency in currencies:
        yield _headline(bill, currency)
    yield from map(reach, bill.exports)
    yield f"Months at hand: {', '.join(map(written, bill.months))}."
    for currency in currencies:
        rows = [row for row in bill.rows if row["currency"] == currency]
        yield _list(bill, rows, by, top)
    if len(currencies) > 1:
        yield CURRENCIES_APART


def _total(bill: Bill, rows: Sequence[Row]) -> Row:
    currency = rows[0]["currency"]
    before = [row for row in bill.before if row["currency"] == currency]
    compared = [row["compared_per_day"] for row in rows if row["compared_per_day"] is not None]
    per_day = sum(compared, Decimal(0)) if compared else None
    sums = {name: _sum(rows, name) for name in (*_COSTS, *_BY_COMPONENT)}
    return sums | _trend(per_day, _per_day(before, bill.compared))


def _headline(bill: Bill, currency: str | None) -> str:
    total = _total(bill, [row for row in bill.rows if row["currency"] == currency])
    net, listed_at, daily = (
        money(total[name], currency) for name in ("net_cost", "list_cost", "net_cost_per_day")
    )
    beside = f"; at list prices {listed_at}" if listed_at else ""
    trend = percent(total["change_pct"])
    against = f", {trend} against {_before(bill)}" if trend else ""
    a_day = f" {daily} a day{against}." if daily else ""
    of = ", of what was asked for" if bill.is_part else ""
    return f"Billed for DynamoDB in {written(bill.month)}{of}: {net}{beside}.{a_day}"


def _before(bill: Bill) -> str:
    return written(bill.month - timedelta(days=1))


def _list(bill: Bill, rows: list[Row], by: By, top: int) -> RenderableType:
    of_none = [row for row in rows if _is_of_no_table(row, by)]
    named = [row for row in rows if not _is_of_no_table(row, by)]
    lines = [(*_words(row, by), *_amounts(row)) for row in named[:top]]
    if rest := named[top:]:
        lines.append((*_title(f"{len(rest):,} more", by), *_amounts(_added(rest))))
    if of_none:
        lines.append((*_title(_made_of(of_none), by), *_amounts(_added(of_none))))
    lines.append((*_title("total", by), *_amounts(_total(bill, rows) | {"currency": rows[0]["currency"]})))
    return listing.table(
        _HEADINGS[by], ("Net", "At list prices", "Net a day", f"Against {_before(bill)}"), lines
    )


_HEADINGS = {
    By.TABLE: ("Account", "Region", "Table"),
    By.ACCOUNT: ("Account",),
    By.COMPONENT: ("Component",),
}


def _words(row: Row, by: By) -> tuple[str, ...]:
    if by is By.COMPONENT:
        return (COMPONENTS.get(row["component"], str(row["component"])),)
    account: str = row["account_name"] or row["account_id"]
    return (account, row["region"], row["table_name"]) if by is By.TABLE else (account,)


def _title(text: str, by: By) -> tuple[str, ...]:
    return ("", "", text) if by is By.TABLE else (text,)


def _added(rows: Sequence[Row]) -> Row:
    added = {name: _sum(rows, name) for name in _COSTS}
    return added | {"currency": rows[0]["currency"], "change_pct": None}


def _made_of(rows: Sequence[Row]) -> str:
    """Name what is on no table by its components, the largest first."""
    sums = {name: _sum(rows, f"{name}_cost") or Decimal(0) for name in COMPONENTS}
    parts = made_of(sums, rows[0]["currency"])
    return f"on no table: {parts}" if parts else "on no table"


def _amounts(row: Row) -> tuple[str, ...]:
    currency = row["currency"]
    costs = (money(row[name], currency) for name in ("net_cost", "list_cost", "net_cost_per_day"))
    return (*costs, percent(row["change_pct"]))
