"""Loading billing exports: the newest months, each replaced as a whole when it was delivered anew."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, sentence
from loaders.aws.paging import Calls
from loaders.billing import exports, lines
from loaders.billing.exports import Delivery, Export, Month
from loaders.errors import LoadError
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import CUR_DATA, CUR_METADATA, CUR_PERIODS


def load(
    warehouse: Warehouse,
    access: Access,
    *,
    bucket: str | None = None,
    prefix: str | None = None,
    months: int = 1,
    format: str = "parquet",
    now: datetime,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the DynamoDB lines of the newest months of billing exports.

    Args:
        bucket, prefix: read the exports that lie there. Default: those that the caller's account defines.
        months: how many months before the current one, which is read besides.
        format: only "parquet" (CUR 2.0) is read.
        now: naive UTC instant; months after it are left alone.

    Returns:
        The report; `counts` has the lines loaded by month ("2026-10").

    Raises:
        LoadError: credentials, an unknown format, or no export that can be used.
    """
    if format != "parquet":
        raise LoadError(f"Billing exports in {format} are not read: have the export delivered as Parquet.")
    if months < 1:
        raise LoadError(f"{months} months is nothing to read: give 1 or more.")
    if prefix is not None and bucket is None:
        raise LoadError("A prefix means nothing without its bucket: give --bucket as well.")
    sessions = Sessions(access)
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "collect-cur") as (ledger, report),
    ):
        calls = Calls()
        if bucket is not None:
            found = exports.in_bucket(sessions, calls, bucket, prefix or "")
            _enter_exports(opened, [export for export in found if not _is_known(opened, export)], now)
        else:
            found, problems = exports.discover(sessions, calls)
            for problem in problems:
                report.add_problem(problem)
            _enter_exports(opened, found, now)
        billing = _Billing(opened, sessions, ledger, report, calls, now)
        billing.read(found, months, progress or Silent())
        report.calls = calls.made
    return report


def _is_known(opened: OpenWarehouse, export: Export) -> bool:
    """Tell whether an export was entered before, when more was known of it than its bucket tells."""
    found = opened.connection.execute(
        "select 1 from raw_billing.cur_metadata where payer_account_id = ? and export_name = ?",
        [export.payer_account_id, export.name],
    ).fetchone()
    return found is not None


def _enter_exports(opened: OpenWarehouse, found: Sequence[Export], now: datetime) -> None:
    rows = [
        {
            "payer_account_id": export.payer_account_id,
            "export_name": export.name,
            "format": exports.FORMAT,
            "bucket": export.bucket,
            "prefix": export.prefix,
            "region": export.region,
            "granularity": export.granularity,
            "has_resources": export.has_resources,
            "discovered_at": now,
        }
        for export in found
    ]
    opened.load((CUR_METADATA, pa.Table.from_pylist(rows, CUR_METADATA.schema)))


class _Billing:
    def __init__(
        self,
        opened: OpenWarehouse,
        sessions: Sessions,
        ledger: Operation,
        report: LoadReport,
        calls: Calls,
        now: datetime,
    ) -> None:
        self._opened = opened
        self._sessions = sessions
        self._ledger = ledger
        self._report = report
        self._calls = calls
        self._now = now

    def read(self, found: Sequence[Export], months: int, progress: Progress) -> None:
        """Read the newest months, of which those that were not delivered anew are left as they are."""
        newest = [delivery for export in found for delivery in self._newest(export, months)]
        self._report.units_total = len(newest)
        progress.total(len(newest))
        self._ledger.plan(
            UnitPlan(delivery.name, "bill", delivery.export.payer_account_id) for delivery in newest
        )
        for delivery in newest:
            try:
                self._read(delivery)
            except AWS_ERRORS as error:
                self._failed(delivery, sentence(error, f"Billing month {delivery.name} could not be read"))
            except (LoadError, pa.ArrowException) as error:
                self._failed(delivery, f"Billing month {delivery.name} could not be read: {error}")
            progress.advance(1, delivery.name)

    def _newest(self, export: Export, months: int) -> list[Delivery]:
        delivered = exports.deliveries(self._sessions, self._calls, export)
        newest = [delivery for delivery in delivered if delivery.period <= self._now.date()][: months + 1]
        if not newest:
            message = (
                f"Billing export {export.name} has no month up to {self._now:%Y-%m}: wait for its first one."
            )
            self._report.add_problem(Problem(export.payer_account_id, export.region, export.name, message))
        return newest

    def _read(self, delivery: Delivery) -> None:
        client = self._sessions.client("s3", region=delivery.export.region)
        month = exports.month_of(client, self._calls, delivery)
        if month.manifest_id != self._loaded_manifest(delivery):
            rows = self._replace(client, month)
            self._report.rows += rows
            self._report.counts[f"{delivery.period:%Y-%m}"] += rows
            self._ledger.done([UnitDone(delivery.name, rows, len(month.files) + 1)])
        else:
            self._ledger.done([UnitDone(delivery.name, 0, 1)])
        self._report.units_done += 1

    def _loaded_manifest(self, delivery: Delivery) -> str | None:
        found = self._opened.connection.execute(
            "select manifest_id from raw_billing.cur_periods "
            "where payer_account_id = ? and export_name = ? and billing_period = ?",
            [delivery.export.payer_account_id, delivery.export.name, delivery.period],
        ).fetchone()
        return found[0] if found else None

    def _replace(self, client: Any, month: Month) -> int:
        """Replace a month as a whole and return its lines.

        dlt deletes the old lines and inserts the new in one transaction. The manifest is entered last: until
        then the month counts as not read.
        """
        kept = _Count()
        with tempfile.TemporaryDirectory(prefix="optima-billing-") as folder:
            self._opened.load((CUR_DATA, self._lines(client, month, Path(folder), kept)))
        if kept.rows == 0:
            self._delete(month.delivery)
        period = {
            "payer_account_id": month.delivery.export.payer_account_id,
            "export_name": month.delivery.export.name,
            "billing_period": month.delivery.period,
            "manifest_id": month.manifest_id,
            "files": len(month.files),
            "rows_kept": kept.rows,
            "loaded_at": self._now,
        }
        self._opened.load((CUR_PERIODS, pa.Table.from_pylist([period], CUR_PERIODS.schema)))
        return kept.rows

    def _lines(self, client: Any, month: Month, folder: Path, kept: _Count) -> Iterator[pa.Table]:
        """Yield the month's DynamoDB lines, one file on disk at a time.

        Raises:
            LoadError: a file lacks what no bill can do without.
        """
        export = month.delivery.export
        for bucket, key in month.files:
            path = folder / "part.parquet"
            self._calls.one(client.download_file, Bucket=bucket, Key=key, Filename=str(path))
            absent = lines.missing_columns(path)
            if absent:
                raise LoadError(f"s3://{bucket}/{key} has no column {', '.join(absent)}.")
            if not lines.has_resources(path):
                message = (
                    f"Billing export {export.name} does not name resources, so its costs belong to no table: "
                    "create one with INCLUDE_RESOURCES."
                )
                self._report.add_problem(
                    Problem(export.payer_account_id, export.region, export.name, message)
                )
            for table in lines.read(
                path,
                payer_account_id=export.payer_account_id,
                export_name=export.name,
                period=month.delivery.period,
                file_key=key,
            ):
                kept.rows += table.num_rows
                yield table
            path.unlink()

    def _delete(self, delivery: Delivery) -> None:
        """Delete a month's lines: what a delivery leaves when DynamoDB is no longer in it."""
        self._opened.connection.execute(
            "delete from raw_billing.cur_data "
            "where payer_account_id = ? and export_name = ? and billing_period = ?",
            [delivery.export.payer_account_id, delivery.export.name, delivery.period],
        )

    def _failed(self, delivery: Delivery, message: str) -> None:
        export = delivery.export
        self._ledger.failed(delivery.name, message)
        self._report.add_problem(Problem(export.payer_account_id, export.region, export.name, message))


@dataclass
class _Count:
    rows: int = 0
