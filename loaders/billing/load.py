"""Loading billing exports: the newest months, each replaced as a whole when it was delivered anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from boto3.exceptions import Boto3Error

from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, as_load_error, kind_of, sentence, status_of
from loaders.aws.paging import Calls
from loaders.billing import exports, lines
from loaders.billing.exports import Delivery, Export, Month, UnusableDelivery
from loaders.errors import LoadError
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded, utc_now
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Missing, Problem
from loaders.schemas import CUR_DATA, CUR_METADATA, CUR_PERIODS


def load(
    warehouse: Warehouse,
    access: Access,
    *,
    bucket: str | None = None,
    prefix: str | None = None,
    months: int = 1,
    format: str = "parquet",
    resume: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the DynamoDB lines of the newest months of billing exports.

    A unit of work is a month of an export, or a file where a month has several. A month stays atomic: its
    files are all in the warehouse, or none.

    Args:
        bucket, prefix: read the exports that lie there. Default: those that the caller's account defines.
        months: how many months before the current one, which is read besides.
        format: only "parquet" (CUR 2.0) is read.
        resume: go on with the last load of the bill that did not complete, as it was asked for. A month is
            not read again unless it was delivered anew, with or without it.
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
    asked: dict[str, Any] = {"bucket": bucket, "prefix": prefix, "months": months}
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "collect-cur", resume=resume, arguments=asked) as (ledger, report),
    ):
        asked |= ledger.arguments
        ledger.called_by(sessions.caller.account_id)
        calls = Calls()
        if asked["bucket"] is not None:
            found = exports.in_bucket(sessions, calls, asked["bucket"], asked["prefix"] or "")
            _enter_exports(opened, [export for export in found if not _is_known(opened, export)], now)
        else:
            found, problems = exports.discover(sessions, calls)
            for problem in problems:
                report.add_problem(problem)
            _enter_exports(opened, found, now)
        report.calls, report.bytes = calls.made, calls.bytes
        billing = _Billing(opened, sessions, ledger, report, progress or Silent(), now)
        billing.read(found, asked["months"])
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


# What ends the reading of a manifest or of a month's files, and not that of other months.
_MANIFEST_UNREAD: tuple[type[Exception], ...] = (*AWS_ERRORS, UnusableDelivery)
_MONTH_UNREAD: tuple[type[Exception], ...] = (*_MANIFEST_UNREAD, Boto3Error, pa.ArrowException)


@dataclass
class _FileRead:
    """One file of a month: its unit, and what reading it took."""

    unit: str
    bucket: str
    key: str
    started_at: datetime | None = None
    rows: int = 0
    bytes: int = 0


class _Billing:
    def __init__(
        self,
        opened: OpenWarehouse,
        sessions: Sessions,
        ledger: Operation,
        report: LoadReport,
        progress: Progress,
        now: datetime,
    ) -> None:
        self._opened = opened
        self._sessions = sessions
        self._ledger = ledger
        self._report = report
        self._progress = progress
        self._now = now
        self._planned: list[str] = []

    def read(self, found: Sequence[Export], months: int) -> None:
        """Read the newest months, of which those that were not delivered anew are left as they are."""
        deliveries = [delivery for export in found for delivery in self._newest(export, months)]
        newest = [month for delivery in deliveries if (month := self._month(delivery)) is not None]
        units = [(month, _files(month)) for month in newest]
        self._plan((month.delivery.export, file.unit) for month, files in units for file in files)
        self._ledger.supersede(self._planned)
        for month, files in units:
            self._replace(month, files)

    def _plan(self, units: Iterable[tuple[Export, str]]) -> None:
        planned = [UnitPlan(unit, "bill", export.payer_account_id, export.region) for export, unit in units]
        self._ledger.plan(planned)
        self._planned.extend(unit.name for unit in planned)
        self._report.units_total += len(planned)
        self._progress.total(self._report.units_total)

    def _newest(self, export: Export, months: int) -> list[Delivery]:
        calls = Calls()
        try:
            delivered = exports.deliveries(self._sessions, calls, export)
        except AWS_ERRORS as error:
            unit = f"{export.payer_account_id}/{export.name}"
            self._plan([(export, unit)])
            self._failed(export, [unit], error, f"Billing export {export.name} could not be read", "export")
            return []
        finally:
            self._count(calls)
        newest = [delivery for delivery in delivered if delivery.period <= self._now.date()][: months + 1]
        if not newest:
            message = (
                f"Billing export {export.name} has no month up to {self._now:%Y-%m}: wait for its first one."
            )
            self._add_problem(export, export.name, message, "export")
        return newest

    def _month(self, delivery: Delivery) -> Month | None:
        """Read a month's manifest. Returns None for what is loaded already, and for what cannot be read."""
        calls, started_at = Calls(), utc_now()
        client = self._sessions.client("s3", region=delivery.export.region)
        try:
            month = exports.month_of(client, calls, delivery)
        except _MANIFEST_UNREAD as error:
            self._plan([(delivery.export, delivery.name)])
            self._month_failed(delivery, [delivery.name], error)
            return None
        finally:
            self._count(calls)
        if month.manifest_id != self._loaded_manifest(delivery):
            return month
        self._plan([(delivery.export, delivery.name)])
        self._done([UnitDone(delivery.name, 0, calls.made, calls.bytes, started_at)])
        return None

    def _loaded_manifest(self, delivery: Delivery) -> str | None:
        found = self._opened.connection.execute(
            "select manifest_id from raw_billing.cur_periods "
            "where payer_account_id = ? and export_name = ? and billing_period = ?",
            [delivery.export.payer_account_id, delivery.export.name, delivery.period],
        ).fetchone()
        return found[0] if found else None

    def _replace(self, month: Month, files: Sequence[_FileRead]) -> None:
        """Replace a month as a whole, or leave it as it is and say why.

        dlt deletes the old lines and inserts the new in one transaction. The manifest is entered last: until
        then the month counts as not read.
        """
        delivery = month.delivery
        client = self._sessions.client("s3", region=delivery.export.region)
        try:
            with self._opened.working_folder("billing") as folder:
                self._opened.load((CUR_DATA, self._lines(client, delivery, files, folder)))
        except _MONTH_UNREAD as error:
            self._month_failed(delivery, [file.unit for file in files], error, of_files=files)
            return
        kept = sum(file.rows for file in files)
        if kept == 0:
            self._delete(delivery)
        period = {
            "payer_account_id": delivery.export.payer_account_id,
            "export_name": delivery.export.name,
            "billing_period": delivery.period,
            "manifest_id": month.manifest_id,
            "files": len(month.files),
            "rows_kept": kept,
            "loaded_at": self._now,
        }
        self._opened.load((CUR_PERIODS, pa.Table.from_pylist([period], CUR_PERIODS.schema)))
        self._done(UnitDone(file.unit, file.rows, 1, file.bytes, file.started_at) for file in files)
        self._report.rows += kept
        self._report.calls += len(files)
        self._report.bytes += sum(file.bytes for file in files)
        self._report.counts[f"{delivery.period:%Y-%m}"] += kept

    def _lines(
        self, client: Any, delivery: Delivery, files: Sequence[_FileRead], folder: Path
    ) -> Iterator[pa.Table]:
        """Yield the month's DynamoDB lines, one file on disk at a time.

        Raises:
            UnusableDelivery: a file lacks what no bill can do without.
        """
        export = delivery.export
        for file in files:
            file.started_at = utc_now()
            path = folder / "part.parquet"
            client.download_file(Bucket=file.bucket, Key=file.key, Filename=str(path))
            file.bytes = path.stat().st_size
            absent = lines.missing_columns(path)
            if absent:
                raise UnusableDelivery(f"s3://{file.bucket}/{file.key} has no column {', '.join(absent)}.")
            if not lines.has_resources(path):
                message = (
                    f"Billing export {export.name} does not name resources, so its costs belong to no table: "
                    "create one with INCLUDE_RESOURCES."
                )
                self._add_problem(export, export.name, message, "export")
            for table in lines.read(
                path,
                payer_account_id=export.payer_account_id,
                export_name=export.name,
                period=delivery.period,
                file_key=file.key,
            ):
                file.rows += table.num_rows
                yield table
            path.unlink()

    def _delete(self, delivery: Delivery) -> None:
        """Delete a month's lines: what a delivery leaves when DynamoDB is no longer in it."""
        self._opened.connection.execute(
            "delete from raw_billing.cur_data "
            "where payer_account_id = ? and export_name = ? and billing_period = ?",
            [delivery.export.payer_account_id, delivery.export.name, delivery.period],
        )

    def _done(self, units: Iterable[UnitDone]) -> None:
        finished = list(units)
        self._ledger.done(finished)
        self._report.units_done += len(finished)
        for unit in finished:
            self._progress.advance(1, unit.unit)

    def _month_failed(
        self,
        delivery: Delivery,
        units: Sequence[str],
        error: Exception,
        of_files: Sequence[_FileRead] = (),
    ) -> None:
        """Report a month, which stays as it was. The file that failed is the last that was begun."""
        begun = [file.unit for file in of_files if file.started_at is not None]
        self._failed(
            delivery.export,
            begun[-1:] or units,
            error,
            f"Billing month {delivery.name} could not be read",
            "month",
        )
        for unit in set(units) - set(begun[-1:] or units):
            self._ledger.failed(unit, "Another file of its month could not be read.", "skipped")

    def _failed(
        self, export: Export, units: Sequence[str], error: Exception, what: str, missing: Missing
    ) -> None:
        """Mark units as not read and report what is missing.

        Raises:
            LoadError: it is the credentials, which nothing else could be read with either.
        """
        if kind_of(error) == "credentials":
            raise as_load_error(error, what) from error
        message = sentence(error, what)
        for unit in units:
            self._ledger.failed(unit, message, status_of(error))
            self._progress.advance(1, unit)
        self._add_problem(export, what, message, missing)

    def _add_problem(self, export: Export, subject: str, message: str, missing: Missing) -> None:
        self._report.add_problem(Problem(export.payer_account_id, export.region, subject, message, missing))

    def _count(self, calls: Calls) -> None:
        self._report.calls += calls.made
        self._report.bytes += calls.bytes


def _files(month: Month) -> list[_FileRead]:
    """Return a month's files, each a unit of its own; the only one of a month, and none, is the month's."""
    name = month.delivery.name
    if len(month.files) == 1:
        [(bucket, key)] = month.files
        return [_FileRead(name, bucket, key)]
    return [_FileRead(f"{name}/{key}", bucket, key) for bucket, key in month.files]
