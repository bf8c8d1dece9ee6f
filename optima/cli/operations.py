"""The steps from AWS to published marts, each as one call: commands, `run` and `demo` are made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optima import decisions, transform, warehouse
from optima.cli.session import Session
from optima.cli.terminal import bar
from optima.errors import OptimaError
from optima.publish import marts, publish
from optima.published import Build

if TYPE_CHECKING:
    from loaders.cloudwatch import Estimate
    from loaders.report import LoadReport

_NOTHING_DISCOVERED = "No tables have been discovered yet: run `dynamodb-optima discover`."


def discover(
    session: Session,
    *,
    regions: Sequence[str] | None = None,
    skip_tags: bool = False,
    resume: bool = False,
) -> LoadReport:
    """Read which tables and indexes there are and how they are set up, in one account or the organisation."""
    from loaders import inventory

    with bar("Discovering tables") as progress:
        return inventory.load(
            session.loading(),
            session.access(),
            regions=regions,
            skip_tags=skip_tags,
            resume=resume,
            now=session.now(),
            progress=progress,
        )


def collect(
    session: Session,
    *,
    start: datetime,
    end: datetime,
    regions: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    batch_size: int | None = None,
    resume: bool = False,
    max_usd: float | None = None,
    announce: Callable[[Estimate], None] | None = None,
) -> LoadReport:
    """Read the metrics of the discovered tables in [start, end), UTC.

    Args:
        max_usd: Stop before AWS charges more.
        announce: Told what AWS will charge before anything is asked.
    """
    from loaders import cloudwatch

    with bar("Collecting metrics") as progress:
        return cloudwatch.load(
            session.loading(),
            session.access(),
            start=start,
            end=end,
            now=session.now(),
            regions=regions,
            tables=tables,
            batch_size=batch_size,
            resume=resume,
            max_usd=max_usd,
            announce=announce,
            progress=progress,
        )


def expected_charge(
    session: Session,
    *,
    start: datetime,
    end: datetime,
    regions: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    max_usd: float | None = None,
) -> Estimate:
    """Return what AWS will charge for `collect` with the same arguments; CloudWatch is asked nothing."""
    from loaders import cloudwatch

    return cloudwatch.estimate(
        session.loading(),
        session.access(),
        start=start,
        end=end,
        now=session.now(),
        regions=regions,
        tables=tables,
        max_usd=max_usd,
    )


def collect_pricing(
    session: Session,
    *,
    regions: Sequence[str] | None = None,
    force_refresh: bool = False,
    resume: bool = False,
) -> LoadReport:
    """Read the price list of the given regions, by default of all that hold tables."""
    from loaders import pricing

    with bar("Collecting prices") as progress:
        return pricing.load(
            session.loading(),
            session.access(),
            regions=regions,
            force_refresh=force_refresh,
            resume=resume,
            now=session.now(),
            progress=progress,
        )


def collect_billing(session: Session, *, path: Path | None = None, resume: bool = False) -> LoadReport:
    """Read the billing exports in a folder, else those that the settings name, else those that are found."""
    from loaders import billing

    settings = session.settings
    with bar("Collecting the billing export") as progress:
        return billing.load(
            session.loading(),
            session.access(),
            bucket=settings.cur_s3_bucket if path is None else None,
            prefix=settings.cur_s3_prefix if path is None else None,
            path=path,
            months=settings.table_class_analysis_months,
            format=settings.cur_format,
            resume=resume,
            now=session.now(),
            progress=progress,
        )


def build(session: Session, analysis: transform.Analysis | None = None, **thresholds: Any) -> Build:
    """Build the models, all or those of one analysis, and publish; thresholds become dbt's variables.

    Raises:
        OptimaError: There is nothing to analyse yet, or a model or a test failed: then nothing is published.
    """
    from loaders.pipeline import declare_raw_tables

    workspace, as_of = session.workspace, session.now()
    if not workspace.warehouse.exists():
        raise OptimaError(_NOTHING_DISCOVERED)
    # What is decided while the models are built is not read in halves, and counts for every reader at once.
    decided = workspace.state / "decisions.jsonl"
    decisions.copy(workspace.decisions, decided)
    declare_raw_tables(session.loading())
    _require_input(session, analysis)
    selector = transform.selector(analysis, marts(workspace))
    project = transform.Project.find()
    argument_list = transform.arguments(
        ["build", "--selector", selector],
        project,
        workspace,
        values=transform.variables(
            session.settings, workspace, as_of, decisions_path=str(decided), **thresholds
        ),
        debug=session.debug,
    )
    with bar("Analysing") as progress:
        transform.run(argument_list, project, workspace, progress)
    return publish(workspace, as_of)


def window(now: datetime, days: int) -> tuple[datetime, datetime]:
    """Return the last `days` days before an instant as [start, end), on whole minutes."""
    end = now.replace(second=0, microsecond=0)
    return end - timedelta(days=days), end


def _require_input(session: Session, analysis: transform.Analysis | None) -> None:
    needed = {
        "raw_dynamodb.table_metadata": _NOTHING_DISCOVERED,
        "ops.collected_spans": "No metrics have been collected yet: run `dynamodb-optima collect`.",
    }
    if analysis is transform.TABLE_CLASS:
        needed["raw_billing.cur_data"] = (
            "No billing export has been collected yet: run `dynamodb-optima collect-cur`. Without one, "
            "`dynamodb-optima run` estimates table classes from sizes and demand."
        )
    with warehouse.open_read_only(session.workspace) as connection:
        for table, sentence in needed.items():
            if connection.execute(f"select 1 from {table} limit 1").fetchone() is None:  # noqa: S608
                raise OptimaError(sentence)
