"""Series as a load leaves them: points, and apart from them the spans that say what is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from small_warehouse import SmallWarehouse

ACCOUNT = "012345678901"
REGION = "us-east-1"
DAY = datetime(2026, 10, 31)
READS = "ConsumedReadCapacityUnits"
WRITES = "ConsumedWriteCapacityUnits"


def minute(number: int) -> datetime:
    """Return the instant so many minutes after the beginning of `DAY`."""
    return DAY + timedelta(minutes=number)


def series(table: str, metric: str, period: int = 60, statistic: str = "Sum") -> dict[str, object]:
    """Return the columns that identify a series."""
    return {
        "account_id": ACCOUNT,
        "region": REGION,
        "resource_name": table,
        "metric_name": metric,
        "statistic": statistic,
        "period_seconds": period,
    }


def add_points(warehouse: SmallWarehouse, key: Mapping[str, object], points: Mapping[int, float]) -> None:
    """Append points, given as minute of `DAY` and value, without a word about what is known."""
    rows = [{**key, "timestamp": minute(at), "value": float(value)} for at, value in points.items()]
    warehouse.rows("raw_cloudwatch.metrics", rows)


def add_span(
    warehouse: SmallWarehouse, key: Mapping[str, object], start: int, end: int, operation: str = "first"
) -> None:
    """Enter a span, given in minutes of `DAY`."""
    span = {"span_start": minute(start), "span_end": minute(end), "operation_id": operation}
    warehouse.rows("ops.collected_spans", [{**key, **span}])


def forget_spans(warehouse: SmallWarehouse, key: Mapping[str, object]) -> None:
    """Withdraw all spans of a series."""
    condition = " and ".join(f"{column} = '{value}'" for column, value in key.items())
    warehouse.query(f"delete from ops.collected_spans where {condition}")
