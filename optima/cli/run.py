"""The command run: load what is due, build, publish. Made to be run every day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from optima import decisions, warehouse
from optima.cli import charges, operations, outcome, reports, summary
from optima.cli.commands import command
from optima.cli.options import (
    Concurrency,
    Days,
    MinSavings,
    PriceBasis,
    Profile,
    Regions,
    RoleName,
    UseOrganization,
    listed,
)
from optima.cli.outcome import Outcome
from optima.cli.session import Session
from optima.cli.terminal import errors
from optima.errors import OptimaError, WorkspaceBusyError

# How old a load may be before it is due again. Metrics always are: they are read from where they end.
# Configuration and the bill change by the day (AWS refreshes the bill up to three times a day), prices by
# the month.
DUE_AFTER = {
    "discover": timedelta(hours=12),
    "collect-pricing": timedelta(days=7),
    "collect-cur": timedelta(hours=12),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "run", epilog=outcome.EXIT_CODES)(run)


def run(
    session: Session,
    regions: Regions = None,
    use_org: UseOrganization = None,
    role_name: RoleName = None,
    days: Days = None,
    min_savings: MinSavings = None,
    price_basis: PriceBasis = None,
    force: Annotated[bool, typer.Option("--force", help="Load everything again, due or not.")] = False,
    profile: Profile = None,
    concurrency: Concurrency = None,
) -> None:
    """Load what is due, build the recommendations and publish them.

    What is missing of a load is named, and the rest is built and published all the same.
    """
    session = session.given(
        use_organizations=use_org,
        organizations_role_name=role_name,
        capacity_analysis_days=days,
        min_savings_threshold_usd=min_savings,
        price_basis=price_basis,
        aws_profile=profile,
        load_concurrency=concurrency,
    )
    with session.writing(), outcome.said("run") as ended:
        # A line that is no decision would end the build: better said before hours of loading.
        decisions.standing(session.workspace.decisions, session.now())
        steps = due({} if force else last_loads(session), datetime.now(UTC).replace(tzinfo=None))
        load(session, steps, ended, regions=listed(regions), force=force)
        build = operations.build(session)
        summary.organisation(session, build)


def due(last: Mapping[str, datetime], now: datetime) -> set[str]:
    """Return the loads that are due, given when each last ended well (UTC, no zone)."""
    aged = {name for name, age in DUE_AFTER.items() if name not in last or now - last[name] >= age}
    return aged | {"collect"}


def last_loads(session: Session) -> dict[str, datetime]:
    """Return when each kind of load last ended well; empty in a new workspace."""
    if not session.workspace.warehouse.exists():
        return {}
    with warehouse.open_read_only(session.workspace) as connection:
        if not connection.execute(_HAS_STATE).fetchone():
            return {}
        return dict(connection.execute(_LAST_LOADS).fetchall())


_HAS_STATE = (
    "select 1 from information_schema.tables where table_schema = 'ops' and table_name = 'collection_state'"
)
_LAST_LOADS = """
    select operation, max(ended_at)
    from ops.collection_state
    where status in ('complete', 'partial') and ended_at is not null
    group by operation
"""


def load(
    session: Session,
    steps: set[str],
    ended: Outcome,
    *,
    regions: list[str] | None = None,
    force: bool = False,
    is_charged: bool = True,
) -> None:
    """Load the named steps in their order and report each.

    Prices and the bill make the advice better; without them it says so itself. So it goes on without them.

    Args:
        ended: Told what is missing of the loads.
        force: Read the price list again even if it was read lately.
        is_charged: AWS charges for the calls, so that the price is said before they are made.
    """
    if "discover" in steps:
        report = operations.discover(session, regions=regions)
        reports.discovered(session, report, regions)
        ended.add(report)
    if "collect" in steps:
        start, end = operations.window(session.now(), session.settings.capacity_analysis_days)
        announce = charges.announce if is_charged else None
        report = operations.collect(session, start=start, end=end, regions=regions, announce=announce)
        if is_charged:
            charges.spent(report)
        reports.collected(session, report)
        ended.add(report)
    if "collect-pricing" in steps:
        with _if_possible("prices", ended):
            report = operations.collect_pricing(session, force_refresh=force)
            reports.priced(session, report)
            ended.add(report)
    if "collect-cur" in steps:
        with _if_possible("the bill", ended):
            report = operations.collect_billing(session)
            reports.billed(session, report)
            ended.add(report)


@contextmanager
def _if_possible(what: str, ended: Outcome) -> Iterator[None]:
    from loaders.errors import LoadError, WarehouseBusy

    try:
        yield
    except (WarehouseBusy, WorkspaceBusyError):
        raise
    except (LoadError, OptimaError) as error:
        errors().print(f"! Going on without {what}: {error}", markup=False, soft_wrap=True)
        ended.without(what)
