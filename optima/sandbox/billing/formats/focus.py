"""The rows of a FOCUS export, 1.0 and 1.2.

FOCUS has no lines for discounts and for negations: what is billed is net, and use that a commitment covers is
billed at nothing. The unused part of a fee is a row of its own. Units have names of their own. The usage type
is `x_UsageType` in 1.0 and `SkuMeter` in 1.2. Refunds are credits that correct something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from optima.sandbox.billing.formats.cur import product_name, user_tags
from optima.sandbox.billing.formats.portion import INSTANT, Portion
from optima.sandbox.billing.lines import Commitment, Lines, rounded
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.demand import Values
from optima.sandbox.prices import REGION_NAMES

_NAMES_1_0 = """
AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd
BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd
ChargePeriodStart CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName
CommitmentDiscountStatus CommitmentDiscountType ConsumedQuantity ConsumedUnit ContractedCost
ContractedUnitPrice EffectiveCost InvoiceIssuerName ListCost ListUnitPrice PricingCategory PricingQuantity
PricingUnit ProviderName PublisherName RegionId RegionName ResourceId ResourceName ResourceType
ServiceCategory ServiceName SkuId SkuPriceId SubAccountId SubAccountName Tags x_CostCategories x_Discounts
x_Operation x_ServiceCode x_UsageType
"""
_NAMES_1_2 = """
AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingAccountType BillingCurrency
BillingPeriodEnd BillingPeriodStart CapacityReservationId CapacityReservationStatus ChargeCategory ChargeClass
ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart CommitmentDiscountCategory
CommitmentDiscountId CommitmentDiscountName CommitmentDiscountQuantity CommitmentDiscountStatus
CommitmentDiscountType CommitmentDiscountUnit ConsumedQuantity ConsumedUnit ContractedCost
ContractedUnitPrice EffectiveCost InvoiceId InvoiceIssuerName ListCost ListUnitPrice PricingCategory
PricingCurrency PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice
PricingQuantity PricingUnit ProviderName PublisherName RegionId RegionName ResourceId ResourceName
ResourceType ServiceCategory ServiceName ServiceSubcategory SkuId SkuMeter SkuPriceDetails SkuPriceId
SubAccountId SubAccountName SubAccountType Tags x_Discounts x_Operation x_ServiceCode
"""
COLUMNS = {"focus_1_0": tuple(_NAMES_1_0.split()), "focus_1_2": tuple(_NAMES_1_2.split())}

_NUMBERS = {
    *("BilledCost", "CommitmentDiscountQuantity", "ConsumedQuantity", "ContractedCost"),
    *("ContractedUnitPrice", "EffectiveCost", "ListCost", "ListUnitPrice", "PricingQuantity"),
    *("PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice"),
}
_INSTANTS = {"BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"}
_MAPS = {"Tags", "x_CostCategories", "x_Discounts", "SkuPriceDetails"}
_UNITS = {"GB-Mo": "GB-Months", "Hrs": "Hours"}
_CATEGORIES = {
    "Usage": "Usage",
    "DiscountedUsage": "Usage",
    "SavingsPlanCoveredUsage": "Usage",
    "RIFee": "Purchase",
    "SavingsPlanRecurringFee": "Purchase",
    "Fee": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
    "Refund": "Credit",
}
_RECURRING = ("RIFee", "SavingsPlanRecurringFee")
_OTHER_SERVICES = {"AmazonEC2": "Compute", "AmazonS3": "Storage", "AWSBackup": "Storage"}


@dataclass(frozen=True)
class _Charge(Lines):
    """Lines as FOCUS tells them."""

    category: str = "Usage"
    status: str | None = None
    billed: Values | None = None
    effective: Values | None = None
    contracted: Values | None = None


def kind_of(name: str) -> pa.DataType:
    """The type of a column."""
    if name in _NUMBERS:
        return pa.float64()
    if name in _INSTANTS:
        return INSTANT
    return pa.map_(pa.string(), pa.string()) if name in _MAPS else pa.string()


def table(portion: Portion, version: str) -> pa.Table:
    """The rows of one file of `focus_1_0` or `focus_1_2`."""
    charges = [charge for lines in portion.groups for charge in _charges(lines)]
    told = replace(portion, groups=charges)
    known = {**_who(told), **_what(told), **_costs(told), **_commitments(told)}
    return pa.table(
        {name: known[name] if name in known else told.nothing(kind_of(name)) for name in COLUMNS[version]}
    )


def _charges(lines: Lines) -> Iterator[_Charge]:
    """The rows that a line has: none, one, or for a fee that was not used up two."""
    category = _CATEGORIES.get(lines.line_type)
    commitment = lines.commitment
    if category is None or lines.net_costs is None:
        return
    nothing = np.zeros(len(lines.hours))
    if commitment is None:
        is_use = category == "Usage"
        contracted = lines.net_costs if is_use else nothing
        yield _told_as(lines, category, None, lines.net_costs, lines.net_costs, contracted)
    elif category == "Usage":
        effective, net = commitment.effective_costs, commitment.net_effective_costs
        assert effective is not None
        assert net is not None
        share = np.divide(net, effective, out=nothing.copy(), where=effective != 0)
        yield _told_as(lines, category, "Used", nothing, net, rounded(lines.list_costs * share))
    else:
        yield _told_as(lines, category, None, lines.net_costs, nothing, nothing)
        yield from _unused(lines, commitment)


def _unused(lines: Lines, commitment: Commitment) -> Iterator[_Charge]:
    """What a fee was paid for in vain, where there is any."""
    if commitment.unused_amounts is None or commitment.net_unused_costs is None:
        return
    where = np.flatnonzero(commitment.unused_amounts)
    if not len(where):
        return
    nothing = np.zeros(len(where))
    rest = replace(
        lines, hours=lines.hours[where], amounts=commitment.unused_amounts[where], list_costs=nothing
    )
    yield _told_as(rest, "Usage", "Unused", nothing, commitment.net_unused_costs[where], nothing)


def _told_as(
    lines: Lines, category: str, status: str | None, billed: Values, effective: Values, contracted: Values
) -> _Charge:
    fields = {name: getattr(lines, name) for name in Lines.__dataclass_fields__}
    return _Charge(
        **fields,
        category=category,
        status=status,
        billed=billed,
        effective=effective,
        contracted=contracted,
    )


def _who(told: Portion) -> dict[str, pa.Array]:
    issuer = told.same("Amazon Web Services, Inc.")
    return {
        "BillingAccountId": told.same(MANAGEMENT_ACCOUNT_ID),
        "BillingAccountName": told.same(told.names[MANAGEMENT_ACCOUNT_ID]),
        "BillingAccountType": told.same("Account"),
        "BillingCurrency": told.same("USD"),
        "BillingPeriodStart": told.month_begins,
        "BillingPeriodEnd": told.month_ends,
        "InvoiceIssuerName": issuer,
        "ProviderName": told.same("AWS"),
        "PublisherName": issuer,
        "SubAccountId": told.text(lambda lines: lines.origin.account_id),
        "SubAccountName": told.text(lambda lines: told.names[lines.origin.account_id]),
        "SubAccountType": told.same("Account"),
        "RegionId": told.text(lambda lines: lines.origin.region),
        "RegionName": told.text(lambda lines: REGION_NAMES.get(lines.origin.region)),
        "ResourceId": told.text(lambda lines: lines.origin.resource_id),
        "Tags": told.maps(user_tags),
        "x_CostCategories": told.maps(lambda _: {}),
        "x_Discounts": told.maps(lambda _: {}),
    }


def _what(told: Portion) -> dict[str, pa.Array]:
    usage_types = told.text(lambda lines: lines.origin.usage_type)
    return {
        "ChargePeriodStart": told.begins,
        "ChargePeriodEnd": told.ends,
        "ChargeCategory": told.text(lambda lines: _told(lines).category),
        "ChargeClass": told.text(lambda lines: "Correction" if lines.line_type == "Refund" else None),
        "ChargeDescription": told.text(lambda lines: lines.description),
        "ChargeFrequency": told.text(_frequency),
        "ServiceName": told.text(product_name),
        "ServiceCategory": told.text(
            lambda lines: _OTHER_SERVICES.get(lines.origin.product_code, "Databases")
        ),
        "SkuMeter": usage_types,
        "x_UsageType": usage_types,
        "x_Operation": told.text(lambda lines: lines.origin.operation or None),
        "x_ServiceCode": told.text(lambda lines: lines.origin.product_code),
    }


def _costs(told: Portion) -> dict[str, pa.Array]:
    units = told.text(lambda lines: _unit(lines) if _told(lines).category in ("Usage", "Purchase") else None)
    return {
        "BilledCost": told.numbers(lambda lines: _told(lines).billed),
        "EffectiveCost": told.numbers(lambda lines: _told(lines).effective),
        "ListCost": told.numbers(lambda lines: lines.list_costs),
        "ContractedCost": told.numbers(lambda lines: _told(lines).contracted),
        "ListUnitPrice": told.rates(lambda lines: lines.list_rate),
        "ConsumedQuantity": told.numbers(lambda lines: lines.amounts if _is_consumed(lines) else None),
        "ConsumedUnit": told.text(lambda lines: _unit(lines) if _is_consumed(lines) else None),
        "PricingCategory": told.text(_pricing_category),
        "PricingCurrency": told.same("USD"),
        "PricingCurrencyEffectiveCost": told.numbers(lambda lines: _told(lines).effective),
        "PricingQuantity": told.numbers(
            lambda lines: lines.amounts if _told(lines).category in ("Usage", "Purchase") else None
        ),
        "PricingUnit": units,
    }


def _commitments(told: Portion) -> dict[str, pa.Array]:
    return {
        "CommitmentDiscountId": told.text(lambda lines: lines.commitment.arn if lines.commitment else None),
        "CommitmentDiscountCategory": told.text(
            lambda lines: ("Spend" if lines.commitment.is_plan else "Usage") if lines.commitment else None
        ),
        "CommitmentDiscountType": told.text(
            lambda lines: (
                ("Savings Plan" if lines.commitment.is_plan else "Reserved") if lines.commitment else None
            )
        ),
        "CommitmentDiscountStatus": told.text(lambda lines: _told(lines).status),
    }


def _told(lines: Lines) -> _Charge:
    assert isinstance(lines, _Charge)
    return lines


def _is_consumed(lines: Lines) -> bool:
    return _told(lines).category == "Usage" and _told(lines).status != "Unused"


def _unit(lines: Lines) -> str | None:
    unit = lines.origin.unit
    return (_UNITS.get(unit) or unit.replace("-Hrs", "-Hours")) or None


def _frequency(lines: Lines) -> str:
    if lines.line_type in _RECURRING and _told(lines).category == "Purchase":
        return "Recurring"
    return "Usage-Based" if _told(lines).category == "Usage" else "One-Time"


def _pricing_category(lines: Lines) -> str | None:
    if _told(lines).category not in ("Usage", "Purchase"):
        return None
    return "Committed" if lines.commitment and _told(lines).category == "Usage" else "Standard"
