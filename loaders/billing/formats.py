"""The kinds of billing exports that are read, and how they are told from one another."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, get_args

Format = Literal["legacy_csv", "legacy_parquet", "cur2_csv", "cur2_parquet", "focus_1_0", "focus_1_2"]
FileKind = Literal["parquet", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)

_LABELS: dict[Format, str] = {
    "legacy_csv": "legacy report",
    "legacy_parquet": "legacy report",
    "cur2_csv": "CUR 2.0",
    "cur2_parquet": "CUR 2.0",
    "focus_1_0": "FOCUS 1.0",
    "focus_1_2": "FOCUS 1.2",
}
# The name of the table that an export of Data Exports queries.
_CUR2_TABLE = "COST_AND_USAGE_REPORT"
_FOCUS_TABLE = re.compile(r"FOCUS_1_(\d)_AWS")
# What only one kind has among its columns.
_FOCUS_COLUMNS = {"BilledCost", "ChargeCategory", "x_ServiceCode"}
_FOCUS_1_2_COLUMNS = {
    "BillingAccountType",
    "CapacityReservationId",
    "CommitmentDiscountQuantity",
    "InvoiceId",
    "PricingCurrency",
    "ServiceSubcategory",
    "SkuMeter",
    "SkuPriceDetails",
    "SubAccountType",
}
_CUR2_COLUMNS = {
    "bill_payer_account_name",
    "cost_category",
    "discount",
    "line_item_usage_account_name",
    "product",
    "resource_tags",
}


def label(told: Format, files: FileKind) -> str:
    """Return what people call a format: "CUR 2.0, Parquet"."""
    return f"{_LABELS[told]}, {'Parquet' if files == 'parquet' else 'CSV'}"


def of_table(named: str, files: FileKind) -> Format | None:
    """Return the format of an export by the table that is named in its query; None if it is no bill."""
    focus = _FOCUS_TABLE.search(named.upper())
    if focus:
        return "focus_1_0" if focus[1] == "0" else "focus_1_2"
    if _CUR2_TABLE in named.upper():
        return "cur2_parquet" if files == "parquet" else "cur2_csv"
    return None


def of_columns(columns: Collection[str], files: FileKind, *, is_legacy: bool | None = None) -> Format | None:
    """Return the format by the names of columns; None if they are of no bill.

    Args:
        columns: as the file or the manifest has them, of a legacy report in CSV with their slashes.
        is_legacy: whether it is a legacy report, where that is known. Its Parquet has the names of CUR 2.0,
            of which an export's query may leave out what would tell the two.
    """
    names = set(columns)
    if names & _FOCUS_COLUMNS:
        return "focus_1_2" if names & _FOCUS_1_2_COLUMNS else "focus_1_0"
    if any(name.startswith("lineItem/") for name in names):
        return "legacy_csv"
    if not any(name.startswith("line_item_") for name in names):
        return None
    if is_legacy is None:
        is_legacy = not names & _CUR2_COLUMNS
    if is_legacy:
        return "legacy_parquet" if files == "parquet" else "legacy_csv"
    return "cur2_parquet" if files == "parquet" else "cur2_csv"
