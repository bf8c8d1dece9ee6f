"""The organisation in a few lines: what was looked at, what plans save, what each kind would by itself."""

from __future__ import annotations

from decimal import Decimal

from optima import decisions, published, selection
from optima.cli.bill import costs, reconcile
from optima.cli.session import Session
from optima.cli.terminal import answers
from optima.published import Build
from optima.selection import PLAN, Filters, Total
from optima.wording import ALONE, LIST_PRICES, counted, kind_name, kind_order, price_basis, saving, usd


def organisation(session: Session, build: Build) -> None:
    """Say how much was looked at, what is paid for it and how well the model meets that; what plans save.

    Kinds of advice are about the same dollars in part: what each saves is said to be alone. What was
    rejected, put off or done already is nothing that can still be saved.
    """
    standing = decisions.standing(session.workspace.decisions, session.now())
    with published.open_build(build) as connection:
        accounts, regions, tables = connection.execute(_LOOKED_AT).fetchone() or (0, 0, 0)
        (indexes,) = connection.execute("select count(*) from dim_indexes").fetchone() or (0,)
        judged = selection.selected(connection, Filters(statuses=(), include_keep=True), standing)
        kinds = {total.kind: total for total in selection.totals(connection, judged)}
        billed = [*costs.sentences(connection), *reconcile.sentences(connection)]
    console = answers()
    console.print(
        f"\nLooked at {counted(tables, 'table')} and {counted(indexes, 'index', 'indexes')} "
        f"in {counted(accounts, 'account')} and {counted(regions, 'region')}.",
        soft_wrap=True,
    )
    for line in billed:
        console.print(line, markup=False, soft_wrap=True)
    plans = kinds.pop(PLAN, Total(PLAN, 0, Decimal(0), Decimal(0), True))
    console.print(
        f"Best plans: {counted(plans.changes, 'table')} → {saving(plans.monthly_savings_usd)}", soft_wrap=True
    )
    for kind in sorted(kinds, key=kind_order):
        total = kinds[kind]
        name = f"{kind_name(kind)}:"
        console.print(
            f"  {name:<14} {counted(total.changes, 'recommendation'):>18} → "
            f"{saving(total.monthly_savings_usd)} {ALONE}",
            soft_wrap=True,
        )
    listed = plans.list_monthly_savings_usd
    worth = "" if listed is None else f" At list prices the best plans save {usd(listed)}/month."
    for basis in sorted(set(judged["price_basis"].to_pylist()) - {None, LIST_PRICES}):
        console.print(f"Prices are {price_basis(basis)}.{worth}", soft_wrap=True)


_LOOKED_AT = "select count(distinct account_id), count(distinct region), count(*) from dim_tables"
