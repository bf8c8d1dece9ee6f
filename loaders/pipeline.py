"""Where raw data is written: the warehouse's raw and ops schemas, through dlt. No other module knows.

A load opens the warehouse once and keeps it open until it ends, so that a second writer is told at once that
it is busy instead of loading the same rows beside the first. dlt works on that same connection.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import duckdb
import pyarrow as pa

from loaders.errors import LoadError, SchemaMismatch, WarehouseBusy, disk_refusal
from loaders.schemas import (
    AWS_ACCOUNTS,
    CUR_DATA,
    CUR_METADATA,
    CUR_PERIODS,
    GSI_METADATA,
    METRICS,
    OPS_TABLES,
    ORGANIZATIONAL_UNITS,
    PRICING_DATA,
    RAW_TABLES,
    SAVINGS_PLAN_RATES,
    TABLE_METADATA,
    TABLE_SIZES,
    RawTable,
)

Rows: TypeAlias = pa.Table | Iterable[pa.Table] | Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Write:
    """How rows reach one raw table.

    append: as they are, the loader having made room. upsert: a row replaces the one of the same key.
    replace: the rows of the groups named by `by` give way to the new ones as a whole, in one transaction.
    history: dlt's scd2; a version not seen again in its group (`by`) is closed, a group not loaded is left as
    it is.
    """

    mode: Literal["append", "upsert", "replace", "history"]
    by: tuple[str, ...] = ()


WRITES = {
    AWS_ACCOUNTS.qualified_name: Write("upsert"),
    ORGANIZATIONAL_UNITS.qualified_name: Write("upsert"),
    TABLE_METADATA.qualified_name: Write("history", by=("account_id", "region")),
    GSI_METADATA.qualified_name: Write("history", by=("account_id", "region")),
    TABLE_SIZES.qualified_name: Write("upsert"),
    METRICS.qualified_name: Write("append"),
    PRICING_DATA.qualified_name: Write("upsert"),
    SAVINGS_PLAN_RATES.qualified_name: Write("replace", by=("region",)),
    CUR_METADATA.qualified_name: Write("upsert"),
    CUR_PERIODS.qualified_name: Write("upsert"),
    CUR_DATA.qualified_name: Write("replace", by=("payer_account_id", "export_name", "billing_period")),
}

# What DuckDB may keep in memory, most of it of the file: else that grows with the file, up to all there is.
_MEMORY = "1 GiB"

# dlt's contract: a table it was not told of may be created, a column or type it was not told of may not.
_CONTRACT = {"tables": "evolve", "columns": "freeze", "data_type": "freeze"}

_DLT_SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",  # what fails is raised, and said by us
    "LOAD__DELETE_COMPLETED_JOBS": "true",  # else every Parquet file ever loaded stays on disk
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "LOAD__WORKERS": "1",
}


@dataclass(frozen=True)
class Warehouse:
    """A workspace's DuckDB file and the directory in which dlt keeps its working files."""

    path: Path
    state_dir: Path

    @contextmanager
    def open(self) -> Iterator[OpenWarehouse]:
        """Open for writing, with every raw and ops table declared, and close whatever happens.

        Raises:
            WarehouseBusy: another process has it open.
            LoadError: the file cannot be created, written or understood.
        """
        connection = _connect(self.path)
        try:
            opened = OpenWarehouse(connection, self.state_dir)
            opened.declare()
            yield opened
        except (duckdb.Error, OSError) as error:
            refusal = disk_refusal(error, f"the warehouse {self.path}")
            if refusal is None and not _is_about_the_file(error):
                raise
            message = refusal or f"The warehouse {self.path} cannot be used: {_first_line(error)}."
            raise LoadError(message) from error
        finally:
            with suppress(duckdb.Error):  # a full disk refuses the last checkpoint; the next opening makes it
                connection.close()


class OpenWarehouse:
    """The warehouse while a load has it: one connection, shared with dlt."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, state_dir: Path) -> None:
        self.connection = connection
        self._state_dir = state_dir
        self._pipelines: dict[str, Any] = {}

    def declare(self) -> None:
        """Create what is missing of the raw and ops tables, and add the columns that older ones lack.

        Takes milliseconds when nothing is missing.
        """
        self.connection.execute("create schema if not exists ops")
        for name, columns in OPS_TABLES.items():
            self.connection.execute(f"create table if not exists ops.{name} ({columns})")
        existing = self._columns()
        for name, declared in _declared_columns().items():
            for column, kind in declared.items():
                if column not in existing[f"ops.{name}"]:
                    self.connection.execute(f"alter table ops.{name} add column {column} {kind}")
        # Raw tables by dlt, which keeps a schema of its own in the warehouse and refuses columns that it
        # was not told of, be they in the table or not.
        missing = [
            table
            for table in RAW_TABLES
            if not existing.get(table.qualified_name, set()) >= set(table.schema.names)
        ]
        for dataset in sorted({table.dataset for table in missing}):
            tables = [table for table in missing if table.dataset == dataset]
            self._run(dataset, [_declaration(table) for table in tables])
        self._clear_staging()

    def _clear_staging(self) -> None:
        """Delete what a killed load had staged: dlt empties a staging table only when it fills it again."""
        staged = self.connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where estimated_size > 0 "
            "and ends_with(schema_name, '_staging') and not starts_with(table_name, '_dlt')"
        ).fetchall()
        for (table,) in staged:
            self.connection.execute(f"delete from {table}")  # noqa: S608 (dlt's name of a table of ours)

    def load(self, *loads: tuple[RawTable, Rows], read_at: datetime | None = None) -> None:
        """Write rows to raw tables of one dataset, each as `WRITES` says, in one dlt run.

        Args:
            loads: a table and its rows: Arrow in the declared schema (strings may be dictionary-encoded),
                or dicts for a table that keeps history.
            read_at: UTC instant at which a history's versions begin and end. Default: the present.

        Raises:
            SchemaMismatch: Arrow data is not as declared. Nothing of the run was written.
            LoadError: the warehouse refused the rows.
        """
        resources = [_resource(table, rows, read_at) for table, rows in loads]
        self._run(loads[0][0].dataset, resources)

    def retire(self, table: RawTable, groups: Iterable[tuple[str, ...]], read_at: datetime) -> None:
        """Close every open version of a history's groups, which dlt cannot do for a group without any row."""
        by = WRITES[table.qualified_name].by
        condition = " and ".join(f"{column} = ?" for column in by)
        for group in groups:
            self.connection.execute(
                f"update {table.qualified_name} set _dlt_valid_to = ? "  # noqa: S608 (names are ours)
                f"where _dlt_valid_to is null and {condition}",
                [read_at.replace(tzinfo=UTC), *group],
            )

    @contextmanager
    def working_folder(self, name: str) -> Iterator[Path]:
        """Give a load an empty folder on the warehouse's disk; what a killed one left there is deleted."""
        folder = self._state_dir / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _columns(self) -> dict[str, set[str]]:
        """Return the columns of every table of the warehouse, by its qualified name."""
        found = self.connection.execute(
            "select schema_name || '.' || table_name, list(column_name) "
            "from duckdb_columns() where database_name = current_database() and not internal group by all"
        ).fetchall()
        return {name: set(columns) for name, columns in found}

    def _run(self, dataset: str, resources: list[Any]) -> None:
        from dlt.pipeline.exceptions import PipelineStepFailed

        try:
            self._pipeline(dataset).run(resources)
        except PipelineStepFailed as error:
            # The next run begins afresh; what this one left pending would only take room until then.
            shutil.rmtree(self._pipelines.pop(dataset).working_dir, ignore_errors=True)
            cause = _root_cause(error)
            if not type(cause).__module__.startswith(("dlt.", "duckdb", "_duckdb")):
                raise cause from error  # it was raised where the rows are made, and means what it says there
            refusal = disk_refusal(cause, "the warehouse")
            raise LoadError(refusal or f"Writing to {dataset} failed: {_first_line(cause)}.") from error

    def _pipeline(self, dataset: str) -> Any:
        """Return the dlt pipeline of a dataset, begun afresh once per load.

        What a killed load left behind is dropped, never resumed: resuming appends its rows a second time.
        """
        if dataset not in self._pipelines:
            os.environ.update(_DLT_SETTINGS, DLT_DATA_DIR=str(self._state_dir))
            with _streamlit_out_of_sight():
                import dlt

                pipeline = dlt.pipeline(
                    dataset,
                    pipelines_dir=str(self._state_dir),
                    destination=dlt.destinations.duckdb(self.connection),
                    dataset_name=dataset,
                )
            self._pipelines[dataset] = pipeline.drop()
        return self._pipelines[dataset]


@contextmanager
def _streamlit_out_of_sight() -> Iterator[None]:
    """Keep dlt from importing streamlit to look for secrets there: a second of every command."""
    hidden = "streamlit" not in sys.modules
    if hidden:
        sys.modules["streamlit"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["streamlit"]


def declare_raw_tables(warehouse: Warehouse) -> None:
    """Create every raw and ops table that is missing, so that dbt finds its sources before any load."""
    with warehouse.open():
        pass


@cache
def _declared_columns() -> dict[str, dict[str, str]]:
    """Return the columns of every ops table, each with its type as DuckDB writes it."""
    with duckdb.connect() as scratch:
        for name, columns in OPS_TABLES.items():
            scratch.execute(f"create table {name} ({columns})")
        found = scratch.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal "
            "order by column_index"
        ).fetchall()
    declared: dict[str, dict[str, str]] = {}
    for name, column, kind in found:
        declared.setdefault(name, {})[column] = kind
    return declared


def check_schema(table: RawTable, found: pa.Schema) -> None:
    """Compare an Arrow schema with the declared one: dlt would cast a mismatch without a word.

    Raises:
        SchemaMismatch: a column is missing, unknown, or of another type. Order does not matter, and a
            dictionary of strings passes for strings.
    """
    declared = {field.name: field.type for field in table.schema}
    given = {field.name: _decoded(field.type) for field in found}
    wrong = [name for name in declared.keys() | given.keys() if declared.get(name) != given.get(name)]
    if wrong:
        details = "; ".join(
            f"{name}: declared {declared.get(name)}, found {given.get(name)}" for name in sorted(wrong)
        )
        raise SchemaMismatch(f"{table.qualified_name} does not take this table ({details}).")


def _decoded(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _checked(table: RawTable, rows: Iterable[pa.Table]) -> Iterator[pa.Table]:
    for part in rows:
        check_schema(table, part.schema)
        yield part


def _resource(table: RawTable, rows: Rows, read_at: datetime | None) -> Any:
    """Build the dlt resource of one table: key, write disposition, column types and contract all stated."""
    import dlt

    write = WRITES[table.qualified_name]
    contract: Any = _CONTRACT
    data: Any = rows
    if isinstance(rows, pa.Table):
        check_schema(table, rows.schema)
    elif write.mode != "history":
        data = _checked(table, rows)
    return dlt.resource(
        data,
        name=table.name,
        columns=_columns(table, write),
        primary_key=table.key if write.mode == "upsert" else (),
        write_disposition=_disposition(write, read_at or datetime.now(UTC).replace(tzinfo=None)),
        schema_contract=contract,
    )


def _declaration(table: RawTable) -> Any:
    """Build a resource without rows, which makes dlt create the table or the columns that are missing."""
    import dlt

    def no_rows() -> Iterator[Any]:
        yield dlt.mark.materialize_table_schema()

    # Rows in Arrow carry none of dlt's own columns; rows in dicts do, and need them in the table.
    history = WRITES[table.qualified_name].mode == "history"
    resource = _resource(table, no_rows() if history else table.schema.empty_table(), None)
    return resource.apply_hints(schema_contract="evolve") or resource


def _columns(table: RawTable, write: Write) -> Any:
    from dlt.common.libs.pyarrow import py_arrow_to_table_schema_columns

    columns = py_arrow_to_table_schema_columns(table.schema)
    for name in write.by:
        columns[name]["merge_key"] = True
    return columns


def _disposition(write: Write, read_at: datetime) -> Any:
    if write.mode == "append":
        return "append"
    if write.mode == "history":
        boundary = read_at.replace(tzinfo=UTC).isoformat()
        return {"disposition": "merge", "strategy": "scd2", "boundary_timestamp": boundary}
    return {"disposition": "merge", "strategy": "delete-insert"}


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(path))
    except (duckdb.Error, OSError) as error:
        if "Could not set lock" in str(error):
            holder = re.search(r"PID (\d+)", str(error))
            raise WarehouseBusy(path, int(holder[1]) if holder else None) from error
        raise LoadError(
            disk_refusal(error, f"the warehouse {path}")
            or f"The warehouse {path} cannot be opened for writing: {_first_line(error)}; "
            "check the path and its permissions, or restore the file from a backup."
        ) from error
    # DuckDB would draw its own bar across what is printed.
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set memory_limit = '{_MEMORY}'")
    # Order of insertion means nothing to us, and keeping it costs memory on every append.
    connection.execute("set preserve_insertion_order = false; set timezone = 'UTC'")
    return connection


def _is_about_the_file(error: BaseException) -> bool:
    """Tell an error of the disk or the file from one of ours, and from those of other libraries."""
    if isinstance(error, OSError):
        return error.errno is not None  # botocore's timeouts pass for OSErrors, without a number
    return isinstance(error, duckdb.IOException | duckdb.FatalException | duckdb.InternalException)


def _root_cause(error: BaseException) -> BaseException:
    """Return what dlt's errors are wrapped around."""
    while error.__cause__ is not None and type(error).__module__.startswith("dlt."):
        error = error.__cause__
    return error


def _first_line(error: BaseException) -> str:
    """Return what an error says, without DuckDB's "IO Error: " and without its end of sentence."""
    said = re.sub(r"^(\w+ )+Error: ", "", str(error).strip()).splitlines()
    return said[0].rstrip(".!") if said else type(error).__name__
