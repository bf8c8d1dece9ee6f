"""Billing exports written to folders, as `aws s3 sync` leaves them, for the tests of the loader."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PAYER = "099999999999"
PLAN = "arn:aws:savingsplans::012345678901:savingsplan/0a1b"
ARN = "arn:aws:dynamodb:eu-west-1:012345678901:table/orders"

LEGACY_NAMES = {
    "identity_line_item_id": "identity/LineItemId",
    "bill_payer_account_id": "bill/PayerAccountId",
    "bill_billing_period_start_date": "bill/BillingPeriodStartDate",
    "line_item_usage_account_id": "lineItem/UsageAccountId",
    "line_item_line_item_type": "lineItem/LineItemType",
    "line_item_product_code": "lineItem/ProductCode",
    "line_item_usage_type": "lineItem/UsageType",
    "line_item_resource_id": "lineItem/ResourceId",
    "line_item_usage_start_date": "lineItem/UsageStartDate",
    "line_item_usage_amount": "lineItem/UsageAmount",
    "line_item_currency_code": "lineItem/CurrencyCode",
    "line_item_unblended_cost": "lineItem/UnblendedCost",
    "line_item_net_unblended_cost": "lineItem/NetUnblendedCost",
    "line_item_line_item_description": "lineItem/LineItemDescription",
    "product_region_code": "product/regionCode",
    "pricing_public_on_demand_cost": "pricing/publicOnDemandCost",
    "reservation_reservation_a_r_n": "reservation/ReservationARN",
    "reservation_net_effective_cost": "reservation/NetEffectiveCost",
    "savings_plan_savings_plan_a_r_n": "savingsPlan/SavingsPlanARN",
    "savings_plan_start_time": "savingsPlan/StartTime",
}


def cur_lines(month: date, **changed: list[Any] | None) -> pa.Table:
    """Three lines in the columns of CUR, by default two of DynamoDB's; a column of None is left out."""
    count = len(next(iter(changed.values()), [0, 0, 0]) or [0, 0, 0])
    start = datetime(month.year, month.month, month.day)
    lines: dict[str, Any] = {
        "identity_line_item_id": [f"line {number}" for number in range(count)],
        "bill_payer_account_id": [PAYER] * count,
        "bill_billing_period_start_date": pa.array([start] * count, pa.timestamp("ms")),
        "line_item_usage_account_id": ["012345678901"] * count,
        "line_item_line_item_type": ["Usage"] * count,
        "line_item_product_code": ["AmazonDynamoDB", "AmazonEC2", "AmazonDynamoDB"][:count],
        "line_item_usage_type": ["EU-ReadRequestUnits", "EU-BoxUsage", "EU-TimedStorage-ByteHrs"][:count],
        "line_item_resource_id": [ARN, None, ARN][:count],
        "line_item_usage_start_date": pa.array([start.replace(hour=5)] * count, pa.timestamp("ms", "UTC")),
        "line_item_usage_amount": [10.0, 1.0, 2.5][:count],
        "line_item_currency_code": ["USD"] * count,
        "line_item_unblended_cost": [1.5, 99.0, 0.25][:count],
        "line_item_net_unblended_cost": [1.35, 99.0, None][:count],
        "line_item_line_item_description": ['$0.15 per "million", in eu-west-1', None, "storage"][:count],
        "product_region_code": ["eu-west-1"] * count,
        "pricing_public_on_demand_cost": [1.5, 99.0, 0.25][:count],
        "reservation_reservation_a_r_n": [None] * count,
        "reservation_net_effective_cost": [None, 0.5, 0.125][:count],
        "savings_plan_savings_plan_a_r_n": [None] * count,
        "savings_plan_start_time": [None, None, "2026-01-01T00:00:00.000Z"][:count],
    }
    lines |= changed
    return pa.table({name: values for name, values in lines.items() if values is not None})


def focus_lines(month: date, **changed: list[Any]) -> pa.Table:
    """Five lines of FOCUS 1.0: usage, another service's usage, and a savings plan's."""
    start = pa.array([datetime(month.year, month.month, 1)] * 5, pa.timestamp("ms"))
    lines: dict[str, Any] = {
        "BillingAccountId": [PAYER] * 5,
        "BillingPeriodStart": start,
        "SubAccountId": ["012345678901"] * 5,
        "ResourceId": [ARN, None, None, None, None],
        "ChargePeriodStart": start,
        "BillingCurrency": ["USD"] * 5,
        "ConsumedQuantity": [1.0] * 5,
        "x_UsageType": ["ReadRequestUnits", "BoxUsage", "Fee", "Fee", "BoxUsage"],
        "x_ServiceCode": ["AmazonDynamoDB", "AmazonEC2", "Plans", "Plans", "AmazonEC2"],
        "ChargeCategory": ["Usage", "Usage", "Purchase", "Usage", "Usage"],
        "BilledCost": [1.0, 2.0, 3.0, 0.0, 0.0],
        "EffectiveCost": [1.0, 2.0, 0.0, 1.5, 4.0],
        "CommitmentDiscountId": [None, None, PLAN, PLAN, PLAN],
        "CommitmentDiscountStatus": [None, None, None, "Unused", "Used"],
    }
    lines |= changed
    return pa.table(lines)


def parquet_bytes(lines: pa.Table, rows: int | None = None) -> bytes:
    """As AWS's writer leaves it: without the Arrow schema beside."""
    body = io.BytesIO()
    pq.write_table(lines, body, store_schema=False, row_group_size=rows)
    return body.getvalue()


def csv_text(lines: pa.Table, *, is_legacy: bool = False) -> str:
    names = [LEGACY_NAMES[name] if is_legacy else name for name in lines.column_names]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for line in lines.to_pylist():
        writer.writerow([_written(value) for value in line.values()])
    return text.getvalue()


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps(dict(value)) if isinstance(value, list) else value


def zipped(**members: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text)
    return body.getvalue()


def deliver_export(root: Path, month: date, files: Sequence[tuple[str, bytes | None]], version: str) -> Path:
    """Deliver a month of the export in `root`; a file of None is in the manifest only. Returns that."""
    partition = f"BILLING_PERIOD={month:%Y-%m}"
    for name, body in files:
        if body is not None:
            _write(root / "data" / partition / name, body)
    manifest = {
        "executionId": version,
        "exportArn": f"arn:aws:bcm-data-exports:us-east-1:{PAYER}:export/{root.name}-1",
        "dataFiles": [f"s3://elsewhere/some/prefix/{root.name}/data/{partition}/{name}" for name, _ in files],
    }
    path = root / "metadata" / partition / f"{root.name}-Manifest.json"
    return _write(path, json.dumps(manifest).encode())


def deliver_report(root: Path, month: date, name: str, body: bytes, payer: str, assembly: str) -> Path:
    """Deliver a month of the legacy report in `root`, in an assembly of its own. Returns its manifest."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    period = f"{month:%Y%m%d}-{after:%Y%m%d}"
    _write(root / period / assembly / name, body)
    manifest = {
        "assemblyId": assembly,
        "account": payer,
        "reportKeys": [f"some/prefix/{root.name}/{period}/{assembly}/{name}"],
    }
    return _write(root / period / f"{root.name}-Manifest.json", json.dumps(manifest).encode())


def _write(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode())
