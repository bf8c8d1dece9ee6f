"""Measure the load of a large bill from a folder: lines a second, seconds, peak memory, processor time.

    python -m benchmarks.billing --lines 20000000

The export is made up: a block of lines with the columns of AWS, one in a hundred of them DynamoDB's, among
those of other services, repeated over as many files as it takes. It is written as CUR 2.0 in Parquet and as a
legacy report in gzipped CSV, each read by a load in a process of its own.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import typer

from benchmarks.measuring import Usage, own_report
from optima.sandbox.billing.formats.cur2_columns import COLUMNS as CUR2_COLUMNS
from optima.sandbox.billing.formats.legacy import CSV_NAMES

END = datetime(2026, 11, 1)
_MONTH = datetime(2026, 10, 1)
_NAME = "bill"
_LINES_PER_FILE = 1_000_000
_LINES_PER_ROW_GROUP = 250_000
# A body of gzip, of which a file of CSV holds several, one after the other.
_LINES_PER_BODY = 50_000
_SERVICES = ("AmazonEC2", "AmazonS3", "AWSLambda", "AmazonCloudWatch", "AmazonRDS", "AmazonDynamoDB")
_SHARES = (0.45, 0.25, 0.14, 0.1, 0.05, 0.01)

Form = Literal["parquet", "csv"]


def main(
    lines: Annotated[int, typer.Option(min=1, help="Lines of the month, in whole files of a million.")] = (
        20_000_000
    ),
    form: Annotated[Form | None, typer.Option(help="Only this one. Default: both.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where exports are made. Default: a temporary one.")
    ] = None,
) -> None:
    """Write the bill, load it and print what that took."""
    files = max(1, round(lines / _LINES_PER_FILE))
    for each in (form,) if form else ("parquet", "csv"):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            # A process begins with the peak of the one that starts it, so that this one must not write.
            size, written = _run("write", scratch, each, str(files))
            load, usage = _run("load", scratch)
            _print(each, files * _LINES_PER_FILE, size, written.wall_seconds, load, usage)


def _print(form: Form, lines: int, size: int, made: float, load: Mapping[str, Any], usage: Usage) -> None:
    name = "CUR 2.0, Parquet" if form == "parquet" else "legacy report, CSV in gzip"
    print(
        f"{name}: {lines:,} lines, {size / 2**30:.2f} GB (made in {made:.0f} s): {load['seconds']:.1f} s, "
        f"{lines / load['seconds']:,.0f} lines/s, {usage.peak_bytes / 2**20:,.0f} MB at most "
        f"({load['idle_bytes'] / 2**20:,.0f} MB before it began), {usage.cpu_seconds:.1f} CPU s; "
        f"{load['rows']:,} lines kept, {load['status']}"
    )


def _run(step: str, *arguments: str) -> tuple[Any, Usage]:
    """Run a step in a child process and return what it printed as JSON."""
    command = [sys.executable, "-c", f"from benchmarks.billing import {step}; {step}()", *arguments]
    printed, usage = own_report(command, {})
    return json.loads(printed.splitlines()[-1]), usage


def write() -> None:
    """Write the exports of a form into a folder and print their size in bytes."""
    writers: dict[str, Callable[[Path, int], int]] = {"parquet": write_parquet, "csv": write_csv}
    print(writers[sys.argv[2]](Path(sys.argv[1]) / "exports", int(sys.argv[3])))


def load() -> None:
    """Load the exports in a folder and print what it took."""
    import resource

    from loaders import billing
    from loaders.aws import Access
    from loaders.pipeline import Warehouse, declare_raw_tables

    folder = Path(sys.argv[1])
    warehouse = Warehouse(folder / "optima.duckdb", folder / "state")
    declare_raw_tables(warehouse)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    began = time.perf_counter()
    report = billing.load(warehouse, Access(), path=folder / "exports", now=END)
    seconds = time.perf_counter() - began
    measures = {"seconds": seconds, "rows": report.rows, "status": report.status, "idle_bytes": idle}
    print(json.dumps(measures))


def write_parquet(folder: Path, files: int) -> int:
    """Write the export of CUR 2.0 and return its size in bytes."""
    known = _lines(_LINES_PER_FILE, np.random.default_rng(1))
    table = pa.table(
        {
            name: known[name] if name in known else pa.nulls(_LINES_PER_FILE, kind)
            for name, kind in CUR2_COLUMNS.items()
        }
    )
    partition = f"BILLING_PERIOD={_MONTH:%Y-%m}"
    names = [f"{_NAME}-{number:05d}.snappy.parquet" for number in range(1, files + 1)]
    data = folder / _NAME / "data" / partition
    data.mkdir(parents=True)
    pq.write_table(table, data / names[0], row_group_size=_LINES_PER_ROW_GROUP, store_schema=False)
    del table, known
    manifest = {"dataFiles": [f"s3://bucket/{_NAME}/data/{partition}/{name}" for name in names]}
    _deliver(folder / _NAME / "metadata" / partition, manifest)
    return _repeat(data, names)


def write_csv(folder: Path, files: int) -> int:
    """Write the legacy report in CSV and return its size in bytes."""
    known = _lines(_LINES_PER_BODY, np.random.default_rng(1))
    table = pa.table(
        {
            csv_name: known[name] if name in known else pa.nulls(_LINES_PER_BODY, pa.string())
            for name, csv_name in CSV_NAMES.items()
        }
    )
    plain = pa.table({name: _as_text(column) for name, column in zip(table.column_names, table, strict=True)})
    text = io.BytesIO()
    pa_csv.write_csv(plain, text, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
    header = ",".join(CSV_NAMES.values()) + "\n"
    body = gzip.compress(text.getvalue(), compresslevel=6)
    period = "20261001-20261101"
    names = [f"{_NAME}-{number}.csv.gz" for number in range(1, files + 1)]
    data = folder / _NAME / period
    data.mkdir(parents=True)
    with (data / names[0]).open("wb") as file:
        file.write(gzip.compress(header.encode()))
        for _ in range(_LINES_PER_FILE // _LINES_PER_BODY):
            file.write(body)
    keys = [f"prefix/{_NAME}/{period}/{name}" for name in names]
    _deliver(data, {"assemblyId": "1", "reportKeys": keys})
    return _repeat(data, names)


def _deliver(folder: Path, manifest: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    said = {"executionId": "1", "account": "123456789012", **manifest}
    (folder / f"{_NAME}-Manifest.json").write_text(json.dumps(said))


def _repeat(folder: Path, names: list[str]) -> int:
    for name in names[1:]:
        shutil.copyfile(folder / names[0], folder / name)
    return sum((folder / name).stat().st_size for name in names)


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    values = column.combine_chunks()
    if pa.types.is_dictionary(values.type):
        return values.cast(pa.string())
    if pa.types.is_timestamp(values.type):
        return pa.array([f"{value:%Y-%m-%dT%H:%M:%SZ}" for value in values.to_pylist()])
    return values


def _lines(count: int, random: np.random.Generator) -> dict[str, Any]:
    """Return the columns of a bill's lines that have values: some all alike, some all different."""
    services = random.choice(len(_SERVICES), count, p=_SHARES)
    resources = random.integers(0, 20_000, count)
    accounts = resources % 300
    hours = random.integers(0, 744, count)
    rates = random.integers(1, 400, count)
    amounts = np.round(random.random(count) * 1000, 10)
    costs = np.round(amounts * rates / 1e5, 10)
    begins = np.datetime64(_MONTH, "ms") + hours.astype("timedelta64[h]")
    types = services * 40 + resources % 40

    def text(values: np.ndarray, form: str) -> pa.Array:
        """Texts of which each distinct one is written once."""
        distinct, places = np.unique(values, return_inverse=True)
        return pa.DictionaryArray.from_arrays(
            pa.array(places.astype(np.int32)), pa.array([form.format(value) for value in distinct])
        )

    def service(values: tuple[str, ...]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(services.astype(np.int32)), pa.array(values))

    def same(value: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value]))

    instants = pa.array(begins)
    ids = [f"{number:052x}" for number in random.integers(1 << 60, 1 << 62, count)]
    return {
        "identity_line_item_id": pa.array(ids),
        "identity_time_interval": text(hours, "2026-10-01T00:00:00Z/hour {}"),
        "bill_bill_type": same("Anniversary"),
        "bill_billing_entity": same("AWS"),
        "bill_invoicing_entity": same("Amazon Web Services, Inc."),
        "bill_payer_account_id": same("123456789012"),
        "bill_payer_account_name": same("management"),
        "bill_billing_period_start_date": pa.array(np.full(count, np.datetime64(_MONTH, "ms"))),
        "bill_billing_period_end_date": pa.array(np.full(count, np.datetime64(END, "ms"))),
        "line_item_usage_account_id": text(accounts, "{:012d}"),
        "line_item_usage_account_name": text(accounts, "workload {}"),
        "line_item_line_item_type": same("Usage"),
        "line_item_usage_start_date": instants,
        "line_item_usage_end_date": pa.array(begins + np.timedelta64(1, "h")),
        "line_item_product_code": service(_SERVICES),
        "line_item_usage_type": text(types, "EU-Usage:type.{}"),
        "line_item_operation": text(types, "RunInstances:{:04d}"),
        "line_item_availability_zone": text(resources % 3, "eu-west-1{}"),
        "line_item_resource_id": text(resources, "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-{}"),
        "line_item_usage_amount": pa.array(amounts),
        "line_item_currency_code": same("USD"),
        "line_item_unblended_rate": text(rates, "{:.10f}"),
        "line_item_unblended_cost": pa.array(costs),
        "line_item_blended_rate": text(rates, "{:.10f}"),
        "line_item_blended_cost": pa.array(costs),
        "line_item_net_unblended_cost": pa.array(np.round(costs * 0.9, 10)),
        "line_item_line_item_description": text(rates, "${} per unit of usage, Europe (Ireland), per hour"),
        "line_item_legal_entity": same("Amazon Web Services EMEA SARL"),
        "product_location": same("EU (Ireland)"),
        "product_product_family": service(
            ("Compute", "Storage", "Serverless", "Metric", "Database Instance", "Database")
        ),
        "product_product_name": service(_SERVICES),
        "product_region_code": same("eu-west-1"),
        "product_region": same("eu-west-1"),
        "product_servicecode": service(_SERVICES),
        "product_usagetype": text(types, "EU-Usage:type.{}"),
        "product_operation": text(types, "RunInstances:{:04d}"),
        "pricing_currency": same("USD"),
        "pricing_public_on_demand_cost": pa.array(costs),
        "pricing_public_on_demand_rate": text(rates, "{:.10f}"),
        "pricing_rate_code": text(types, "ABCDEFGHJK{:06d}.JRTCKXETXF.6YS6EN2CT7"),
        "pricing_rate_id": text(types, "4981658{:04d}"),
        "pricing_term": same("OnDemand"),
        "pricing_unit": same("Hrs"),
        "resource_tags_user_environment": text(accounts % 3, "environment {}"),
        "resource_tags_user_team": text(accounts, "team {}"),
        "product": _maps(services, [[("product_name", name), ("region", "eu-west-1")] for name in _SERVICES]),
        "resource_tags": _maps(accounts, [[("user_team", f"team {number}")] for number in range(300)]),
    }


def _maps(places: np.ndarray, values: list[list[tuple[str, str]]]) -> pa.Array:
    return pa.array(values, pa.map_(pa.string(), pa.string())).take(pa.array(places))


if __name__ == "__main__":
    typer.run(main)
