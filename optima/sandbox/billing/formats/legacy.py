"""The columns of the legacy cost and usage report, in CSV and in Parquet.

A legacy report has the columns that its organisation has values for: those of net costs with a discount, of
reservations and savings plans with such, and one for each attribute of a product and each tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from optima.sandbox.billing.formats import cur
from optima.sandbox.billing.formats.cur2_columns import COLUMNS as TYPES
from optima.sandbox.billing.formats.portion import Portion

_NAMES = """
identity/LineItemId identity/TimeInterval
bill/InvoiceId bill/InvoicingEntity bill/BillingEntity bill/BillType bill/PayerAccountId
bill/BillingPeriodStartDate bill/BillingPeriodEndDate
lineItem/UsageAccountId lineItem/LineItemType lineItem/UsageStartDate lineItem/UsageEndDate
lineItem/ProductCode lineItem/UsageType lineItem/Operation lineItem/AvailabilityZone lineItem/ResourceId
lineItem/UsageAmount lineItem/NormalizationFactor lineItem/NormalizedUsageAmount lineItem/CurrencyCode
lineItem/UnblendedRate lineItem/UnblendedCost lineItem/BlendedRate lineItem/BlendedCost
lineItem/LineItemDescription lineItem/TaxType lineItem/NetUnblendedRate lineItem/NetUnblendedCost
lineItem/LegalEntity
product/ProductName product/location product/operation product/productFamily product/region
product/regionCode product/servicecode product/usagetype
pricing/LeaseContractLength pricing/OfferingClass pricing/PurchaseOption pricing/RateCode pricing/RateId
pricing/currency pricing/publicOnDemandCost pricing/publicOnDemandRate pricing/term pricing/unit
reservation/AmortizedUpfrontCostForUsage reservation/AmortizedUpfrontFeeForBillingPeriod
reservation/EffectiveCost reservation/EndTime reservation/ModificationStatus
reservation/NetAmortizedUpfrontCostForUsage reservation/NetAmortizedUpfrontFeeForBillingPeriod
reservation/NetEffectiveCost reservation/NetRecurringFeeForUsage
reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod reservation/NetUnusedRecurringFee
reservation/NetUpfrontValue reservation/NormalizedUnitsPerReservation reservation/NumberOfReservations
reservation/RecurringFeeForUsage reservation/ReservationARN reservation/StartTime
reservation/SubscriptionId reservation/TotalReservedNormalizedUnits reservation/TotalReservedUnits
reservation/UnitsPerReservation reservation/UnusedAmortizedUpfrontFeeForBillingPeriod
reservation/UnusedNormalizedUnitQuantity reservation/UnusedQuantity reservation/UnusedRecurringFee
reservation/UpfrontValue
savingsPlan/TotalCommitmentToDate savingsPlan/SavingsPlanARN savingsPlan/SavingsPlanRate
savingsPlan/UsedCommitment savingsPlan/SavingsPlanEffectiveCost
savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod savingsPlan/RecurringCommitmentForBillingPeriod
savingsPlan/StartTime savingsPlan/EndTime savingsPlan/InstanceTypeFamily savingsPlan/OfferingType
savingsPlan/PaymentOption savingsPlan/PurchaseTerm savingsPlan/Region
savingsPlan/NetSavingsPlanEffectiveCost savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod
savingsPlan/NetRecurringCommitmentForBillingPeriod
resourceTags/user:environment resourceTags/user:team
"""
_UPPER = re.compile(r"(?<!^)(?=[A-Z])")


def _snake(name: str) -> str:
    """`lineItem/UsageType` as Parquet has it: `line_item_usage_type`."""
    return "_".join(_UPPER.sub("_", part.replace(":", "_")).lower() for part in name.split("/"))


# How a column is called in CSV, by its name in Parquet.
CSV_NAMES: Mapping[str, str] = {_snake(name): name for name in _NAMES.split()}


def table(portion: Portion) -> pa.Table:
    """The rows of one file, with the column names of Parquet."""
    known = {
        **cur.columns(portion),
        "product_product_name": portion.text(cur.product_name),
        "product_region": portion.text(lambda lines: lines.origin.region),
        "resource_tags_user_environment": portion.text(lambda lines: lines.origin.tags.get("environment")),
        "resource_tags_user_team": portion.text(lambda lines: lines.origin.tags.get("team")),
    }
    return pa.table(
        {
            name: known[name] if name in known else portion.nothing(TYPES.get(name, pa.string()))
            for name in CSV_NAMES
        }
    )
