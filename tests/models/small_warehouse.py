"""A warehouse small enough for a test: raw rows in, dbt on top, rows of the models out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import CompiledNode
from price_list import LIST_PRICES, LISTED_SINCE, price_list_rows

from loaders.schemas import OPS_TABLES, RAW_TABLES, RawTable
from optima import parsing

PROJECT = Path(__file__).parents[2]
MODELS_FOLDER = PROJECT / "models"

# Where a test says nothing of the time, it is this instant.
AS_OF = datetime(2026, 11, 1)
# Configuration without a creation date (indexes) is known since then.
LONG_AGO = datetime(2026, 1, 1)

# dlt's own columns, of every raw table and of those that keep history.
DLT_COLUMNS = {"_dlt_load_id": "varchar", "_dlt_id": "varchar"}
HISTORY_COLUMNS = {"_dlt_valid_from": "timestamptz", "_dlt_valid_to": "timestamptz"}
HISTORY_TABLES = ("raw_dynamodb.table_metadata", "raw_dynamodb.gsi_metadata")


@dataclass(frozen=True)
class DbtProject:
    """The project, parsed once while no file of it changes, and where dbt may write its artefacts."""

    target: Path
    manifest: Manifest

    @classmethod
    def parsed(cls, target: Path) -> DbtProject:
        """Parse the project into `target`; raises RuntimeError with dbt's reason when it does not parse."""
        os.environ["OPTIMA_WAREHOUSE"] = str(target / "optima.duckdb")
        parsed_from = parsing.fingerprint(PROJECT)
        manifest = parsing.kept(target, parsed_from)
        if manifest is None:
            result = dbtRunner().invoke(["parse", *_arguments(target)])
            _raise_unless_successful(result)
            assert isinstance(result.result, Manifest)
            manifest = result.result
            parsing.keep(target, parsed_from)
        return cls(target, manifest)

    def invoke(self, warehouse: Path, *arguments: str) -> dbtRunnerResult:
        """Run one dbt command on a warehouse, which must be called optima.duckdb, without parsing again."""
        os.environ["OPTIMA_WAREHOUSE"] = str(warehouse)
        runner = dbtRunner(manifest=_of_one_run(self.manifest))
        return runner.invoke([*arguments, *_arguments(self.target)])


def _of_one_run(parsed: Manifest) -> Manifest:
    """Return a manifest with nodes of its own, for dbt to write into them what it compiles.

    Only nodes are copied, and no deeper than dbt writes: `Manifest.deepcopy` takes as long as building three
    models.
    """
    nodes = {name: copy(node) for name, node in parsed.nodes.items()}
    for node in nodes.values():
        if isinstance(node, CompiledNode):
            node.extra_ctes = []
    return replace(parsed, nodes=nodes)


def _arguments(target: Path) -> list[str]:
    return [
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT / "profiles"),
        "--target-path",
        str(target),
        "--log-path",
        str(target / "logs"),
        # What fails is said by the results; writing lines that nobody reads is a tenth of dbt's time.
        "--log-level",
        "none",
        "--log-level-file",
        "none",
        # Writing its manifest takes dbt longer than building a small warehouse.
        "--no-write-json",
    ]


def _raise_unless_successful(result: dbtRunnerResult) -> None:
    if result.success:
        return
    if result.exception is not None:
        raise RuntimeError("dbt could not run") from result.exception
    problems = [
        f"{node.node.name}: {node.message}"
        for node in result.result  # type: ignore[union-attr]
        if node.status in ("error", "fail", "runtime error")
    ]
    raise RuntimeError("dbt failed: " + "; ".join(problems))


class SmallWarehouse:
    """One DuckDB file with every raw table, the seeds, and whatever models a test builds."""

    def __init__(self, project: DbtProject, path: Path) -> None:
        self.project = project
        self.path = path
        self.decisions_path = path.with_name("decisions.jsonl")
        self.decisions_path.touch()

    def create(self) -> None:
        """Create every raw table, empty, and load the seeds."""
        with duckdb.connect(str(self.path)) as connection:
            for statement in _declarations():
                connection.execute(statement)
        _raise_unless_successful(self.project.invoke(self.path, "seed"))
        # dbt may still hold the file open, with the seeds in its log: a copy of the file would miss them.
        with self.connection() as connection:
            connection.execute("checkpoint")

    def rows(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append rows to a raw or ops table; a column that a row does not have is null.

        In tables that keep history, `valid_from` and `valid_to` bound a version: by default it is open
        and reaches back to the table's creation, or to `LONG_AGO` where there is no such date.
        """
        completed = [_with_validity(row) if table in HISTORY_TABLES else dict(row) for row in rows]
        names = sorted({name for row in completed for name in row})
        batch = pa.table({name: pa.array([row.get(name) for row in completed]) for name in names})
        with self.connection() as connection:
            connection.register("batch", batch)
            connection.execute(f"insert into {table} by name select * from batch")

    def price_list(
        self,
        region: str = "us-east-1",
        *,
        prices: Mapping[str, str] = LIST_PRICES,
        effective_at: datetime = LISTED_SINCE,
        has_free_tier: bool = True,
    ) -> None:
        """Load a region's price list: USD per unit by price key, us-east-1's own by default."""
        rows = price_list_rows(region, prices, effective_at, has_free_tier=has_free_tier)
        self.rows("raw_pricing.pricing_data", rows)

    def series(
        self,
        account_id: str,
        region: str,
        resource_name: str,
        metric_name: str,
        values: Sequence[float] | np.ndarray,
        *,
        start: datetime,
        period_seconds: int = 60,
        statistic: str = "Sum",
    ) -> None:
        """Append one point per period, with the spans that say it is known; NaN leaves a gap."""
        points = np.asarray(values, dtype="float64")
        known = np.flatnonzero(~np.isnan(points))
        series = (account_id, region, resource_name, metric_name, statistic, period_seconds)
        step = timedelta(seconds=period_seconds)
        instants = np.datetime64(start, "us") + known * np.timedelta64(step)
        batch = pa.table({"timestamp": pa.array(instants, pa.timestamp("us")), "value": points[known]})
        edges = np.flatnonzero(np.diff(known, prepend=-2, append=len(points) + 1) != 1)
        spans = [
            (*series, start + int(known[first]) * step, start + int(known[after - 1] + 1) * step, "test")
            for first, after in pairwise(edges)
        ]
        with self.connection() as connection:
            connection.register("batch", batch)
            connection.execute(
                """insert into raw_cloudwatch.metrics
                (account_id, region, resource_name, metric_name, statistic, period_seconds, timestamp, value)
                select ?, ?, ?, ?, ?, ?, timestamp, value from batch""",
                series,
            )
            if spans:
                marks = ", ".join("?" * 9)
                connection.executemany(f"insert into ops.collected_spans values ({marks})", spans)

    def minutes(
        self,
        account_id: str,
        region: str,
        resource_name: str,
        *,
        reads: Sequence[float] | np.ndarray,
        writes: Sequence[float] | np.ndarray,
        start: datetime,
    ) -> None:
        """Append minutes of demand, in units per second; NaN is a minute that nobody collected."""
        for metric, rates in (("ConsumedReadCapacityUnits", reads), ("ConsumedWriteCapacityUnits", writes)):
            self.series(account_id, region, resource_name, metric, np.asarray(rates) * 60, start=start)

    def build(self, select: str, **variables: object) -> None:
        """Run the selected models (`+table_class_recommendations`); raises RuntimeError where one fails."""
        _raise_unless_successful(self._run("run", select, variables))

    def failures(self, select: str, **variables: object) -> list[str]:
        """Run the selected data tests and name those that fail. Their models must be built already."""
        tests = " ".join(f"{part},test_type:data" for part in select.split())
        # Cautious: a test that also reads a model outside the selection is left out.
        result = self._run("test", tests, variables, "--indirect-selection", "cautious")
        if result.exception is not None:
            raise RuntimeError("dbt could not run") from result.exception
        if not result.result.results:  # type: ignore[union-attr]
            raise RuntimeError(f"no data test is selected by {select}")
        return sorted(node.node.name for node in result.result if node.status != "pass")  # type: ignore[union-attr]

    def unit_tests(self, select: str) -> tuple[int, list[str]]:
        """Run the selected models' unit tests; return how many ran and what those that failed say.

        Their models must be built already.
        """
        tests = " ".join(f"{part},test_type:unit" for part in select.split())
        result = self._run("test", tests, {})
        if result.exception is not None:
            raise RuntimeError("dbt could not run") from result.exception
        nodes = list(result.result)  # type: ignore[arg-type]
        return len(nodes), sorted(
            f"{node.node.name}: {node.message}" for node in nodes if node.status != "pass"
        )

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Answer a query as one dict per row; money is Decimal, instants are naive UTC."""
        with self.connection() as connection:
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _run(
        self, command: str, select: str, variables: Mapping[str, object], *arguments: str
    ) -> dbtRunnerResult:
        settings = {"as_of": AS_OF, "decisions_path": str(self.decisions_path), **variables}
        text = json.dumps(settings, default=lambda instant: instant.isoformat())
        return self.project.invoke(self.path, command, "--select", select, "--vars", text, *arguments)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Open the file; whoever does closes it again, because dbt needs it to itself."""
        connection = duckdb.connect(str(self.path))
        connection.execute("set TimeZone = 'UTC'")
        return connection


MakeWarehouse = Callable[[], SmallWarehouse]


def _with_validity(row: Mapping[str, Any]) -> dict[str, Any]:
    completed = dict(row)
    completed["_dlt_valid_from"] = completed.pop("valid_from", row.get("created_at") or LONG_AGO)
    completed["_dlt_valid_to"] = completed.pop("valid_to", None)
    return completed


def _declarations() -> list[str]:
    """All schemas and tables, as the loaders declare them."""
    schemas = sorted({table.dataset for table in RAW_TABLES} | {"ops"})
    return [
        *(f"create schema {schema}" for schema in schemas),
        *(_declaration(table) for table in RAW_TABLES),
        *(f"create table ops.{name} ({_without_comments(body)})" for name, body in OPS_TABLES.items()),
    ]


def _without_comments(body: str) -> str:
    return "\n".join(line.split("--")[0] for line in body.splitlines())


def _declaration(table: RawTable) -> str:
    columns = {field.name: _sql_type(field.type) for field in table.schema} | DLT_COLUMNS
    if table.qualified_name in HISTORY_TABLES:
        columns |= HISTORY_COLUMNS
    return f"create table {table.qualified_name} ({', '.join(f'{n} {t}' for n, t in columns.items())})"


def _sql_type(kind: pa.DataType) -> str:
    """DuckDB's name of an Arrow type; the engine itself says it."""
    empty = pa.table({"value": pa.array([], kind)})
    return str(duckdb.from_arrow(empty).types[0])
