"""The price list of DynamoDB: every product, term and tier of the regions that have tables.

Rows are kept under region, SKU, rate code and the date from which the price holds, so that an older price
stays beside the one that followed it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, as_load_error
from loaders.aws.paging import Calls
from loaders.aws.regions import check_names
from loaders.errors import LoadError
from loaders.ledger import UnitDone, UnitPlan, recorded
from loaders.pipeline import Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import PRICING_DATA

SERVICE_CODE = "AmazonDynamoDB"
# The price list is served from three regions only; it holds the prices of all.
_ENDPOINT_REGION = "us-east-1"
# Prices change a few times a year: a list this young is not fetched again.
_FRESH = timedelta(hours=24)

Row = dict[str, object]


def load(
    warehouse: Warehouse,
    access: Access,
    *,
    regions: Sequence[str] | None = None,
    force_refresh: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the price list of regions.

    Args:
        regions: default: every region of the inventory, those of replicas included.
        force_refresh: fetch also what was loaded within the last 24 hours.
        now: naive UTC instant that the rows say they were loaded at.

    Returns:
        The report; `counts` has the SKUs by region, of those regions that were fetched.

    Raises:
        LoadError: credentials, an unknown region, no region to price, or the price list may not be read.
    """
    sessions = Sessions(access)
    progress = progress or Silent()
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "collect-pricing") as (ledger, report),
    ):
        connection = opened.connection
        if regions is not None:
            check_names(regions, sessions)
        wanted = sorted(set(regions)) if regions is not None else _inventoried_regions(connection)
        _ = sessions.caller  # the credentials are good, or nothing begins
        stale = wanted if force_refresh else [r for r in wanted if not _is_fresh(connection, r, now)]
        report.units_total = len(stale)
        progress.total(len(stale))
        ledger.plan(UnitPlan(region, "prices", region=region) for region in stale)
        for region in stale:
            calls = Calls()
            rows = _read(sessions, region, calls, now)
            if rows:
                opened.load((PRICING_DATA, pa.Table.from_pylist(rows, PRICING_DATA.schema)))
                report.counts[region] = len({row["sku"] for row in rows})
            else:
                message = (
                    f"The price list has nothing on DynamoDB in {region}: its tables will have no price."
                )
                report.add_problem(Problem(None, region, "price list", message))
            ledger.done([UnitDone(region, len(rows), calls.made)])
            report.rows += len(rows)
            report.calls += calls.made
            report.units_done += 1
            progress.advance(1, region)
    return report


def _inventoried_regions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        """
        select region from raw_dynamodb.table_metadata where _dlt_valid_to is null
        union
        select unnest(json_extract_string(replica_regions, '$[*]'))
        from raw_dynamodb.table_metadata where _dlt_valid_to is null and replica_regions is not null
        order by all
        """
    ).fetchall()
    if not found:
        raise LoadError(
            "No table is known, so no region needs prices: run `dynamodb-optima discover` first, or name "
            "regions."
        )
    return [region for (region,) in found]


def _is_fresh(connection: duckdb.DuckDBPyConnection, region: str, now: datetime) -> bool:
    newest = connection.execute(
        "select max(loaded_at) from raw_pricing.pricing_data where region = ?", [region]
    ).fetchone()
    return bool(newest and newest[0] is not None and abs(now - newest[0]) < _FRESH)


def _read(sessions: Sessions, region: str, calls: Calls, now: datetime) -> list[Row]:
    client = sessions.client("pricing", region=_ENDPOINT_REGION)
    try:
        products = calls.items(
            client,
            "get_products",
            "PriceList",
            ServiceCode=SERVICE_CODE,
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        )
        return [row for text in products for row in price_rows(json.loads(text), region, now)]
    except AWS_ERRORS as error:
        raise as_load_error(error, f"the price list of {region}") from error


def price_rows(product: Mapping[str, Any], region: str, now: datetime) -> Iterator[Row]:
    """Yield one row for each price of a product: of each term, and of each tier of a term."""
    attributes = product["product"].get("attributes", {})
    sku = product["product"]["sku"]
    for term_type, terms in product.get("terms", {}).items():
        for term in terms.values():
            conditions = term.get("termAttributes", {})
            for rate_code, price in term["priceDimensions"].items():
                currency, amount = next(iter(price["pricePerUnit"].items()))
                yield {
                    "pricing_id": hashlib.md5(f"{region}|{sku}|{rate_code}".encode()).hexdigest(),
                    "region": region,
                    "sku": sku,
                    "rate_code": rate_code,
                    "service_code": product.get("serviceCode"),
                    "product_family": product["product"].get("productFamily"),
                    "operation": attributes.get("operation"),
                    "group_name": attributes.get("group"),
                    "volume_type": attributes.get("volumeType"),
                    "usage_type": attributes.get("usagetype"),
                    "term_type": term_type,
                    "lease_contract_length": conditions.get("LeaseContractLength"),
                    "purchase_option": conditions.get("PurchaseOption"),
                    "offering_class": conditions.get("OfferingClass"),
                    "unit": price.get("unit"),
                    "begin_range": _bound(price.get("beginRange")),
                    "end_range": _bound(price.get("endRange")),
                    "price_per_unit": _price(amount),
                    "currency": currency,
                    "effective_at": _instant(term.get("effectiveDate")),
                    "publication_at": _instant(product.get("publicationDate")),
                    "description": price.get("description"),
                    "loaded_at": now,
                }


def _price(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("1e-12"))


def _bound(text: str | None) -> Decimal | None:
    """Return an end of a tier; "Inf" and nothing at all mean that there is none."""
    return None if text is None or text.casefold() == "inf" else _price(text)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
