"""The organisation in a few lines: what was looked at, what plans save, what each kind would by itself."""

from __future__ import annotations

from optima import published
from optima.cli.bill import costs, reconcile
from optima.cli.terminal import answers
from optima.published import Build
from optima.wording import ALONE, counted, kind_name, kind_order, price_basis, saving, usd


def organisation(build: Build) -> None:
    """Say how much was looked at, what is paid for it and how well the model meets that; what plans save.

    Kinds of advice are about the same dollars in part: what each saves is said to be alone.
    """
    with published.open_build(build) as connection:
        accounts, regions, tables = connection.execute(_LOOKED_AT).fetchone() or (0, 0, 0)
        (indexes,) = connection.execute("select count(*) from dim_indexes").fetchone() or (0,)
        found = connection.execute(_BY_KIND).fetchall()
        known = published.columns(connection)["recommendations"]
        priced = connection.execute(_PRICED).fetchall() if "list_monthly_savings_usd" in known else []
        billed = [*costs.sentences(connection), *reconcile.sentences(connection)]
    kinds = {kind: (changes, monthly) for kind, changes, monthly in found}
    plans, planned = kinds.pop("best_plan", (0, 0))
    console = answers()
    console.print(
        f"\nLooked at {counted(tables, 'table')} and {counted(indexes, 'index', 'indexes')} "
        f"in {counted(accounts, 'account')} and {counted(regions, 'region')}.",
        soft_wrap=True,
    )
    for line in billed:
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"Best plans: {counted(plans, 'table')} → {saving(planned)}", soft_wrap=True)
    for kind in sorted(kinds, key=kind_order):
        changes, monthly = kinds[kind]
        name = f"{kind_name(kind)}:"
        console.print(
            f"  {name:<14} {counted(changes, 'recommendation'):>18} → {saving(monthly)} {ALONE}",
            soft_wrap=True,
        )
    for basis, listed in priced:
        worth = "" if listed is None else f" At list prices the best plans save {usd(listed)}/month."
        console.print(f"Prices are {price_basis(basis)}.{worth}", soft_wrap=True)


_LOOKED_AT = "select count(distinct account_id), count(distinct region), count(*) from dim_tables"
# What was rejected, put off or done already is nothing that can still be saved.
_BY_KIND = "select kind, sum(changes_open), sum(open_monthly_savings_usd) from savings_summary group by kind"
_PRICED = """
    select
        price_basis,
        sum(list_monthly_savings_usd) filter (
            where kind = 'best_plan' and advice = 'change' and status in ('pending', 'accepted')
        )
    from recommendations
    where price_basis <> 'list'
    group by price_basis
    order by price_basis
"""
