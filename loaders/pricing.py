"""The price list of DynamoDB: every product, term and tier of the regions that have tables.

Rows are kept under region, SKU, rate code and the date from which the price holds, so that an older price
stays beside the one that followed it. What Database Savings Plans charge per unit comes with them, from an
API of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, as_load_error, kind_of, sentence, status_of
from loaders.aws.paging import Calls
from loaders.aws.regions import check_names
from loaders.batches import Fetched, fetch_in_batches
from loaders.errors import LoadError
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import PRICING_DATA, SAVINGS_PLAN_RATES

SERVICE_CODE = "AmazonDynamoDB"
# The price list is served from three regions only; it holds the prices of all.
_ENDPOINT_REGION = "us-east-1"
# botocore sends the name of a plan type as it is, so that one older than this type asks for it all the same.
_PLAN_TYPE = "Database"
# Prices change a few times a year: a list this young is not fetched again.
_FRESH = timedelta(hours=24)
# The price list allows few calls a second, whoever makes them.
_WORKERS = 4

Row = dict[str, object]


def load(
    warehouse: Warehouse,
    access: Access,
    *,
    regions: Sequence[str] | None = None,
    force_refresh: bool = False,
    resume: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the price list of regions: a unit of work each, so that one that fails does not stop the others.

    Args:
        regions: default: every region of the inventory, those of replicas included.
        force_refresh: fetch also what was loaded within the last 24 hours.
        resume: go on with the last load of prices that did not complete, as it was asked for, leaving out the
            regions that it has read.
        now: naive UTC instant that the rows say they were loaded at.

    Returns:
        The report; `counts` has the SKUs by region, of those regions that were fetched.

    Raises:
        LoadError: credentials, an unknown region, or no region to price.
    """
    sessions = Sessions(access)
    asked: dict[str, Any] = {
        "regions": None if regions is None else sorted(set(regions)),
        "force_refresh": force_refresh,
    }
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "collect-pricing", resume=resume, arguments=asked) as (ledger, report),
    ):
        asked |= ledger.arguments
        if asked["regions"] is not None:
            check_names(asked["regions"], sessions)
        wanted = asked["regions"] or _inventoried_regions(opened.connection)
        ledger.called_by(sessions.caller.account_id)  # the credentials are good, or nothing begins
        done = ledger.units_done()
        fresh = set() if asked["force_refresh"] else _fresh(opened.connection, now)
        due = [region for region in wanted if region in done or region not in fresh]
        _Prices(opened, sessions, ledger, report, progress or Silent(), now).read(due, done)
    return report


@dataclass
class _RegionRead:
    """The prices of one region and the rates of savings plans, and what they took.

    `refusal` is what AWS answered instead of the rates, without which prices are prices all the same.
    """

    rows: list[Row]
    rates: list[Row]
    calls: Calls
    refusal: Exception | None = None


class _Prices:
    def __init__(
        self,
        opened: OpenWarehouse,
        sessions: Sessions,
        ledger: Operation,
        report: LoadReport,
        progress: Progress,
        now: datetime,
    ) -> None:
        self._opened = opened
        self._sessions = sessions
        self._ledger = ledger
        self._report = report
        self._progress = progress
        self._now = now

    def read(self, regions: Sequence[str], done: Set[str]) -> None:
        """Fetch the regions that are not done yet and commit them in batches."""
        waiting = [region for region in regions if region not in done]
        self._report.units_total = len(regions)
        self._report.units_done = len(regions) - len(waiting)
        self._progress.total(len(regions))
        self._progress.advance(self._report.units_done)
        self._ledger.supersede(waiting)
        self._ledger.plan(UnitPlan(region, "prices", region=region) for region in waiting)
        for batch in fetch_in_batches(
            waiting,
            self._fetch,
            workers=_WORKERS,
            size=lambda read: len(read.rows),
            on_fetched=lambda fetched: self._progress.advance(1, fetched.unit),
        ):
            self._commit(batch)

    def _fetch(self, region: str) -> _RegionRead:
        calls = Calls()
        products = calls.items(
            self._sessions.client("pricing", region=_ENDPOINT_REGION),
            "get_products",
            "PriceList",
            ServiceCode=SERVICE_CODE,
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        )
        rows = [row for text in products for row in price_rows(json.loads(text), region, self._now)]
        try:
            return _RegionRead(rows, self._fetch_rates(region, calls), calls)
        except AWS_ERRORS as error:
            if kind_of(error) == "credentials":
                raise
            return _RegionRead(rows, [], calls, refusal=error)

    def _fetch_rates(self, region: str, calls: Calls) -> list[Row]:
        found = calls.items_by_token(
            self._sessions.client("savingsplans", region=_ENDPOINT_REGION),
            "describe_savings_plans_offering_rates",
            "searchResults",
            savingsPlanTypes=[_PLAN_TYPE],
            serviceCodes=[SERVICE_CODE],
            filters=[{"name": "region", "values": [region]}],
        )
        return [rate_row(rate, region, self._now) for rate in found]

    def _commit(self, batch: Sequence[Fetched[str, _RegionRead]]) -> None:
        """Write a batch in one transaction, then mark its regions."""
        rows = [row for fetched in batch if fetched.result is not None for row in fetched.result.rows]
        rates = [row for fetched in batch if fetched.result is not None for row in fetched.result.rates]
        found = ((PRICING_DATA, rows), (SAVINGS_PLAN_RATES, rates))
        loads = [(table, pa.Table.from_pylist(rows, table.schema)) for table, rows in found if rows]
        if loads:
            self._opened.load(*loads)
        for fetched in batch:
            if fetched.result is not None:
                self._done(fetched.unit, fetched.result, fetched.started_at)
            elif fetched.error is not None:
                self._failed(fetched.unit, fetched.error)

    def _done(self, region: str, read: _RegionRead, started_at: datetime | None) -> None:
        rows, calls = len(read.rows) + len(read.rates), read.calls
        self._ledger.done([UnitDone(region, rows, calls.made, calls.bytes, started_at)])
        self._report.rows += rows
        self._report.calls += calls.made
        self._report.bytes += calls.bytes
        self._report.units_done += 1
        if read.refusal is not None:
            self._without_rates(read.refusal)
        if read.rows:
            self._report.counts[region] = len({row["sku"] for row in read.rows})
        else:
            message = f"The price list has nothing on DynamoDB in {region}: its tables will have no price."
            self._report.add_problem(Problem(None, region, "price list", message))

    def _without_rates(self, refusal: Exception) -> None:
        """Report, once for all regions, what is missing; nothing but the advice on plans rests on it."""
        message = sentence(refusal, "The rates of savings plans could not be read, so that none is weighed")
        self._report.add_problem(Problem(None, None, "savings plan rates", message, "nothing"))

    def _failed(self, region: str, error: Exception) -> None:
        """Report a region, whose prices stay as they are.

        Raises:
            LoadError: it is the credentials, which no other region could do with either.
        """
        if kind_of(error) == "credentials":
            raise as_load_error(error, f"the price list of {region}") from error
        message = sentence(error, f"The price list of {region} could not be read")
        self._ledger.failed(region, message, status_of(error))
        self._report.add_problem(Problem(None, region, "price list", message))


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


def _fresh(connection: duckdb.DuckDBPyConnection, now: datetime) -> set[str]:
    """Return the regions whose prices were loaded lately."""
    newest = connection.execute(
        "select region, max(loaded_at) from raw_pricing.pricing_data group by region"
    ).fetchall()
    return {region for region, loaded_at in newest if abs(now - loaded_at) < _FRESH}


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


def rate_row(found: Mapping[str, Any], region: str, now: datetime) -> Row:
    """Return the row of a rate that a savings plan has in a region."""
    offering = found["savingsPlanOffering"]
    return {
        "offering_id": offering["offeringId"],
        "region": region,
        "usage_type": found.get("usageType"),
        "operation": found.get("operation"),
        "service_code": found.get("serviceCode"),
        "unit": found.get("unit"),
        "rate": _price(found["rate"]),
        "currency": offering.get("currency"),
        "plan_type": offering.get("planType"),
        "payment_option": offering.get("paymentOption"),
        "duration_seconds": offering.get("durationSeconds"),
        "description": offering.get("planDescription"),
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
