"""The lines of a CUR 2.0 file that are about DynamoDB, in the columns of `raw_billing.cur_data`.

Files are read a row group at a time, and only the columns that are needed. The export's query may have chosen
and reordered its columns, so they are found by name; one that is absent is null.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loaders.schemas import CUR_DATA

PRODUCT_CODE = "AmazonDynamoDB"

# What a raw column is called in the export.
_SOURCES = {
    "identity_line_item_id": "identity_line_item_id",
    "usage_account_id": "line_item_usage_account_id",
    "line_item_type": "line_item_line_item_type",
    "product_code": "line_item_product_code",
    "usage_type": "line_item_usage_type",
    "operation": "line_item_operation",
    "resource_id": "line_item_resource_id",
    "region": "product_region_code",
    "usage_start_at": "line_item_usage_start_date",
    "usage_end_at": "line_item_usage_end_date",
    "usage_amount": "line_item_usage_amount",
    "pricing_unit": "pricing_unit",
    "currency": "line_item_currency_code",
    "public_on_demand_cost": "pricing_public_on_demand_cost",
    "unblended_rate": "line_item_unblended_rate",
    "unblended_cost": "line_item_unblended_cost",
    "net_unblended_cost": "line_item_net_unblended_cost",
    "reservation_arn": "reservation_reservation_a_r_n",
    "reservation_effective_cost": "reservation_effective_cost",
    "net_reservation_effective_cost": "reservation_net_effective_cost",
    "savings_plan_arn": "savings_plan_savings_plan_a_r_n",
    "savings_plan_effective_cost": "savings_plan_savings_plan_effective_cost",
    "net_savings_plan_effective_cost": "savings_plan_net_savings_plan_effective_cost",
    "description": "line_item_line_item_description",
}
# Where an export without the column has the region.
_PRODUCT_MAP = "product"
# A plan's own fees come under the plan's product code. What it covered of other services does not concern us.
_OF_OTHER_SERVICES = ["SavingsPlanCoveredUsage", "SavingsPlanNegation"]
# Without these a line can be attributed to nothing, or costs nothing.
REQUIRED = ("line_item_product_code", "line_item_usage_type", "line_item_unblended_cost")


def missing_columns(path: Path) -> list[str]:
    """Return the columns without which a file is of no use, and which it lacks."""
    names = set(pq.read_schema(path).names)
    return [name for name in REQUIRED if name not in names]


def has_resources(path: Path) -> bool:
    """Tell whether the file names resources at all."""
    return _SOURCES["resource_id"] in pq.read_schema(path).names


def read(
    path: Path, *, payer_account_id: str, export_name: str, period: date, file_key: str
) -> Iterator[pa.Table]:
    """Yield the DynamoDB lines of one file, a table for each row group that has any.

    `row_number` is the line's place in the file, from 0: line ids repeat across files and deliveries.
    """
    with pq.ParquetFile(path) as file:
        names = set(file.schema_arrow.names)
        wanted = [name for name in {*_SOURCES.values(), _PRODUCT_MAP} if name in names]
        first = 0
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=wanted)
            numbers = pa.array(np.arange(first, first + group.num_rows, dtype=np.int64))
            first += group.num_rows
            kept = group.append_column("row_number", numbers).filter(_about_dynamodb(group))
            if kept.num_rows:
                yield _as_raw(
                    kept,
                    {
                        "payer_account_id": payer_account_id,
                        "export_name": export_name,
                        "billing_period": period,
                        "file_key": file_key,
                    },
                )


def _about_dynamodb(group: pa.Table) -> pa.ChunkedArray:
    product = pc.equal(group[_SOURCES["product_code"]], PRODUCT_CODE)
    plan = _SOURCES["savings_plan_arn"]
    kind = _SOURCES["line_item_type"]
    if plan not in group.column_names or kind not in group.column_names:
        return product
    bears_plan = pc.greater(pc.binary_length(pc.fill_null(group[plan], "")), 0)
    elsewhere = pc.is_in(group[kind], value_set=pa.array(_OF_OTHER_SERVICES))
    return pc.or_kleene(product, pc.and_(bears_plan, pc.invert(elsewhere)))


def _as_raw(lines: pa.Table, constants: dict[str, object]) -> pa.Table:
    """Rename and cast lines to the raw table's columns."""
    count = lines.num_rows
    columns = []
    for column in CUR_DATA.schema:
        source = _SOURCES.get(column.name, column.name)
        if column.name in constants:
            columns.append(pa.repeat(pa.scalar(constants[column.name], column.type), count))
        elif source in lines.column_names:
            columns.append(lines[source].cast(column.type, safe=False))
        elif column.name == "region" and _PRODUCT_MAP in lines.column_names:
            columns.append(_region_in_map(lines[_PRODUCT_MAP]))
        else:
            columns.append(pa.nulls(count, column.type))
    return pa.table(columns, schema=CUR_DATA.schema)


def _region_in_map(product: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_map(product.type):
        return pa.nulls(len(product), pa.string())
    return pc.map_lookup(product, "region", "first").cast(pa.string())
