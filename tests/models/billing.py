"""Billing exports for tests: tables of the inventory and the lines a payer's export has of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from small_warehouse import SmallWarehouse

OCTOBER = datetime(2026, 10, 1)
NOVEMBER = datetime(2026, 11, 1)
OCTOBER_HOURS = 744
# What is to come out as 1 in a month of 730 hours is billed as this in October.
PER_MONTH = OCTOBER_HOURS / 730

STANDARD = "STANDARD"
IA = "STANDARD_INFREQUENT_ACCESS"
PROVISIONED = {"billing_mode": "PROVISIONED", "read_capacity_units": 1, "write_capacity_units": 1}


@dataclass(frozen=True)
class Line:
    """An amount billed from start to end: in one line, or in equal shares each hour of it."""

    usage_type: str
    amount: float
    start: datetime = OCTOBER
    end: datetime = NOVEMBER
    kind: str = "Usage"
    table: str = "subject"
    # An account beside the subject's, of the same payer.
    is_elsewhere: bool = False
    region: str = "us-east-1"
    is_hourly: bool = False
    # USD charged per unit, and the share of it that discounts take off again where the export says so.
    rate: float | None = None
    discount: float | None = None
    columns: dict[str, Any] = field(default_factory=dict)

    def spans(self) -> Iterator[tuple[datetime, datetime, float]]:
        """Yield start, end and amount of each line of the export."""
        if not self.is_hourly:
            yield self.start, self.end, self.amount
            return
        hours = int((self.end - self.start) / timedelta(hours=1))
        for hour in range(hours):
            first = self.start + timedelta(hours=hour)
            yield first, first + timedelta(hours=1), self.amount / hours


@dataclass(frozen=True)
class BilledTable:
    """A table called `subject` in an account and under a payer of its own, and the lines of that payer."""

    lines: tuple[Line, ...]
    table: dict[str, Any] = field(default_factory=dict)
    size_bytes: int | None = None

    def put_into(self, warehouse: SmallWarehouse, number: int) -> str:
        """Add the table and its lines to a warehouse; returns the account, which has the number in it."""
        account, elsewhere, payer = (f"{first}{number:011d}" for first in "018")
        warehouse.rows(
            "raw_organizations.aws_accounts",
            [{"account_id": name, "management_account_id": payer} for name in (account, elsewhere, payer)],
        )
        defaults = {
            "account_id": account,
            "region": "us-east-1",
            "table_name": "subject",
            "billing_mode": "PAY_PER_REQUEST",
            "table_class": STANDARD,
            "created_at": datetime(2025, 11, 1),
        }
        table = defaults | self.table
        warehouse.rows("raw_dynamodb.table_metadata", [table])
        size = {"resource_name": "subject", "observed_on": NOVEMBER.date(), "size_bytes": self.size_bytes}
        key = {name: table[name] for name in ("account_id", "region", "table_name")}
        warehouse.rows("raw_dynamodb.table_sizes", [key | size | {"item_count": 0}])
        rows = [
            _row(line, span, payer, elsewhere if line.is_elsewhere else account)
            for line in self.lines
            for span in line.spans()
        ]
        for row_number, row in enumerate(rows):
            row["row_number"] = row_number
        if rows:
            warehouse.rows("raw_billing.cur_data", rows)
        return account


def _row(line: Line, span: tuple[datetime, datetime, float], payer: str, account: str) -> dict[str, Any]:
    start, end, amount = span
    return (
        {
            "payer_account_id": payer,
            "export_name": "hourly",
            "billing_period": start.date().replace(day=1),
            "file_key": "part-0",
            "usage_account_id": account,
            "line_item_type": line.kind,
            "product_code": "AmazonDynamoDB",
            "usage_type": line.usage_type,
            "resource_id": f"arn:aws:dynamodb:{line.region}:{account}:table/{line.table}",
            "region": line.region,
            "usage_start_at": start,
            "usage_end_at": end,
            "usage_amount": float(amount),
            "currency": "USD",
        }
        | _costs(line, amount)
        | line.columns
    )


def _costs(line: Line, amount: float) -> dict[str, Any]:
    if line.rate is None:
        return {}
    cost = amount * line.rate
    net = None if line.discount is None else cost * (1 - line.discount)
    return {"unblended_rate": f"{line.rate:.12f}", "unblended_cost": cost, "net_unblended_cost": net}
