"""The organisation in a few lines: what was looked at, and what each kind of advice would save by itself."""

from __future__ import annotations

from optima import published
from optima.cli.terminal import answers
from optima.cli.wording import KINDS, counted, usd
from optima.published import Build


def organisation(build: Build) -> None:
    """Say how much was looked at and what each kind of advice would save if only it were applied."""
    with published.open_build(build) as connection:
        accounts, regions, tables = connection.execute(_LOOKED_AT).fetchone() or (0, 0, 0)
        (indexes,) = connection.execute("select count(*) from dim_indexes").fetchone() or (0,)
        kinds = connection.execute(_BY_KIND).fetchall()
    console = answers()
    console.print(
        f"\nLooked at {counted(tables, 'table')} and {counted(indexes, 'index', 'indexes')} "
        f"in {counted(accounts, 'account')} and {counted(regions, 'region')}. "
        "Each saving holds if only this were applied:",
        soft_wrap=True,
    )
    for kind, changes, monthly in kinds:
        name = f"{KINDS.get(kind, kind)}:"
        console.print(
            f"  {name:<14} {counted(changes, 'recommendation'):>18} → Save {usd(monthly)}/month "
            f"({usd(monthly * 12)}/year)",
            soft_wrap=True,
        )


_LOOKED_AT = "select count(distinct account_id), count(distinct region), count(*) from dim_tables"
# What was rejected, put off or done already is nothing that can still be saved.
_BY_KIND = """
    select kind, sum(changes_open), sum(open_monthly_savings_usd) as savings
    from savings_summary
    group by kind
    order by savings desc, kind
"""
