"""What the cost and usage reports say of each line, by the column names of CUR 2.0.

The legacy reports say the same under names of their own, see `legacy`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from optima.sandbox.billing.formats.portion import Portion
from optima.sandbox.billing.lines import DYNAMODB, Lines
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.demand import Values
from optima.sandbox.prices import REGION_NAMES

_OF_USE = ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage")
_RESERVED = ("DiscountedUsage", "RIFee")
_PRODUCT_NAMES = {
    DYNAMODB: "Amazon DynamoDB",
    "AmazonEC2": "Amazon Elastic Compute Cloud",
    "AmazonS3": "Amazon Simple Storage Service",
    "AWSBackup": "AWS Backup",
    "DatabaseSavingsPlans": "Savings Plans for AWS Database usage",
}
_INVOICER = "Amazon Web Services, Inc."


def product_name(lines: Lines) -> str:
    """The service as an invoice words it."""
    code = lines.origin.product_code
    return _PRODUCT_NAMES.get(code, code)


def user_tags(lines: Lines) -> dict[str, str]:
    """Cost allocation tags, as the reports spell their keys."""
    return {f"user_{name}": value for name, value in lines.origin.tags.items()}


def columns(portion: Portion) -> dict[str, pa.Array]:
    """All columns that have a value in any line."""
    known = {**_identity(portion), **_line_item(portion), **_product(portion), **_pricing(portion)}
    return {**known, **_further(portion)}


def _identity(portion: Portion) -> dict[str, pa.Array]:
    return {
        "identity_line_item_id": pa.array(np.arange(portion.count)).cast(pa.string()),
        "identity_time_interval": portion.intervals(),
        "bill_bill_type": portion.text(lambda lines: lines.bill_type),
        "bill_billing_entity": portion.same("AWS"),
        "bill_invoicing_entity": portion.same(_INVOICER),
        "bill_payer_account_id": portion.same(MANAGEMENT_ACCOUNT_ID),
        "bill_payer_account_name": portion.same(portion.names[MANAGEMENT_ACCOUNT_ID]),
        "bill_billing_period_start_date": portion.month_begins,
        "bill_billing_period_end_date": portion.month_ends,
    }


def _line_item(portion: Portion) -> dict[str, pa.Array]:
    costs = portion.numbers(lambda lines: lines.costs)
    rates = portion.text(_unblended_rate)
    return {
        "line_item_usage_account_id": portion.text(lambda lines: lines.origin.account_id),
        "line_item_usage_account_name": portion.text(lambda lines: portion.names[lines.origin.account_id]),
        "line_item_line_item_type": portion.text(lambda lines: lines.line_type),
        "line_item_usage_start_date": portion.begins,
        "line_item_usage_end_date": portion.ends,
        "line_item_product_code": portion.text(lambda lines: lines.origin.product_code),
        "line_item_usage_type": portion.text(lambda lines: lines.origin.usage_type),
        "line_item_operation": portion.text(lambda lines: lines.origin.operation or None),
        "line_item_resource_id": portion.text(lambda lines: lines.origin.resource_id),
        "line_item_usage_amount": portion.numbers(lambda lines: lines.amounts),
        "line_item_currency_code": portion.same("USD"),
        "line_item_unblended_rate": rates,
        "line_item_unblended_cost": costs,
        "line_item_blended_rate": rates,
        "line_item_blended_cost": costs,
        "line_item_net_unblended_cost": portion.numbers(lambda lines: lines.net_costs),
        "line_item_line_item_description": portion.text(lambda lines: lines.description),
        "line_item_legal_entity": portion.same(_INVOICER),
    }


def _unblended_rate(lines: Lines) -> str | None:
    """Discounts, taxes and credits have none."""
    is_priced = lines.line_type in (*_OF_USE, "RIFee", "Fee", "SavingsPlanRecurringFee")
    return f"{lines.rate:.10f}" if is_priced else None


def _product(portion: Portion) -> dict[str, pa.Array]:
    return {
        "product_product_family": portion.text(lambda lines: lines.origin.product_family or None),
        "product_region_code": portion.text(lambda lines: lines.origin.region),
        "product_location": portion.text(lambda lines: REGION_NAMES.get(lines.origin.region)),
        "product_servicecode": portion.text(lambda lines: lines.origin.product_code),
        "product_usagetype": portion.text(lambda lines: lines.origin.usage_type),
        "product_operation": portion.text(lambda lines: lines.origin.operation or None),
        "product": portion.maps(
            lambda lines: {
                "product_name": product_name(lines),
                "region": lines.origin.region,
                "servicecode": lines.origin.product_code,
            }
        ),
        "resource_tags": portion.maps(user_tags),
        "cost_category": portion.maps(lambda _: {}),
    }


def _pricing(portion: Portion) -> dict[str, pa.Array]:
    return {
        "pricing_currency": portion.same("USD"),
        "pricing_term": portion.text(_term),
        "pricing_unit": portion.text(lambda lines: lines.origin.unit or None),
        "pricing_public_on_demand_rate": portion.text(
            lambda lines: None if lines.list_rate is None else f"{lines.list_rate:.10f}"
        ),
        "pricing_public_on_demand_cost": portion.numbers(lambda lines: lines.list_costs),
    }


def _term(lines: Lines) -> str | None:
    if lines.line_type in _RESERVED:
        return "Reserved"
    return "OnDemand" if lines.line_type in (*_OF_USE, "SavingsPlanNegation") else None


def _further(portion: Portion) -> dict[str, pa.Array]:
    """What only some kinds of lines say: of commitments and taxes."""
    is_text = {
        name: isinstance(value, str) for lines in portion.groups for name, value in lines.columns.items()
    }
    return {
        **{name: _column(portion, name, is_text[name]) for name in is_text},
        "reservation_effective_cost": _effective(portion, is_plan=False, is_net=False),
        "reservation_net_effective_cost": _effective(portion, is_plan=False, is_net=True),
        "savings_plan_savings_plan_effective_cost": _effective(portion, is_plan=True, is_net=False),
        "savings_plan_net_savings_plan_effective_cost": _effective(portion, is_plan=True, is_net=True),
    }


def _column(portion: Portion, name: str, is_text: bool) -> pa.Array:
    def value(lines: Lines) -> Any:
        return lines.columns.get(name)

    return portion.text(value) if is_text else portion.numbers(value)


def _effective(portion: Portion, *, is_plan: bool, is_net: bool) -> pa.Array:
    def costs(lines: Lines) -> Values | None:
        commitment = lines.commitment
        if commitment is None or commitment.is_plan != is_plan:
            return None
        return commitment.net_effective_costs if is_net else commitment.effective_costs

    return portion.numbers(costs)
