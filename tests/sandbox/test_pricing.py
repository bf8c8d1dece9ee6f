"""GetProducts: products, tiers, terms, filters and pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.served import Client


def products(client: Client, **filters: str) -> list[dict[str, Any]]:
    chosen = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in filters.items()]
    pages = (
        client("pricing").get_paginator("get_products").paginate(ServiceCode="AmazonDynamoDB", Filters=chosen)
    )
    return [json.loads(text) for page in pages for text in page["PriceList"]]


def tiers(product: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Begin, end and dollars of each tier, by where they begin."""
    (term,) = product["terms"]["OnDemand"].values()
    found = [
        (dimension["beginRange"], dimension["endRange"], dimension["pricePerUnit"]["USD"])
        for dimension in term["priceDimensions"].values()
    ]
    return sorted(found, key=lambda tier: float(tier[0]))


def test_throughput_is_named_by_operation_and_group(client: Client) -> None:
    shared = {"regionCode": "us-east-1", "group": "DDB-WriteUnits"}
    (on_demand,) = products(client, operation="PayPerRequestThroughput", **shared)
    (provisioned,) = products(client, operation="CommittedThroughput", **shared)
    assert tiers(on_demand) == [("0", "Inf", "0.000000625")]
    assert tiers(provisioned) == [("0", "18600", "0"), ("18600", "Inf", "0.00065")]
    assert on_demand["product"]["attributes"]["usagetype"] == "WriteRequestUnits"
    assert on_demand["serviceCode"] == "AmazonDynamoDB"


def test_bytes_are_named_by_volume_type_and_have_free_gigabytes(client: Client) -> None:
    (stored,) = products(client, regionCode="eu-west-1", volumeType="Amazon DynamoDB - Indexed DataStore")
    assert stored["product"]["attributes"]["usagetype"] == "EU-TimedStorage-ByteHrs"
    assert tiers(stored) == [("0", "25", "0"), ("25", "Inf", "0.283")]


def test_tiers_are_in_no_order(client: Client) -> None:
    firsts = {
        next(iter(next(iter(product["terms"]["OnDemand"].values()))["priceDimensions"].values()))[
            "beginRange"
        ]
        for product in products(client)
    }
    assert {"0", "18600"} <= firsts


def test_reserved_capacity_is_priced_by_the_unit(client: Client) -> None:
    (reads,) = products(
        client, regionCode="us-east-1", group="DDB-ReadUnits", operation="CommittedThroughput"
    )
    by_length = {
        term["termAttributes"]["LeaseContractLength"]: {
            dimension["unit"]: dimension["pricePerUnit"]["USD"]
            for dimension in term["priceDimensions"].values()
        }
        for term in reads["terms"]["Reserved"].values()
    }
    assert by_length == {
        "1yr": {"Quantity": "0.3000000000", "ReadCapacityUnit-Hrs": "0.0000250000"},
        "3yr": {"Quantity": "0.3600000000", "ReadCapacityUnit-Hrs": "0.0000160000"},
    }


def test_three_regions_have_their_own_prices_and_one_lacks_some(client: Client) -> None:
    by_region: dict[str, set[str]] = {}
    for product in products(client):
        attributes = product["product"]["attributes"]
        by_region.setdefault(attributes["regionCode"], set()).add(
            f"{attributes['operation']} {attributes.get('group', '')}"
        )
    assert set(by_region) == {"us-east-1", "us-west-2", "eu-west-1"}
    missing = by_region["us-east-1"] - by_region["eu-west-1"]
    assert "CommittedThroughput DDB-WriteUnitsIA" in missing


def test_codes_tell_every_price_apart(client: Client) -> None:
    codes = [
        dimension["rateCode"]
        for product in products(client)
        for terms in product["terms"].values()
        for term in terms.values()
        for dimension in term["priceDimensions"].values()
    ]
    assert (
        len(codes) == len(set(codes)) == 91
    )  # the rows of the shipped prices, less six of unlisted products


def test_pages_and_their_limit(client: Client) -> None:
    pricing = client("pricing")
    first = pricing.get_products(ServiceCode="AmazonDynamoDB", MaxResults=10)
    assert (len(first["PriceList"]), first["FormatVersion"]) == (10, "aws_v1")
    second = pricing.get_products(ServiceCode="AmazonDynamoDB", MaxResults=10, NextToken=first["NextToken"])
    assert not set(first["PriceList"]) & set(second["PriceList"])
    with pytest.raises(ClientError, match="Invalid next token"):
        pricing.get_products(ServiceCode="AmazonDynamoDB", NextToken="elsewhere")


def test_other_filters_and_services(client: Client) -> None:
    def count(kind: str, field: str, value: str) -> int:
        chosen = [{"Type": kind, "Field": field, "Value": value}]
        return len(client("pricing").get_products(ServiceCode="AmazonDynamoDB", Filters=chosen)["PriceList"])

    assert count("TERM_MATCH", "regionCode", "US-EAST-1") == count("EQUALS", "regionCode", "us-east-1") == 21
    assert count("EQUALS", "regionCode", "US-EAST-1") == 0
    assert count("ANY_OF", "regionCode", "us-east-1,us-west-2") == 21 + count(
        "EQUALS", "regionCode", "us-west-2"
    )
    assert count("CONTAINS", "usagetype", "PITR") == 3
    assert count("NONE_OF", "regionCode", "us-west-2,eu-west-1") == 21
    assert client("pricing").get_products(ServiceCode="AmazonEC2")["PriceList"] == []
    with pytest.raises(ClientError, match="Unknown filter type"):
        count("STARTS_WITH", "usagetype", "EU-")
