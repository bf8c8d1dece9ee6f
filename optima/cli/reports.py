"""What loads and analyses say when they have ended."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from optima import published, warehouse
from optima.cli.session import Session
from optima.cli.terminal import answers, errors
from optima.errors import OptimaError
from optima.published import Build
from optima.transform import UTILIZATION, Analysis
from optima.wording import LIST_PRICES, counted, direction, price_basis, usd

if TYPE_CHECKING:
    from loaders.report import LoadReport

# More than these are counted, not listed; --verbose lists all.
_PROBLEMS_SHOWN = 10


def discovered(session: Session, report: LoadReport, regions: Sequence[str] | None = None) -> None:
    """Say how many tables there are, by region; only those of `regions`, if these were asked for.

    Raises:
        OptimaError: There are none, or nothing could be read.
    """
    _end_if_failed(report)
    with warehouse.open_read_only(session.workspace) as connection:
        found = connection.execute(_TABLES_IN_FORCE, [regions, regions]).fetchall()
    problems(session, report)
    if not found:
        raise OptimaError(
            "No DynamoDB tables were found in the accounts and regions that could be read: "
            "check --regions and AWS_PROFILE, or read the whole organisation with --use-org."
        )
    console = answers()
    accounts = {account_id for account_id, _ in found}
    console.print(
        f"Discovered {counted(len(found), 'DynamoDB table')} across {counted(len(accounts), 'account')}"
    )
    for region, count in Counter(region for _, region in found).most_common():
        console.print(f"  {region}: {counted(count, 'table')}")


_TABLES_IN_FORCE = """
    select account_id, region
    from raw_dynamodb.table_metadata
    where _dlt_valid_to is null and (? is null or list_contains(?, region))
    order by region
"""


def collected(session: Session, report: LoadReport) -> None:
    """Say how many points were added, and for what."""
    _end_if_failed(report)
    problems(session, report)
    added = counted(report.rows, "point") if report.rows else "nothing new"
    effort = f"{counted(report.calls, 'call')} to CloudWatch, {report.seconds:,.1f} s"
    answers().print(f"✓ Collected metrics: {added}, {effort}")


def priced(session: Session, report: LoadReport) -> None:
    """Say how many prices are known."""
    _end_if_failed(report)
    problems(session, report)
    with warehouse.open_read_only(session.workspace) as connection:
        skus, regions, free = connection.execute(_PRICES).fetchone() or (0, 0, False)
    console = answers()
    console.print(f"✓ Collected {counted(skus, 'DynamoDB SKU')} across {counted(regions, 'region')}")
    if free:
        console.print("✓ Including free tier pricing data")


_PRICES = """
    select count(distinct sku), count(distinct region), coalesce(bool_or(price_per_unit = 0), false)
    from raw_pricing.pricing_data
"""


def billed(session: Session, report: LoadReport) -> None:
    """Say how many lines of the bill were read."""
    _end_if_failed(report)
    problems(session, report)
    lines = counted(report.rows, "line") if report.rows else "nothing new"
    answers().print(f"✓ Collected the billing export: {lines}, {report.seconds:,.1f} s")


def problems(session: Session, report: LoadReport) -> None:
    """List what a load noticed and what it went around, the worst first, on standard error."""
    console = errors()
    for note in report.notes:
        console.print(note, markup=False, soft_wrap=True)
    worst = sorted(report.problems, key=lambda p: (p.weight, p.account_id or "", p.region or "", p.message))
    shown = worst if session.verbose else worst[:_PROBLEMS_SHOWN]
    for problem in shown:
        console.print("[yellow]![/] ", end="")
        console.print(problem.message, markup=False, soft_wrap=True)
    hidden = len(report.problems) - len(shown)
    if hidden:
        console.print(f"  and {hidden} more: --verbose lists them", soft_wrap=True)


def _end_if_failed(report: LoadReport) -> None:
    if report.status == "failed":
        reason = report.summary or "nothing could be read"
        raise OptimaError(f"{reason.rstrip('.')}. Nothing that was stored before is lost.")


@dataclass
class Direction:
    """The recommendations of one analysis that go the same way."""

    recommendations: int = 0
    monthly_savings_usd: Decimal = field(default_factory=Decimal)
    # Of the same changes; None where units are valued at list prices anyway, or one has no list price.
    list_savings_usd: Decimal | None = field(default_factory=Decimal)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a recommendation."""
        self.recommendations += 1
        self.monthly_savings_usd += row["monthly_savings_usd"]
        listed = None if row["price_basis"] == LIST_PRICES else row["list_monthly_savings_usd"]
        known = self.list_savings_usd
        self.list_savings_usd = None if listed is None or known is None else known + listed


def analysed(build: Build, analysis: Analysis, tables: Sequence[str] | None) -> None:
    """Say what one analysis found: how many were looked at, and the savings by direction.

    Raises:
        OptimaError: Tables were named, and none of that name was analysed.
    """
    rows = _analysed_rows(build, analysis.mart, tables)
    if tables and not rows:
        raise OptimaError(f"None of these tables was analysed: {', '.join(tables)}.")
    found = [row for row in rows if row["advice"] == "change"]
    groups: dict[str, Direction] = defaultdict(Direction)
    total = Direction()
    for row in found:
        total.add(row)
        current, recommended = (json.loads(row[name]) for name in ("current_setting", "recommended_setting"))
        groups[direction(analysis.kind, current, recommended)].add(row)
    noun = "resource" if analysis is UTILIZATION else "table"
    _print_analysis(analysis.title, noun, len(rows), groups, total)
    for basis in sorted({row["price_basis"] for row in rows} - {LIST_PRICES}):
        answers().print(f"Prices are {price_basis(basis)}.", soft_wrap=True)


def _at_list(group: Direction) -> str:
    return "" if group.list_savings_usd is None else f", at list prices {usd(group.list_savings_usd)}"


def _print_analysis(
    title: str, noun: str, looked_at: int, groups: dict[str, Direction], total: Direction
) -> None:
    console = answers()
    console.print(f"{title}\n{'=' * len(title)}")
    console.print(
        f"Analyzed: {counted(looked_at, noun)} | Recommendations: {counted(total.recommendations, noun)}\n"
    )
    width = max((len(name) for name in groups), default=0) + 1
    for name, group in sorted(groups.items(), key=lambda item: -item[1].monthly_savings_usd):
        count = counted(group.recommendations, noun)
        worth = f"Save {usd(group.monthly_savings_usd)}/month{_at_list(group)}"
        console.print(f"{name + ':':<{width}} {count:>12} → {worth}", soft_wrap=True)
    saved = total.monthly_savings_usd
    console.print(
        f"{'' if not groups else chr(10)}Total Potential Savings, if only this were applied: "
        f"{usd(saved)}/month ({usd(saved * 12)}/year){_at_list(total) if groups else ''}",
        soft_wrap=True,
    )


def _analysed_rows(build: Build, mart: str, tables: Sequence[str] | None) -> list[dict[str, Any]]:
    with published.open_build(build) as connection:
        found = connection.execute(
            f"""
            select
                advice,
                current_setting,
                recommended_setting,
                monthly_savings_usd,
                list_monthly_savings_usd,
                price_basis
            from {mart}
            where ? is null or list_contains(?, table_name)
            """,  # noqa: S608 (the mart's name is ours)
            [tables, tables],
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
