"""Commands that read from AWS: discover, collect, collect-pricing, collect-cur."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from optima.cli import charges, operations, outcome, reports
from optima.cli.commands import command
from optima.cli.options import (
    Concurrency,
    Days,
    Months,
    Profile,
    Regions,
    Resume,
    RoleName,
    Tables,
    UseOrganization,
    listed,
)
from optima.cli.session import Session
from optima.errors import OptimaError

_PANEL = "Load"


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    said_by_all = {"panel": _PANEL, "epilog": outcome.EXIT_CODES}
    command(app, "discover", **said_by_all)(discover)
    command(app, "collect", **said_by_all)(collect)
    command(app, "collect-pricing", **said_by_all)(collect_pricing)
    command(app, "collect-cur", **said_by_all)(collect_cur)


def discover(
    session: Session,
    regions: Regions = None,
    use_org: UseOrganization = None,
    role_name: RoleName = None,
    resume: Resume = False,
    skip_tags: Annotated[bool, typer.Option("--skip-tags", help="Leave tags out; it is faster.")] = False,
    profile: Profile = None,
    concurrency: Concurrency = None,
) -> None:
    """Find DynamoDB tables across accounts and regions."""
    session = session.given(
        use_organizations=use_org,
        organizations_role_name=role_name,
        aws_profile=profile,
        load_concurrency=concurrency,
    )
    with session.writing(), outcome.said("discover") as ended:
        report = operations.discover(session, regions=listed(regions), skip_tags=skip_tags, resume=resume)
        reports.discovered(session, report, listed(regions))
        ended.add(report)


def collect(
    session: Session,
    days: Days = None,
    start_date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="First day (UTC), instead of --days.")
    ] = None,
    end_date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day (UTC), itself included. Default: now.")
    ] = None,
    tables: Tables = None,
    regions: Regions = None,
    resume: Resume = False,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Metrics held in memory at once. Default: as many as is fast.")
    ] = None,
    role_name: RoleName = None,
    profile: Profile = None,
    concurrency: Concurrency = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be asked and what it would cost.")
    ] = False,
    max_cost: Annotated[
        float | None,
        typer.Option(min=0, metavar="USD", help="Stop before AWS charges more. Default: all that is due."),
    ] = None,
) -> None:
    """Collect the CloudWatch metrics of the discovered tables."""
    if dry_run and resume:
        raise OptimaError("Give either --dry-run or --resume: what is left is what --dry-run alone says.")
    session = session.given(
        organizations_role_name=role_name, aws_profile=profile, load_concurrency=concurrency
    )
    usual_days = session.settings.capacity_analysis_days
    start, end = span(session.now(), days=days, start_date=start_date, end_date=end_date, default=usual_days)
    where: dict[str, Any] = {"regions": listed(regions), "tables": listed(tables)}
    if dry_run:
        with session.writing():
            charges.dry_run(
                operations.expected_charge(session, start=start, end=end, **where, max_usd=max_cost)
            )
        return
    with session.writing(), outcome.said("collect") as ended:
        report = operations.collect(
            session,
            start=start,
            end=end,
            **where,
            batch_size=batch_size,
            resume=resume,
            max_usd=max_cost,
            announce=charges.announce,
        )
        charges.spent(report)
        reports.collected(session, report)
        ended.add(report)


def collect_pricing(
    session: Session,
    regions: Regions = None,
    force_refresh: Annotated[
        bool, typer.Option("--force-refresh", help="Read the price list again even if it was read lately.")
    ] = False,
    resume: Resume = False,
    profile: Profile = None,
) -> None:
    """Collect the price list of DynamoDB for the discovered regions."""
    session = session.given(aws_profile=profile)
    with session.writing(), outcome.said("collect-pricing") as ended:
        report = operations.collect_pricing(
            session, regions=listed(regions), force_refresh=force_refresh, resume=resume
        )
        reports.priced(session, report)
        ended.add(report)


def collect_cur(
    session: Session,
    bucket: Annotated[
        str | None, typer.Option(help="Bucket of the billing export. Default: CUR_S3_BUCKET, else found.")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option(help="Its prefix in the bucket. Default: CUR_S3_PREFIX, else found.")
    ] = None,
    months: Months = None,
    file_format: Annotated[
        Literal["parquet", "csv"] | None,
        typer.Option("--format", help="Read only exports in this format. Default: CUR_FORMAT, else any."),
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Read exports that were copied to this folder; AWS is asked nothing."
        ),
    ] = None,
    resume: Resume = False,
    profile: Profile = None,
) -> None:
    """Collect the bill: CUR 2.0, FOCUS or a legacy Cost and Usage Report, in Parquet or CSV."""
    if path is not None and (bucket or prefix):
        raise OptimaError("Give either --path, or --bucket with --prefix: a bill is read from one place.")
    session = session.given(
        cur_s3_bucket=bucket,
        cur_s3_prefix=prefix,
        table_class_analysis_months=months,
        cur_format=file_format,
        aws_profile=profile,
    )
    with session.writing(), outcome.said("collect-cur") as ended:
        report = operations.collect_billing(session, path=path, resume=resume)
        reports.billed(session, report)
        ended.add(report)


def span(
    now: datetime, *, days: int | None, start_date: str | None, end_date: str | None, default: int
) -> tuple[datetime, datetime]:
    """Return what to collect as [start, end): the last days before now, or whole UTC days up to now.

    Raises:
        OptimaError: Both ways are mixed, a date is none, or they are reversed.
    """
    if days is not None and (start_date or end_date):
        raise OptimaError("Give either --days, or --start-date with --end-date, not both.")
    if end_date and not start_date:
        raise OptimaError("--end-date needs a --start-date.")
    if not start_date:
        return operations.window(now, days or default)
    first = _date("--start-date", start_date)
    last = _date("--end-date", end_date) if end_date else now
    if first > last:
        raise OptimaError(
            f"--start-date {start_date} lies after {f'--end-date {end_date}' if end_date else 'now'}."
        )
    if first > now:
        raise OptimaError(f"--start-date {start_date} lies in the future.")
    until = last + timedelta(days=1) if end_date else now
    return first, min(until, now).replace(second=0, microsecond=0)


def _date(option: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        raise OptimaError(f"{option} {text!r} is no date: write it as 2026-01-31.") from None
