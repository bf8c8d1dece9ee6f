"""What the formats call the columns of `raw_billing.cur_data`, and their values as its types.

Columns are found by name: an export's query may have chosen and reordered them. One that is absent is null,
unless no bill can do without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from loaders.billing.exports import UnusableDelivery
from loaders.billing.formats import Format

PRODUCT_CODE = "AmazonDynamoDB"
# Where an export of CUR 2.0 that left the column out has the region.
PRODUCT = "product"


@dataclass(frozen=True)
class Columns:
    """The columns of one family of formats.

    Attributes:
        sources: by raw column, what the family calls it; of several, the first that says something counts.
        required: raw columns without which a line can be attributed to nothing, or costs nothing.
        period: the column with the start of the billing period.
    """

    sources: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    period: str


# Of CUR 2.0 and the legacy reports. Their CSV spells them otherwise: see `canonical`.
CUR = Columns(
    sources={
        "identity_line_item_id": ("identity_line_item_id",),
        "usage_account_id": ("line_item_usage_account_id",),
        "line_item_type": ("line_item_line_item_type",),
        "product_code": ("line_item_product_code",),
        "usage_type": ("line_item_usage_type",),
        "operation": ("line_item_operation",),
        "resource_id": ("line_item_resource_id",),
        "region": ("product_region_code", "product_region", PRODUCT),
        "usage_start_at": ("line_item_usage_start_date",),
        "usage_end_at": ("line_item_usage_end_date",),
        "usage_amount": ("line_item_usage_amount",),
        "pricing_unit": ("pricing_unit",),
        "currency": ("line_item_currency_code",),
        "public_on_demand_cost": ("pricing_public_on_demand_cost",),
        "unblended_rate": ("line_item_unblended_rate",),
        "unblended_cost": ("line_item_unblended_cost",),
        "net_unblended_cost": ("line_item_net_unblended_cost",),
        "reservation_arn": ("reservation_reservation_a_r_n",),
        "reservation_effective_cost": ("reservation_effective_cost",),
        "net_reservation_effective_cost": ("reservation_net_effective_cost",),
        "savings_plan_arn": ("savings_plan_savings_plan_a_r_n",),
        "savings_plan_effective_cost": ("savings_plan_savings_plan_effective_cost",),
        "net_savings_plan_effective_cost": ("savings_plan_net_savings_plan_effective_cost",),
        "description": ("line_item_line_item_description",),
        "bill_type": ("bill_bill_type",),
        "line_payer_account_id": ("bill_payer_account_id",),
        "tax_type": ("line_item_tax_type",),
        "pricing_term": ("pricing_term",),
        "reservation_start_at": ("reservation_start_time",),
        "reservation_end_at": ("reservation_end_time",),
        "reservation_units": ("reservation_total_reserved_units",),
        "reservation_unused_quantity": ("reservation_unused_quantity",),
        "reservation_unused_recurring_fee": ("reservation_unused_recurring_fee",),
        "reservation_unused_amortized_upfront_fee": (
            "reservation_unused_amortized_upfront_fee_for_billing_period",
        ),
        "net_reservation_unused_recurring_fee": ("reservation_net_unused_recurring_fee",),
        "net_reservation_unused_amortized_upfront_fee": (
            "reservation_net_unused_amortized_upfront_fee_for_billing_period",
        ),
        "savings_plan_rate": ("savings_plan_savings_plan_rate",),
        "savings_plan_total_commitment": ("savings_plan_total_commitment_to_date",),
        "savings_plan_used_commitment": ("savings_plan_used_commitment",),
        "savings_plan_recurring_commitment": ("savings_plan_recurring_commitment_for_billing_period",),
        "savings_plan_amortized_upfront_commitment": (
            "savings_plan_amortized_upfront_commitment_for_billing_period",
        ),
        "net_savings_plan_recurring_commitment": (
            "savings_plan_net_recurring_commitment_for_billing_period",
        ),
        "net_savings_plan_amortized_upfront_commitment": (
            "savings_plan_net_amortized_upfront_commitment_for_billing_period",
        ),
        "savings_plan_start_at": ("savings_plan_start_time",),
        "savings_plan_end_at": ("savings_plan_end_time",),
        "savings_plan_offering_type": ("savings_plan_offering_type",),
        "savings_plan_payment_option": ("savings_plan_payment_option",),
        "savings_plan_purchase_term": ("savings_plan_purchase_term",),
    },
    required=(
        "usage_account_id",
        "line_item_type",
        "product_code",
        "usage_type",
        "usage_start_at",
        "usage_amount",
        "currency",
        "unblended_cost",
    ),
    period="bill_billing_period_start_date",
)

FOCUS = Columns(
    sources={
        "usage_account_id": ("SubAccountId",),
        "product_code": ("x_ServiceCode",),
        # FOCUS 1.2 made a column of the standard of it.
        "usage_type": ("x_UsageType", "SkuMeter"),
        "operation": ("x_Operation",),
        "resource_id": ("ResourceId",),
        "region": ("RegionId",),
        "usage_start_at": ("ChargePeriodStart",),
        "usage_end_at": ("ChargePeriodEnd",),
        "usage_amount": ("ConsumedQuantity",),
        "pricing_unit": ("PricingUnit",),
        "currency": ("BillingCurrency",),
        "description": ("ChargeDescription",),
        "line_payer_account_id": ("BillingAccountId",),
        "charge_category": ("ChargeCategory",),
        "charge_class": ("ChargeClass",),
        "charge_frequency": ("ChargeFrequency",),
        "pricing_category": ("PricingCategory",),
        "pricing_quantity": ("PricingQuantity",),
        "billed_cost": ("BilledCost",),
        "effective_cost": ("EffectiveCost",),
        "list_cost": ("ListCost",),
        "contracted_cost": ("ContractedCost",),
        "commitment_discount_id": ("CommitmentDiscountId",),
        "commitment_discount_type": ("CommitmentDiscountType",),
        "commitment_discount_category": ("CommitmentDiscountCategory",),
        "commitment_discount_status": ("CommitmentDiscountStatus",),
    },
    required=(
        "usage_account_id",
        "product_code",
        "usage_type",
        "usage_start_at",
        "usage_amount",
        "currency",
        "charge_category",
        "billed_cost",
        "effective_cost",
        "commitment_discount_id",
        "commitment_discount_status",
    ),
    period="BillingPeriodStart",
)

_CATEGORIES = {
    "savings_plan": "savingsPlan",
    "line_item": "lineItem",
    "reservation": "reservation",
    "identity": "identity",
    "pricing": "pricing",
    "product": "product",
    "bill": "bill",
}
_CAPITAL = re.compile(r"(?=[A-Z])")


def of(told: Format) -> Columns:
    """Return the columns of a format."""
    return FOCUS if told.startswith("focus") else CUR


def canonical(name: str) -> str:
    """Return what the Parquet of a legacy report calls a column of its CSV; other names as they are.

    `lineItem/UsageAccountId` is `line_item_usage_account_id`, `reservation/ReservationARN` is
    `reservation_reservation_a_r_n`.
    """
    category, slash, rest = name.partition("/")
    if not slash:
        return name
    words = [_CAPITAL.sub("_", part).lower().strip("_") for part in (category, rest)]
    return "_".join(words)


def spelt(name: str, told: Format) -> str:
    """Return a canonical name as a format's files spell it, for messages."""
    if told != "legacy_csv":
        return name
    for prefix, category in _CATEGORIES.items():
        if name.startswith(f"{prefix}_"):
            words = "".join(word.capitalize() for word in name[len(prefix) + 1 :].split("_"))
            lower = category in ("pricing", "product")
            return f"{category}/{words[:1].lower() + words[1:] if lower else words}"
    return name


def check_required(columns: Columns, present: Collection[str], told: Format, place: str) -> None:
    """Check that a file has what no bill can do without.

    Raises:
        UnusableDelivery: it lacks a column, which is named.
    """
    absent = [
        " or ".join(spelt(source, told) for source in columns.sources[name])
        for name in columns.required
        if not any(source in present for source in columns.sources[name])
    ]
    if absent:
        raise UnusableDelivery(
            f"{place} has no column {', '.join(absent)}: it may have been renamed; let the export have its "
            "columns under AWS's names."
        )


def as_type(values: pa.ChunkedArray, wanted: pa.DataType, name: str, place: str) -> pa.ChunkedArray:
    """Cast a column's values; empty text is null.

    Args:
        name: of the column, for the message.

    Raises:
        UnusableDelivery: it is of another type than it must be.
    """
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    if is_text:
        values = pc.if_else(pc.equal(values, ""), None, values)
    must_be = _MUST_BE[str(wanted)]
    if not (is_text or pa.types.is_null(values.type) or must_be.is_fitting(values.type)):
        raise retyped(name, place, values.type, must_be.noun)
    try:
        if is_text and pa.types.is_timestamp(wanted):
            return _instants(values).cast(wanted, safe=False)
        cast = values.cast(wanted, safe=False)
    except pa.ArrowException as error:
        raise UnusableDelivery(f"column {name} of {place} holds text that is no {must_be.noun}.") from error
    if pa.types.is_floating(wanted) and pc.any(pc.invert(pc.is_finite(cast))).as_py():
        raise UnusableDelivery(f"column {name} of {place} holds text that is no number.")
    return cast


def retyped(name: str, place: str, found: pa.DataType, wanted: str = "text") -> UnusableDelivery:
    """Return the error that says of a column that it is of another type than it must be."""
    return UnusableDelivery(f"column {name} of {place} is of type {found} instead of {wanted}.")


@dataclass(frozen=True)
class _MustBe:
    noun: str
    tests: tuple[object, ...]

    def is_fitting(self, kind: pa.DataType) -> bool:
        return any(test(kind) for test in self.tests)  # type: ignore[operator]


_MUST_BE = {
    "string": _MustBe("text", ()),
    "double": _MustBe("number", (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal)),
    "timestamp[us]": _MustBe("date", (pa.types.is_timestamp, pa.types.is_date)),
}


def _instants(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Parse `2026-10-01T00:00:00Z`, with or without the Z and a fraction of a second."""
    return pc.utf8_rtrim(values, characters="Z").cast(pa.timestamp("us"))


def region_of(product: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the region in CUR 2.0's map of the product, which is JSON text in CSV."""
    if pa.types.is_dictionary(product.type):
        product = product.cast(product.type.value_type)
    if pa.types.is_map(product.type):
        return pc.map_lookup(product, "region", "first").cast(pa.string())
    if not (pa.types.is_string(product.type) or pa.types.is_large_string(product.type)):
        return pa.nulls(len(product), pa.string())
    encoded = product.combine_chunks().dictionary_encode()
    regions = pa.array([_region_in(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([regions.take(encoded.indices)])


def _region_in(text: str) -> str | None:
    try:
        product = json.loads(text)
    except ValueError:
        return None
    found = product.get("region") if isinstance(product, dict) else None
    return found if isinstance(found, str) and found else None
