"""The Price List's GetProducts for DynamoDB in the sandbox's regions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from optima.sandbox.prices import PRODUCTS, REGION_CODES, REGION_NAMES, Product, Tier, price_list
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, json_reply

SERVICE_CODE = "AmazonDynamoDB"
_PAGE = 100
_FORMAT = "aws_v1"
_EFFECTIVE = "2026-10-01T00:00:00Z"
_PUBLICATION = "2026-10-08T00:00:00Z"
_VERSION = "20261008000000"
_ON_DEMAND_TERM = "JRTCKXETXF"
_RESERVED_TERMS = {"1yr": "VJWZNREJX2", "3yr": "6QCMYABX3D"}
# Reservations are bought in hundreds, and the price list states them for one unit.
_UNITS_PER_RESERVATION = 100

_MATCHES: Mapping[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda attribute, value: attribute.lower() == value.lower(),
    "EQUALS": lambda attribute, value: attribute == value,
    "CONTAINS": lambda attribute, value: value in attribute,
    "ANY_OF": lambda attribute, value: attribute in value.split(","),
    "NONE_OF": lambda attribute, value: attribute not in value.split(","),
}


class Pricing:
    """The price list. The same whoever asks: prices are public."""

    def __init__(self) -> None:
        self._products = [_product(region, key) for region in REGION_CODES for key in PRODUCTS]
        self._products = [product for product in self._products if product["terms"]]

    def handlers(self) -> Handlers:
        """What is answered here; moto has no price list."""
        return {("pricing", "GetProducts"): self.get_products}

    def get_products(self, call: Call) -> Reply:
        """At most a hundred products a page, each as JSON text."""
        request = call.json()
        if request.get("FormatVersion", _FORMAT) != _FORMAT:
            raise ServiceError("InvalidParameterException", "Unsupported format version")
        size = request.get("MaxResults") or _PAGE
        if not 1 <= size <= _PAGE:
            raise ServiceError("InvalidParameterException", f"MaxResults must be between 1 and {_PAGE}")
        token = request.get("NextToken") or "0"
        if not token.isdigit():
            raise ServiceError("InvalidNextTokenException", "Invalid next token")
        found = self._matching(request) if request.get("ServiceCode") == SERVICE_CODE else []
        start = int(token)
        answer: dict[str, Any] = {
            "FormatVersion": _FORMAT,
            "PriceList": [json.dumps(product) for product in found[start : start + size]],
        }
        if start + size < len(found):
            answer["NextToken"] = str(start + size)
        return json_reply(answer)

    def _matching(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        entries = request.get("Filters") or []
        if any(entry["Type"] not in _MATCHES for entry in entries):
            raise ServiceError("InvalidParameterException", "Unknown filter type")
        filters = [(_MATCHES[entry["Type"]], entry["Field"], entry["Value"]) for entry in entries]
        return [
            product
            for product in self._products
            if all(matches(_attributes(product).get(field, ""), value) for matches, field, value in filters)
        ]


def _attributes(product: Mapping[str, Any]) -> Mapping[str, str]:
    """What filters look at: the product's attributes and its family."""
    return {**product["product"]["attributes"], "productFamily": product["product"]["productFamily"]}


def _product(region: str, key: str) -> dict[str, Any]:
    product = PRODUCTS[key]
    sku = hashlib.sha256(f"{region} {key}".encode()).hexdigest()[:16].upper()
    attributes = {
        "servicecode": SERVICE_CODE,
        "servicename": "Amazon DynamoDB",
        "location": REGION_NAMES[region],
        "locationType": "AWS Region",
        "regionCode": region,
        "usagetype": REGION_CODES[region] + product.usage_type,
        "operation": product.operation,
        **({"group": product.group} if product.group else {}),
        **({"volumeType": product.volume_type} if product.volume_type else {}),
    }
    return {
        "product": {"productFamily": product.family, "attributes": attributes, "sku": sku},
        "serviceCode": SERVICE_CODE,
        "terms": _terms(region, key, sku, product),
        "version": _VERSION,
        "publicationDate": _PUBLICATION,
    }


def _terms(region: str, key: str, sku: str, product: Product) -> dict[str, Any]:
    tiers = price_list().get((region, key))
    if not tiers:
        return {}
    terms = {"OnDemand": _term(sku, _ON_DEMAND_TERM, {}, _dimensions(sku, _ON_DEMAND_TERM, product, tiers))}
    if key in ("provisioned.read.standard", "provisioned.write.standard"):
        terms["Reserved"] = _reserved(region, key.split(".")[1], sku, tiers[0].unit)
    return terms


def _term(
    sku: str, code: str, attributes: Mapping[str, str], dimensions: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        f"{sku}.{code}": {
            "priceDimensions": dimensions,
            "sku": sku,
            "effectiveDate": _EFFECTIVE,
            "offerTermCode": code,
            "termAttributes": attributes,
        }
    }


def _dimensions(sku: str, term: str, product: Product, tiers: Iterable[Tier]) -> dict[str, Any]:
    """One per tier, in no particular order: here by rate code, so that the free tier may come last."""
    dimensions = {}
    for tier in tiers:
        rate = hashlib.sha256(f"{sku} {tier.begin}".encode()).hexdigest()[:10].upper()
        dimensions[f"{sku}.{term}.{rate}"] = {
            "unit": tier.unit,
            "beginRange": tier.begin,
            "endRange": tier.end,
            "description": f"${tier.usd} per {tier.unit} of {product.usage_type}",
            "appliesTo": [],
            "rateCode": f"{sku}.{term}.{rate}",
            "pricePerUnit": {"USD": f"{tier.usd}"},
        }
    return dict(sorted(dimensions.items()))


def _reserved(region: str, dimension: str, sku: str, unit: str) -> dict[str, Any]:
    """An upfront fee and an hourly rate for each length of the commitment."""
    terms: dict[str, Any] = {}
    for length, code in _RESERVED_TERMS.items():
        prefix = f"reserved.{length}.{dimension}"
        upfront = price_list()[region, f"{prefix}.upfront_per_100"][0]
        hourly = price_list()[region, f"{prefix}.hourly_per_100"][0]
        attributes = {
            "LeaseContractLength": length,
            "OfferingClass": "standard",
            "PurchaseOption": "Heavy Utilization",
        }
        dimensions = {
            f"{sku}.{code}.{name}": {
                "unit": price_unit,
                "description": f"{prefix} {name}",
                "appliesTo": [],
                "rateCode": f"{sku}.{code}.{name}",
                "pricePerUnit": {"USD": f"{float(tier.usd) / _UNITS_PER_RESERVATION:.10f}"},
            }
            for name, price_unit, tier in (("2TG2D8R56U", "Quantity", upfront), ("6YS6EN2CT7", unit, hourly))
        }
        terms |= _term(sku, code, attributes, dimensions)
    return terms
