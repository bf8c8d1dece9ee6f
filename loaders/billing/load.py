"""Loading billing exports: the newest months, each replaced as a whole when it was delivered anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from boto3.exceptions import Boto3Error

from loaders.aws import Access
from loaders.aws.failures import AWS_ERRORS, as_load_error, code_of, kind_of, sentence, status_of
from loaders.billing import choosing, data_files, manifests
from loaders.billing.columns import PRODUCT_CODE
from loaders.billing.exports import Delivery, Export, Month, UnusableDelivery
from loaders.billing.formats import FileKind
from loaders.billing.sources import Source, source_of
from loaders.billing.stores import Store
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
    path: Path | None = None,
    months: int = 1,
    format: FileKind | None = None,
    resume: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the DynamoDB lines of the newest months of billing exports, one export for each payer.

    A unit of work is a month of an export, or a file where a month has several. A month stays atomic: its
    files are all in the warehouse, or none.

    Args:
        bucket, prefix: read the exports that lie there. Default: those that the caller's account defines.
        path: read the exports in this folder instead, laid out as in their bucket. AWS is asked nothing.
        months: how many months before the current one, which is read besides.
        format: read only exports whose files are "parquet" or "csv".
        resume: go on with the last load of the bill that did not complete, as it was asked for. A month is
            not read again unless it was delivered anew, with or without it.
        now: naive UTC instant; months after it are left alone.

    Returns:
        The report; `counts` has the lines loaded by month ("2026-10").

    Raises:
        LoadError: credentials, arguments that make no sense, or no export that can be used.
    """
    if months < 1:
        raise LoadError(f"{months} months is nothing to read: give 1 or more.")
    if prefix is not None and bucket is None:
        raise LoadError("A prefix means nothing without its bucket: give --bucket as well.")
    if path is not None and bucket is not None:
        raise LoadError("Give either --path or --bucket: a bill is read from one place.")
    asked: dict[str, Any] = {
        "bucket": bucket,
        "prefix": prefix,
        "path": str(path.expanduser().resolve()) if path is not None else None,
        "months": months,
        "format": format,
    }
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "collect-cur", resume=resume, arguments=asked) as (ledger, report),
    ):
        asked |= ledger.arguments
        source = source_of(access, asked["bucket"], asked["prefix"], asked["path"])
        if source.caller_account_id is not None:
            ledger.called_by(source.caller_account_id)
        with opened.working_folder("billing") as scratch:
            found, problems = source.exports(scratch)
            for problem in problems:
                report.add_problem(problem)
            billing = _Billing(opened, source, ledger, report, progress or Silent(), now, scratch)
            billing.read(choosing.restricted(found, asked["format"]), asked["months"])
        report.calls, report.bytes = source.calls.made, source.calls.bytes
    return report


# What ends the reading of a manifest or of a month's files, and not that of other months.
_MANIFEST_UNREAD: tuple[type[Exception], ...] = (*AWS_ERRORS, UnusableDelivery)
_MONTH_UNREAD: tuple[type[Exception], ...] = (*_MANIFEST_UNREAD, Boto3Error)
_USAGE = pa.array(["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"])


@dataclass
class _FileRead:
    """One file of a month: its unit, and what reading it took."""

    unit: str
    key: str
    started_at: datetime | None = None
    rows: int = 0
    calls: int = 0
    bytes: int = 0


class _Billing:
    def __init__(
        self,
        opened: OpenWarehouse,
        source: Source,
        ledger: Operation,
        report: LoadReport,
        progress: Progress,
        now: datetime,
        scratch: Path,
    ) -> None:
        self._opened = opened
        self._source = source
        self._ledger = ledger
        self._report = report
        self._progress = progress
        self._now = now
        self._scratch = scratch
        self._planned: list[str] = []

    def read(self, found: Sequence[Export], months: int) -> None:
        """Read the newest months of each payer's best export that has any.

        Those that were not delivered anew are left as they are.
        """
        deliveries = [
            delivery
            for ranked in choosing.ranked(found).values()
            for delivery in self._of_payer(ranked, months)
        ]
        self._enter(dict.fromkeys(delivery.export for delivery in deliveries))
        newest = [month for delivery in deliveries if (month := self._month(delivery)) is not None]
        units = [(month, _files(month)) for month in newest]
        self._plan((month.delivery.export, file.unit) for month, files in units for file in files)
        self._ledger.supersede(self._planned)
        for month, files in units:
            self._replace(month, files)

    def _of_payer(self, ranked: Sequence[Export], months: int) -> list[Delivery]:
        """Return the months of the best of a payer's exports that has any, and name the others."""
        for export in ranked:
            newest = self._newest(export, months)
            if newest:
                notes = [choosing.left_out(other, export) for other in ranked if other != export]
                self._report.notes.extend(notes)
                return newest
        return []

    def _enter(self, read: Iterable[Export]) -> None:
        """Enter the exports that are read, but for those of which more is known than their place tells."""
        rows = [
            {
                "payer_account_id": export.payer_account_id,
                "export_name": export.name,
                "format": export.format,
                "bucket": export.bucket,
                "prefix": export.prefix,
                "region": export.region,
                "granularity": export.granularity,
                "has_resources": export.has_resources,
                "discovered_at": self._now,
            }
            for export in read
            if self._source.is_defined or not self._is_known(export)
        ]
        if rows:
            self._opened.load((CUR_METADATA, pa.Table.from_pylist(rows, CUR_METADATA.schema)))

    def _is_known(self, export: Export) -> bool:
        found = self._opened.connection.execute(
            "select 1 from raw_billing.cur_metadata "
            "where payer_account_id = ? and export_name = ? and format = ?",
            [export.payer_account_id, export.name, export.format],
        ).fetchone()
        return found is not None

    def _plan(self, units: Iterable[tuple[Export, str]]) -> None:
        planned = [UnitPlan(unit, "bill", export.payer_account_id, export.region) for export, unit in units]
        self._ledger.plan(planned)
        self._planned.extend(unit.name for unit in planned)
        self._report.units_total += len(planned)
        self._progress.total(self._report.units_total)

    def _newest(self, export: Export, months: int) -> list[Delivery]:
        try:
            newest = self._source.deliveries(export, self._now.date(), months + 1)
        except _MANIFEST_UNREAD as error:
            unit = f"{export.payer_account_id}/{export.name}"
            self._plan([(export, unit)])
            self._failed(export, [unit], error, f"Billing export {export.name} could not be read", "export")
            return []
        if not newest:
            message = (
                f"Billing export {export.name} has no month up to {self._now:%Y-%m}: wait for its first one."
            )
            self._add_problem(export, export.name, message, "export")
        return newest

    def _month(self, delivery: Delivery) -> Month | None:
        """Read a month's manifest. Returns None for what is loaded already, and for what cannot be read."""
        store, started_at = self._source.store(delivery.export), utc_now()
        calls, received = store.calls.made, store.calls.bytes
        try:
            month = self._source.loose_month or _delivered(store, delivery)
        except _MANIFEST_UNREAD as error:
            self._plan([(delivery.export, delivery.name)])
            self._month_failed(delivery, [delivery.name], error)
            return None
        if month.version != self._loaded_version(delivery):
            return month
        self._plan([(delivery.export, delivery.name)])
        calls, received = store.calls.made - calls, store.calls.bytes - received
        self._done([UnitDone(delivery.name, 0, calls, received, started_at)])
        return None

    def _loaded_version(self, delivery: Delivery) -> str | None:
        """Return which delivery of a month is stored; None for lines from before their format was."""
        month = "payer_account_id = $payer and export_name = $name and billing_period = $period"
        found = self._opened.connection.execute(
            f"select manifest_id from raw_billing.cur_periods where {month} "  # noqa: S608 (it is ours)
            f"and not exists (select 1 from raw_billing.cur_data where {month} and format is null)",
            {
                "payer": delivery.export.payer_account_id,
                "name": delivery.export.name,
                "period": delivery.period,
            },
        ).fetchone()
        return found[0] if found else None

    def _replace(self, month: Month, files: Sequence[_FileRead]) -> None:
        """Replace a month as a whole, or leave it as it is and say why.

        dlt deletes the old lines and inserts the new in one transaction. The manifest is entered last: until
        then the month counts as not read.
        """
        delivery = month.delivery
        named = _Named()
        try:
            self._opened.load((CUR_DATA, self._lines(month, files, named)))
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
            "manifest_id": month.version,
            "files": len(month.files),
            "rows_kept": kept,
            "loaded_at": self._now,
        }
        self._opened.load((CUR_PERIODS, pa.Table.from_pylist([period], CUR_PERIODS.schema)))
        self._done(UnitDone(file.unit, file.rows, file.calls, file.bytes, file.started_at) for file in files)
        self._report.rows += kept
        self._report.counts[f"{delivery.period:%Y-%m}"] += kept
        self._say_what_is_unsure(month, named)

    def _say_what_is_unsure(self, month: Month, named: _Named) -> None:
        export = month.delivery.export
        if named.usage and not named.resources:
            message = (
                f"Billing export {export.name} does not name resources, so its costs belong to no table: "
                "create one that includes resource ids (INCLUDE_RESOURCES, in a legacy report RESOURCES)."
            )
            self._add_problem(export, export.name, message, "export")
        if month.is_loose:
            self._report.notes.append(
                f"The files of {month.delivery.period:%Y-%m} were read without a manifest: nothing tells "
                "whether one is missing."
            )

    def _lines(self, month: Month, files: Sequence[_FileRead], named: _Named) -> Iterator[pa.Table]:
        """Yield the month's DynamoDB lines, one file at a time.

        Raises:
            UnusableDelivery: a file is damaged, or lacks what no bill can do without.
        """
        delivery = month.delivery
        store = self._source.store(delivery.export)
        for file in files:
            file.started_at = utc_now()
            calls, received = store.calls.made, store.calls.bytes
            read = data_files.Read(
                place=store.place(file.key),
                told=month.format,
                constants={
                    "payer_account_id": delivery.export.payer_account_id,
                    "export_name": delivery.export.name,
                    "billing_period": delivery.period,
                    "file_key": file.key,
                },
                period=delivery.period if month.is_loose else None,
            )
            with store.fetched(file.key, self._scratch) as path:
                for table in data_files.lines(path, read):
                    file.rows += table.num_rows
                    named.add(table)
                    yield table
            file.calls, file.bytes = store.calls.made - calls, store.calls.bytes - received

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
        begun = [file for file in of_files if file.started_at is not None][-1:]
        failed = [file.unit for file in begun] or units
        what = f"Billing month {delivery.name} was left as it was"
        if begun and not isinstance(error, UnusableDelivery):
            what += f", because {self._source.store(delivery.export).place(begun[0].key)} could not be read"
        self._failed(delivery.export, failed, error, what, "month")
        for unit in set(units) - set(failed):
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
        if kind_of(error) == "denied":
            message = (
                f"{what}: AWS denies it ({code_of(error)}); allow s3:GetObject and s3:ListBucket on the "
                "bucket, and kms:Decrypt if it is encrypted with a key of yours."
            )
        for unit in units:
            self._ledger.failed(unit, message, status_of(error))
            self._progress.advance(1, unit)
        self._add_problem(export, what, message, missing)

    def _add_problem(self, export: Export, subject: str, message: str, missing: Missing) -> None:
        self._report.add_problem(Problem(export.payer_account_id, export.region, subject, message, missing))


class _Named:
    """Counts the lines of usage of DynamoDB, and those of them that name a resource."""

    def __init__(self) -> None:
        self.usage = 0
        self.resources = 0

    def add(self, lines: pa.Table) -> None:
        of_usage = pc.or_kleene(
            pc.is_in(lines["line_item_type"], value_set=_USAGE), pc.equal(lines["charge_category"], "Usage")
        )
        used = lines.filter(pc.and_kleene(of_usage, pc.equal(lines["product_code"], PRODUCT_CODE)))
        self.usage += used.num_rows
        self.resources += used.num_rows - used["resource_id"].null_count


def _delivered(store: Store, delivery: Delivery) -> Month:
    """Read what a month's manifest says.

    Raises:
        ClientError, BotoCoreError: it cannot be read.
        UnusableDelivery: it is missing, or not a manifest as AWS writes it.
    """
    if delivery.manifest is None:
        raise UnusableDelivery(
            "there are files but no manifest yet, so it is half written; try again in an hour."
        )
    manifest = manifests.read(store, delivery.manifest)
    files = manifests.located(manifest, delivery.manifest.key)
    return Month(delivery, manifest.version, files, manifest.format)


def _files(month: Month) -> list[_FileRead]:
    """Return a month's files, each a unit of its own; the only one of a month, and none, is the month's."""
    name = month.delivery.name
    if len(month.files) == 1:
        return [_FileRead(name, month.files[0])]
    return [_FileRead(f"{name}/{key}", key) for key in month.files]
