"""Price lists for tests: as AWS states them, from prices by price key."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

PRICE_ATTRIBUTES = Path(__file__).parents[2] / "seeds" / "price_attributes.csv"

LISTED_SINCE = datetime(2026, 10, 1)

# us-east-1, October 2026, USD per unit of the paid tier.
LIST_PRICES = {
    "ondemand.read.standard": "0.000000125",
    "ondemand.write.standard": "0.000000625",
    "ondemand.replicated_write.standard": "0.000000625",
    "ondemand.read.ia": "0.000000155",
    "ondemand.write.ia": "0.00000078",
    "ondemand.replicated_write.ia": "0.00000078",
    "provisioned.read.standard": "0.00013",
    "provisioned.write.standard": "0.00065",
    "provisioned.replicated_write.standard": "0.00065",
    "provisioned.read.ia": "0.00016",
    "provisioned.write.ia": "0.00081",
    "provisioned.replicated_write.ia": "0.00081",
    "storage.standard": "0.25",
    "storage.ia": "0.10",
}

# Where the paid tier begins; what is below is free.
FREE_UNTIL = {
    "provisioned.read.standard": 18600,
    "provisioned.write.standard": 18600,
    "provisioned.replicated_write.standard": 18600,
    "storage.standard": 25,
}


def price_list_rows(
    region: str, prices: Mapping[str, str], effective_at: datetime, *, has_free_tier: bool
) -> Iterator[dict[str, Any]]:
    """Yield the rows of raw_pricing.pricing_data: one per price, and one for a free tier before it."""
    with PRICE_ATTRIBUTES.open() as file:
        attributes = {row["price_key"]: row for row in csv.DictReader(file)}
    for key, price in prices.items():
        free_until = FREE_UNTIL.get(key, 0) if has_free_tier else 0
        if free_until:
            yield _rate(region, attributes[key], "0", 0, free_until, effective_at)
        yield _rate(region, attributes[key], price, free_until, None, effective_at)


def _rate(
    region: str,
    attributes: Mapping[str, str],
    price: str,
    begin_range: int,
    end_range: int | None,
    effective_at: datetime,
) -> dict[str, Any]:
    key = attributes["price_key"]
    return {
        "pricing_id": f"{region}|{key}|{begin_range}",
        "region": region,
        "sku": key,
        "rate_code": f"{key}.{begin_range}",
        "service_code": "AmazonDynamoDB",
        "operation": attributes["operation"] or None,
        "group_name": attributes["group_name"] or None,
        "volume_type": attributes["volume_type"] or None,
        "usage_type": attributes["usage_type"],
        "term_type": attributes["term_type"],
        "lease_contract_length": attributes["lease_contract_length"] or None,
        "unit": attributes["unit"],
        "begin_range": begin_range,
        "end_range": end_range,
        "price_per_unit": Decimal(price),
        "currency": "USD",
        "effective_at": effective_at,
        "publication_at": effective_at,
        "loaded_at": effective_at,
    }
