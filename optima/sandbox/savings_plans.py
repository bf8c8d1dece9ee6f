"""The rates of Database Savings Plans for DynamoDB: DescribeSavingsPlansOfferingRates."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from optima.sandbox.billing.coverage import plan_saving
from optima.sandbox.prices import PRODUCTS, REGION_CODES, price_list
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, json_reply

_SERVICE_CODE = "AmazonDynamoDB"
_PAGE = 100
_GREATEST_PAGE = 1000
_YEAR_SECONDS = 31_536_000
_OFFERING = {
    "offeringId": str(uuid.uuid5(uuid.NAMESPACE_URL, "database-savings-plan-1yr-no-upfront")),
    "paymentOption": "No Upfront",
    "planType": "Database",
    "durationSeconds": _YEAR_SECONDS,
    "currency": "USD",
    "planDescription": "1 year No Upfront Database Savings Plan",
}
# What a request may restrict, and what it restricts.
_RESTRICTIONS = {
    "products": "productType",
    "serviceCodes": "serviceCode",
    "usageTypes": "usageType",
    "operations": "operation",
}
_OFFERING_RESTRICTIONS = {
    "savingsPlanOfferingIds": "offeringId",
    "savingsPlanPaymentOptions": "paymentOption",
    "savingsPlanTypes": "planType",
}


class SavingsPlans:
    """One offering: a year, nothing upfront. The same whoever asks."""

    def __init__(self) -> None:
        self._rates = list(_rates())

    def handlers(self) -> Handlers:
        """What is answered here; moto has no savings plans."""
        return {("savingsplans", "DescribeSavingsPlansOfferingRates"): self.describe_offering_rates}

    def describe_offering_rates(self, call: Call) -> Reply:
        """At most a thousand rates a page; 100 where the request does not say."""
        request = call.json()
        size = request.get("maxResults") or _PAGE
        token = request.get("nextToken") or "0"
        if not 1 <= size <= _GREATEST_PAGE:
            raise ServiceError("ValidationException", f"maxResults must be between 1 and {_GREATEST_PAGE}.")
        if not str(token).isdigit():
            raise ServiceError("ValidationException", "The next token specified is invalid.")
        found = [rate for rate in self._rates if _is_asked_for(rate, request)]
        start = int(token)
        answer: dict[str, Any] = {"searchResults": found[start : start + size]}
        if start + size < len(found):
            answer["nextToken"] = str(start + size)
        return json_reply(answer)


def _rates() -> Iterator[dict[str, Any]]:
    """Every rate that a plan has, by region and product."""
    for region, code in REGION_CODES.items():
        for key, product in PRODUCTS.items():
            saving = plan_saving(key)
            tiers = price_list().get((region, key))
            if saving is None or not tiers:
                continue
            rate = Decimal(tiers[-1].usd) * (1 - Decimal(str(saving)))
            yield {
                "savingsPlanOffering": _OFFERING,
                "rate": f"{rate.normalize():f}",
                "unit": tiers[-1].unit,
                "productType": "DynamoDB",
                "serviceCode": _SERVICE_CODE,
                "usageType": code + product.usage_type,
                "operation": product.operation,
                "properties": [{"name": "region", "value": region}],
            }


def _is_asked_for(rate: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    offering = rate["savingsPlanOffering"]
    properties = {entry["name"]: entry["value"] for entry in rate["properties"]}
    return (
        all(_allows(request.get(name), rate[field]) for name, field in _RESTRICTIONS.items())
        and all(_allows(request.get(name), offering[field]) for name, field in _OFFERING_RESTRICTIONS.items())
        and all(properties.get(entry["name"]) in entry["values"] for entry in request.get("filters") or ())
    )


def _allows(values: list[str] | None, value: str) -> bool:
    return not values or value in values
