"""The price list: every term and tier, once, and not fetched again while it is fresh."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, PaginationError
from loading import query

from loaders import pricing
from loaders.aws import Access, Sessions
from loaders.aws.paging import Calls
from loaders.errors import LoadError
from loaders.pipeline import Warehouse
from optima.sandbox import Sandbox

RATES = "select count(*), count(distinct usage_type) from raw_pricing.savings_plan_rates"
COUNT = "select count(*), count(distinct (pricing_id, effective_at)) from raw_pricing.pricing_data"


def test_prices_are_those_of_the_list(warehouse: Warehouse, organisation: Sandbox) -> None:
    report = pricing.load(warehouse, Access(), regions=["us-east-1"], now=organisation.end)
    assert report.status == "complete"
    assert query(
        warehouse,
        """
        select operation, begin_range, end_range, price_per_unit, currency
        from raw_pricing.pricing_data
        where group_name = 'DDB-WriteUnits' and term_type = 'OnDemand' order by all
        """,
    ) == [
        ("CommittedThroughput", Decimal(0), Decimal(18600), Decimal(0), "USD"),
        ("CommittedThroughput", Decimal(18600), None, Decimal("0.00065"), "USD"),
        ("PayPerRequestThroughput", Decimal(0), None, Decimal("0.000000625"), "USD"),
    ]
    terms = query(
        warehouse,
        "select distinct term_type, lease_contract_length from raw_pricing.pricing_data order by all",
    )
    assert terms == [("OnDemand", None), ("Reserved", "1yr"), ("Reserved", "3yr")]
    assert query(
        warehouse,
        """
        select usage_type, rate, currency, plan_type, payment_option, duration_seconds, loaded_at
        from raw_pricing.savings_plan_rates where usage_type like '%WriteCapacityUnit-Hrs' order by all
        """,
    ) == [
        (name, Decimal(rate), "USD", "Database", "No Upfront", 365 * 86400, organisation.end)
        for name, rate in (
            ("IA-ReplWriteCapacityUnit-Hrs", "0.0007128"),
            ("IA-WriteCapacityUnit-Hrs", "0.0007128"),
            ("ReplWriteCapacityUnit-Hrs", "0.000572"),
            ("WriteCapacityUnit-Hrs", "0.000572"),
        )
    ]


def test_a_second_load_is_served_from_what_is_fresh(warehouse: Warehouse, organisation: Sandbox) -> None:
    first = pricing.load(warehouse, Access(), regions=["us-east-1"], now=organisation.end)
    [(rows, distinct)] = query(warehouse, COUNT)
    assert query(warehouse, RATES) == [(12, 12)]
    assert rows == distinct == first.rows - 12 > 0
    with warehouse.open() as opened:  # what AWS does not offer any more goes with the next load
        opened.connection.execute("update raw_pricing.savings_plan_rates set offering_id = 'former'")
    later = organisation.end + timedelta(hours=23)
    cached = pricing.load(warehouse, Access(), regions=["us-east-1"], now=later)
    assert (cached.calls, cached.rows) == (0, 0)
    forced = pricing.load(warehouse, Access(), regions=["us-east-1"], force_refresh=True, now=later)
    assert forced.rows == first.rows
    assert query(warehouse, COUNT) == [(rows, rows)]
    assert query(warehouse, RATES) == [(12, 12)]
    assert query(warehouse, "select distinct loaded_at from raw_pricing.pricing_data") == [(later,)]
    stale = pricing.load(warehouse, Access(), regions=["us-east-1"], now=later + timedelta(hours=24))
    assert stale.calls > 0


def test_by_default_the_regions_of_the_inventory_are_priced(
    inventoried: Warehouse, organisation: Sandbox
) -> None:
    report = pricing.load(inventoried, Access(), now=organisation.end)
    regions = query(inventoried, "select distinct region from raw_dynamodb.table_metadata")
    assert set(report.counts) == {region for (region,) in regions}


def test_an_older_price_stays_beside_its_successor(warehouse: Warehouse, organisation: Sandbox) -> None:
    pricing.load(warehouse, Access(), regions=["us-east-1"], now=organisation.end)
    with warehouse.open() as opened:
        opened.connection.execute("update raw_pricing.pricing_data set effective_at = '2024-01-01'")
    pricing.load(warehouse, Access(), regions=["us-east-1"], force_refresh=True, now=organisation.end)
    [(rows, versions)] = query(
        warehouse, "select count(*), count(distinct effective_at) from raw_pricing.pricing_data"
    )
    assert versions == 2
    assert [(rows // 2,)] == query(
        warehouse, "select count(distinct pricing_id) from raw_pricing.pricing_data"
    )


def test_a_region_without_prices_is_a_problem(warehouse: Warehouse, organisation: Sandbox) -> None:
    report = pricing.load(warehouse, Access(), regions=["eu-central-1"], now=organisation.end)
    assert report.status == "partial"
    assert [problem.region for problem in report.problems] == ["eu-central-1"]


def refuse(monkeypatch: pytest.MonkeyPatch, refused: str, code: str) -> None:
    """Have AWS refuse the price list of one region; the others go over HTTP as ever."""
    items = Calls.items

    def answer(calls: Calls, client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        if {"Type": "TERM_MATCH", "Field": "regionCode", "Value": refused} in arguments.get("Filters", ()):
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
        yield from items(calls, client, operation, key, **arguments)

    monkeypatch.setattr(Calls, "items", answer)


def test_without_the_rates_of_plans_prices_are_prices_all_the_same(
    warehouse: Warehouse, organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_calls: Calls, _client: Any, operation: str, _key: str, **_arguments: Any) -> Iterator[Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    monkeypatch.setattr(Calls, "items_by_token", refused)
    report = pricing.load(warehouse, Access(), regions=["us-east-1", "us-west-2"], now=organisation.end)
    assert (report.status, set(report.counts)) == ("complete", {"us-east-1", "us-west-2"})
    assert [problem.message for problem in report.problems] == [
        "The rates of savings plans could not be read, so that none is weighed: AWS answered "
        "AccessDeniedException (no)."
    ]
    assert query(warehouse, RATES) == [(0, 0)]


@pytest.mark.usefixtures("organisation")
def test_rates_are_read_page_by_page_also_of_plans_that_boto3_does_not_know() -> None:
    client = Sessions(Access()).client("savingsplans", region="us-east-1")
    read = partial(
        Calls.items_by_token,
        client=client,
        operation="describe_savings_plans_offering_rates",
        key="searchResults",
        filters=[{"name": "region", "values": ["us-east-1"]}],
        maxResults=5,
    )
    calls = Calls()
    assert len({rate["usageType"] for rate in read(calls)}) == 12
    assert calls.made == 3
    assert list(read(Calls(), savingsPlanTypes=["Unheard"])) == []


def test_a_listing_of_rates_that_goes_in_circles_ends() -> None:
    class Circling:
        def rates(self, **_arguments: Any) -> dict[str, Any]:
            return {"searchResults": [], "nextToken": "again"}

    with pytest.raises(PaginationError, match="for the second time"):
        list(Calls().items_by_token(Circling(), "rates", "searchResults"))


REGIONS = ["us-east-1", "eu-west-1", "us-west-2"]
UNITS = "select unit, status, attempts, rows_loaded > 0, bytes > 0 from ops.checkpoints order by unit"


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDeniedException", "denied"), ("InternalErrorException", "failed")]
)
def test_a_region_that_fails_does_not_stop_the_others_and_is_resumed(
    warehouse: Warehouse,
    organisation: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    status: str,
) -> None:
    with monkeypatch.context() as patched:
        refuse(patched, "eu-west-1", code)
        first = pricing.load(warehouse, Access(), regions=REGIONS, force_refresh=True, now=organisation.end)
    assert (first.status, first.outcome) == ("partial", "complete but for 1 region")
    assert set(first.counts) == {"us-east-1", "us-west-2"}
    assert first.bytes > 0
    done = ("done", 1, True, True)
    assert query(warehouse, UNITS) == [
        ("eu-west-1", status, 1, None, None),
        ("us-east-1", *done),
        ("us-west-2", *done),
    ]
    resumed = pricing.load(warehouse, Access(), regions=None, resume=True, now=organisation.end)
    assert (resumed.operation_id, resumed.status) == (first.operation_id, "complete")
    assert set(resumed.counts) == {"eu-west-1"}
    assert query(warehouse, UNITS)[0] == ("eu-west-1", "done", 2, True, True)
    assert query(
        warehouse, "select caller_account_id, units_total, units_done from ops.collection_state"
    ) == [("123456789012", 3, 3)]
    with warehouse.open() as opened:  # as if killed when all was written and nothing marked
        opened.connection.execute("update ops.checkpoints set status = 'pending'")
        opened.connection.execute(
            "update ops.collection_state set status = 'running', arguments = '{\"force_refresh\": false}'"
        )
    marked = pricing.load(warehouse, Access(), regions=REGIONS, resume=True, now=organisation.end)
    assert (marked.operation_id, marked.rows) == (first.operation_id, 0)
    assert {status for _, status, *_ in query(warehouse, UNITS)} == {"done"}
    again = pricing.load(warehouse, Access(), regions=REGIONS, resume=True, now=organisation.end)
    assert (again.rows, len(again.notes)) == (0, 1)


def test_when_no_region_can_be_read_the_load_has_failed(
    warehouse: Warehouse, organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "us-east-1", "AccessDeniedException")
    report = pricing.load(warehouse, Access(), regions=["us-east-1"], now=organisation.end)
    assert report.outcome == "failed"


def test_credentials_that_are_no_good_end_the_load(
    warehouse: Warehouse, organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "eu-west-1", "UnrecognizedClientException")
    with pytest.raises(LoadError, match="does not accept these credentials"):
        pricing.load(warehouse, Access(), regions=REGIONS, now=organisation.end)


def test_nothing_to_price(warehouse: Warehouse, organisation: Sandbox) -> None:
    with pytest.raises(LoadError, match="run `dynamodb-optima discover` first, or name regions"):
        pricing.load(warehouse, Access(), now=organisation.end)


def test_every_price_of_a_product_has_a_row_of_its_own() -> None:
    product = {
        "product": {"sku": "ABC", "productFamily": "F", "attributes": {"usagetype": "TimedStorage-ByteHrs"}},
        "serviceCode": "AmazonDynamoDB",
        "publicationDate": "2026-10-08T12:00:00Z",
        "terms": {
            "OnDemand": {
                "ABC.T": {
                    "effectiveDate": "2026-10-01T00:00:00Z",
                    "termAttributes": {},
                    "priceDimensions": {
                        "ABC.T.2": {
                            "unit": "GB-Mo",
                            "beginRange": "25",
                            "endRange": "Inf",
                            "pricePerUnit": {"CNY": "0.2500000000"},
                        },
                        "ABC.T.1": {
                            "unit": "GB-Mo",
                            "beginRange": "0",
                            "endRange": "25",
                            "pricePerUnit": {"CNY": "0.0000000000"},
                        },
                    },
                }
            }
        },
    }
    rows = list(pricing.price_rows(product, "cn-north-1", datetime(2026, 11, 1)))
    assert [
        (row["begin_range"], row["end_range"], row["price_per_unit"], row["currency"]) for row in rows
    ] == [
        (Decimal(25), None, Decimal("0.25"), "CNY"),
        (Decimal(0), Decimal(25), Decimal(0), "CNY"),
    ]
    assert len({row["pricing_id"] for row in rows}) == 2
    assert {row["publication_at"] for row in rows} == {datetime(2026, 10, 8, 12)}
