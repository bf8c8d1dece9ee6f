"""The bill as a CUR 2.0 export: Parquet files and manifests in S3, and the APIs by which it is found."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from optima.sandbox.bill import bill, months
from optima.sandbox.bill_lines import Lines, Month
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.cur2 import CHOSEN_CONFIGURATION, COLUMNS
from optima.sandbox.organisation import Organisation, minute_of
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, json_reply

BUCKET = "sandbox-billing-exports"
PREFIX = "cur"
EXPORT_NAME = "organisation-hourly"
EXPORT_ARN = f"arn:aws:bcm-data-exports:us-east-1:{MANAGEMENT_ACCOUNT_ID}:export/{EXPORT_NAME}-0001"
_ROWS_PER_FILE = 250_000
_QUERY = " ".join(("SELECT", ", ".join(COLUMNS), "FROM COST_AND_USAGE_REPORT"))
_MILLISECOND = pa.timestamp("ms")

PlantObjects = Callable[[str, Iterable[tuple[str, bytes]]], None]


class BillingExport:
    """The organisation's one export. Its files are written when somebody first asks for it or for S3."""

    def __init__(self, organisation: Organisation, plant_objects: PlantObjects):
        self._organisation = organisation
        self._plant_objects = plant_objects
        self._lock = threading.Lock()
        self._is_delivered = not organisation.config.billing_export

    def handlers(self) -> Handlers:
        """What is answered here; moto has neither service."""
        return {
            ("bcm-data-exports", "ListExports"): self.list_exports,
            ("bcm-data-exports", "GetExport"): self.get_export,
            ("cur", "DescribeReportDefinitions"): self.describe_report_definitions,
        }

    def deliver(self, call: Call) -> None:
        """A check of every call: no call of S3 goes by before the files are there."""
        if call.service == "s3" and not self._is_delivered:
            with self._lock:
                if not self._is_delivered:
                    self._plant_objects(BUCKET, objects(self._organisation))
                    self._is_delivered = True

    def list_exports(self, call: Call) -> Reply:
        """The one export, for the account that owns it."""
        exports = [{"ExportArn": EXPORT_ARN, "ExportName": EXPORT_NAME, "ExportStatus": self._status()}]
        return json_reply({"Exports": exports if self._is_owned(call) else []})

    def get_export(self, call: Call) -> Reply:
        """Its query, its table's configuration and where it is delivered."""
        if call.json().get("ExportArn") != EXPORT_ARN or not self._is_owned(call):
            raise ServiceError("ResourceNotFoundException", "The specified export does not exist.", 404)
        destination = {
            "S3Bucket": BUCKET,
            "S3Prefix": PREFIX,
            "S3Region": "us-east-1",
            "S3OutputConfigurations": {
                "OutputType": "CUSTOM",
                "Format": "PARQUET",
                "Compression": "PARQUET",
                "Overwrite": "OVERWRITE_REPORT",
            },
        }
        export = {
            "ExportArn": EXPORT_ARN,
            "Name": EXPORT_NAME,
            "DataQuery": {
                "QueryStatement": _QUERY,
                "TableConfigurations": {"COST_AND_USAGE_REPORT": CHOSEN_CONFIGURATION},
            },
            "DestinationConfigurations": {"S3Destination": destination},
            "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
        }
        return json_reply({"Export": export, "ExportStatus": self._status()})

    def describe_report_definitions(self, _call: Call) -> Reply:
        """No legacy report is defined."""
        return json_reply({"ReportDefinitions": []})

    def _is_owned(self, call: Call) -> bool:
        return self._organisation.config.billing_export and call.account_id == MANAGEMENT_ACCOUNT_ID

    def _status(self) -> Mapping[str, Any]:
        refreshed = self._organisation.clock_minute * 60.0
        return {"StatusCode": "HEALTHY", "CreatedAt": 1704067200.0, "LastRefreshedAt": refreshed}


def objects(organisation: Organisation) -> Iterator[tuple[str, bytes]]:
    """Every object of the bucket: data files, then the manifest of each month, as they are delivered."""
    names = {account.id: account.name for account in organisation.accounts}
    for month in months(organisation):
        partition = f"BILLING_PERIOD={month.start:%Y-%m}"
        keys = []
        for number, table in enumerate(_files(organisation, month, names), start=1):
            key = f"{PREFIX}/{EXPORT_NAME}/data/{partition}/{EXPORT_NAME}-{number:05d}.snappy.parquet"
            body = BytesIO()
            # Without the Arrow schema beside it, as AWS's writer leaves it: readers see plain strings.
            pq.write_table(table, body, compression="snappy", store_schema=False)
            keys.append(key)
            yield key, body.getvalue()
        # A chunk of an earlier, longer delivery: overwriting leaves it there, and the manifest lists it not.
        yield keys[-1].replace(f"-{len(keys):05d}.", f"-{len(keys) + 1:05d}."), body.getvalue()
        manifest = f"{PREFIX}/{EXPORT_NAME}/metadata/{partition}/{EXPORT_NAME}-Manifest.json"
        yield manifest, _manifest(organisation, month, keys)


def _manifest(organisation: Organisation, month: Month, keys: Iterable[str]) -> bytes:
    delivered = f"{month.start:%Y%m%d}-{organisation.clock_minute}"
    manifest = {
        "name": EXPORT_NAME,
        "exportArn": EXPORT_ARN,
        "executionId": delivered,
        "table": "COST_AND_USAGE_REPORT",
        "tableConfigurations": CHOSEN_CONFIGURATION,
        "contentType": "Parquet",
        "compression": "Parquet",
        "overwrite": "OVERWRITE_REPORT",
        "billingPeriod": {"start": month.start.isoformat() + "Z", "end": month.end.isoformat() + "Z"},
        "columns": [{"name": name, "type": str(kind)} for name, kind in COLUMNS.items()],
        "dataFiles": [f"s3://{BUCKET}/{key}" for key in keys],
    }
    return json.dumps(manifest, indent=2).encode()


def _files(organisation: Organisation, month: Month, names: Mapping[str, str]) -> Iterator[pa.Table]:
    """The month's lines in portions of at most a quarter of a million rows, cut between groups of lines."""
    waiting: list[Lines] = []
    rows = 0
    for lines in bill(organisation, month):
        if waiting and rows + len(lines.hours) > _ROWS_PER_FILE:
            yield _table(waiting, month, names)
            waiting, rows = [], 0
        waiting.append(lines)
        rows += len(lines.hours)
    yield _table(waiting, month, names)


def _table(groups: list[Lines], month: Month, names: Mapping[str, str]) -> pa.Table:
    """Rows of all columns of CUR 2.0; what nothing is known of is null."""
    counts = [len(lines.hours) for lines in groups]
    group = np.repeat(np.arange(len(groups)), counts)
    hours = np.concatenate([lines.hours for lines in groups])
    amounts = np.concatenate([lines.amounts for lines in groups])
    costs = np.concatenate([lines.costs for lines in groups])

    def text(values: Iterable[str | None]) -> pa.Array:
        """A string for each group of lines, written once and referred to by its rows."""
        distinct = pa.array(list(values), pa.string()).dictionary_encode()
        indices = distinct.indices.take(pa.array(group))
        return pa.DictionaryArray.from_arrays(indices, distinct.dictionary)

    first = minute_of(month.start) // 60
    begins = first + hours
    durations = np.repeat([lines.duration_hours for lines in groups], counts)
    count = len(hours)
    rates = [f"{lines.rate:.10f}" for lines in groups]
    pricing = [None if lines.line_type == "Tax" else "OnDemand" for lines in groups]
    known = {
        "identity_line_item_id": pa.array(np.arange(count)).cast(pa.string()),
        "identity_time_interval": _intervals(month, hours, durations),
        "bill_bill_type": _same("Anniversary", count),
        "bill_billing_entity": _same("AWS", count),
        "bill_invoicing_entity": _same("Amazon Web Services, Inc.", count),
        "bill_payer_account_id": _same(MANAGEMENT_ACCOUNT_ID, count),
        "bill_payer_account_name": _same(names[MANAGEMENT_ACCOUNT_ID], count),
        "bill_billing_period_start_date": _instants(np.full(count, first)),
        "bill_billing_period_end_date": _instants(np.full(count, first + month.hours)),
        "line_item_usage_account_id": text(lines.account_id for lines in groups),
        "line_item_usage_account_name": text(names[lines.account_id] for lines in groups),
        "line_item_line_item_type": text(lines.line_type for lines in groups),
        "line_item_usage_start_date": _instants(begins),
        "line_item_usage_end_date": _instants(begins + durations),
        "line_item_product_code": text(lines.product_code for lines in groups),
        "line_item_usage_type": text(lines.usage_type for lines in groups),
        "line_item_operation": text(lines.operation or None for lines in groups),
        "line_item_resource_id": text(lines.resource_id for lines in groups),
        "line_item_usage_amount": pa.array(amounts),
        "line_item_currency_code": _same("USD", count),
        "line_item_unblended_rate": text(rates),
        "line_item_unblended_cost": pa.array(costs),
        "line_item_blended_rate": text(rates),
        "line_item_blended_cost": pa.array(costs),
        "line_item_line_item_description": text(
            f"${lines.rate:.10f} per {lines.unit} of {lines.usage_type}" for lines in groups
        ),
        "line_item_tax_type": text("VAT" if lines.line_type == "Tax" else None for lines in groups),
        "line_item_legal_entity": _same("Amazon Web Services, Inc.", count),
        "pricing_currency": _same("USD", count),
        "pricing_term": text(pricing),
        "pricing_unit": text(lines.unit or None for lines in groups),
        "pricing_public_on_demand_rate": text(rates),
        "pricing_public_on_demand_cost": pa.array(costs),
        "product_product_family": text(lines.product_family or None for lines in groups),
        "product_region_code": text(lines.region for lines in groups),
        "product_servicecode": text(lines.product_code for lines in groups),
        "product_usagetype": text(lines.usage_type for lines in groups),
        "product_operation": text(lines.operation or None for lines in groups),
        "product": _maps(
            [{"region": lines.region, "servicecode": lines.product_code} for lines in groups], group
        ),
        "resource_tags": _maps([{} for _ in groups], group),
        "cost_category": _maps([{} for _ in groups], group),
    }
    return pa.table(
        {name: known[name] if name in known else pa.nulls(count, kind) for name, kind in COLUMNS.items()}
    )


def _same(value: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int8)), pa.array([value]))


def _instants(hours: np.ndarray) -> pa.Array:
    """Hours since 1970 as the timestamps of the export."""
    return pa.array(hours * 3_600_000).cast(_MILLISECOND)


def _intervals(month: Month, hours: np.ndarray, durations: np.ndarray) -> pa.Array:
    """`2026-10-01T00:00:00Z/2026-10-01T01:00:00Z`, each distinct interval written once."""
    lengths = (1, month.hours)
    texts = _interval_texts(month.start, month.hours, lengths)
    return pa.DictionaryArray.from_arrays(
        pa.array(hours * len(lengths) + (durations == month.hours)), pa.array(texts)
    )


@lru_cache(maxsize=4)
def _interval_texts(start: datetime, hours: int, lengths: tuple[int, ...]) -> list[str]:
    """For each hour of a month, and each length in hours, the interval that begins then."""
    begins = [start + timedelta(hours=hour) for hour in range(hours)]
    return [
        f"{begin.isoformat()}Z/{(begin + timedelta(hours=length)).isoformat()}Z"
        for begin in begins
        for length in lengths
    ]


def _maps(values: list[dict[str, str]], group: np.ndarray) -> pa.Array:
    kind = pa.map_(pa.string(), pa.string())
    return pa.array([list(value.items()) for value in values], kind).take(pa.array(group))
