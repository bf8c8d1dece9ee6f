"""Commands that analyse what was loaded: analyze-capacity, analyze-table-class, analyze-utilization."""

from __future__ import annotations

from typing import Annotated

import typer

from optima.cli import operations, reports
from optima.cli.commands import command
from optima.cli.options import Days, MinSavings, Months, PriceBasis, Tables, listed
from optima.cli.session import Session
from optima.transform import CAPACITY, TABLE_CLASS, UTILIZATION, Analysis

_PANEL = "Analyse"


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "analyze-capacity", panel=_PANEL)(analyze_capacity)
    command(app, "analyze-table-class", panel=_PANEL)(analyze_table_class)
    command(app, "analyze-utilization", panel=_PANEL)(analyze_utilization)


def analyze_capacity(
    session: Session,
    days: Days = None,
    target_utilization: Annotated[
        float | None,
        typer.Option(
            min=0.2,
            max=0.9,
            help="Target of advised policies. Default: AUTOSCALING_TARGET_UTILIZATION, else the cheapest.",
        ),
    ] = None,
    min_savings: MinSavings = None,
    price_basis: PriceBasis = None,
    tables: Tables = None,
) -> None:
    """Compare on-demand with provisioned capacity for every table with its indexes."""
    session = session.given(
        capacity_analysis_days=days,
        autoscaling_target_utilization=target_utilization,
        min_savings_threshold_usd=min_savings,
        price_basis=price_basis,
    )
    _analyse(session, CAPACITY, tables)


def analyze_table_class(
    session: Session,
    months: Months = None,
    breakeven_ratio: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Least ratio of storage to throughput cost for Standard-IA. Default: none.",
        ),
    ] = None,
    min_savings: MinSavings = None,
    price_basis: PriceBasis = None,
    tables: Tables = None,
) -> None:
    """Compare the table classes Standard and Standard-IA, by what was billed for each table."""
    session = session.given(
        table_class_analysis_months=months,
        min_savings_threshold_usd=min_savings,
        price_basis=price_basis,
    )
    _analyse(session, TABLE_CLASS, tables, breakeven_ratio=breakeven_ratio)


def analyze_utilization(
    session: Session,
    days: Days = None,
    low_utilization_threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            help="Fixed capacity used less than this percentage is cut. Default: 30.",
        ),
    ] = None,
    min_savings: MinSavings = None,
    price_basis: PriceBasis = None,
    tables: Tables = None,
) -> None:
    """Find provisioned capacity that is hardly used."""
    session = session.given(
        capacity_analysis_days=days or session.settings.utilization_analysis_days,
        min_savings_threshold_usd=min_savings,
        price_basis=price_basis,
    )
    _analyse(session, UTILIZATION, tables, low_utilization_threshold=low_utilization_threshold)


def _analyse(session: Session, analysis: Analysis, tables: str | None, **thresholds: float | None) -> None:
    with session.writing():
        build = operations.build(session, analysis, **thresholds)
    reports.analysed(build, analysis, listed(tables))
