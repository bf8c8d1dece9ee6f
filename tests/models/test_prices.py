"""Prices: the price list where it has one, the fallback where it has not, and which is in force when."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from price_list import LIST_PRICES, LISTED_SINCE
from small_warehouse import AS_OF, SmallWarehouse

HALVED_AT = datetime(2026, 10, 20)


def build(warehouse: SmallWarehouse, *regions: str, as_of: datetime = AS_OF) -> None:
    """Build the prices of an account that has a table in each region."""
    warehouse.rows(
        "raw_dynamodb.table_metadata",
        [
            {
                "account_id": "012345678901",
                "region": region,
                "table_name": "orders",
                "created_at": datetime(2020, 1, 1),
            }
            for region in regions or ("us-east-1",)
        ],
    )
    warehouse.build("+int_prices__throughput_in_force", as_of=as_of)


def in_force(warehouse: SmallWarehouse, region: str, table_class: str = "STANDARD") -> dict[str, object]:
    (row,) = warehouse.query(
        f"""select * exclude (account_class_key, account_id, region, table_class)
        from intermediate.int_prices__throughput_in_force
        where region = '{region}' and table_class = '{table_class}'"""
    )
    return row


def test_the_paid_tier_of_the_price_list_is_in_force(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    build(warehouse)
    prices = {
        "on_demand_read_usd": Decimal("0.000000125"),
        "on_demand_write_usd": Decimal("0.000000625"),
        "on_demand_replicated_write_usd": Decimal("0.000000625"),
        "provisioned_read_usd": Decimal("0.00013"),
        "provisioned_write_usd": Decimal("0.00065"),
        "provisioned_replicated_write_usd": Decimal("0.00065"),
        "storage_usd": Decimal("0.25"),
    }
    # Where there is no bill, every basis has the list's prices.
    assert in_force(warehouse, "us-east-1") == {
        **prices,
        **{
            f"{basis}_{name}": price
            for basis in ("list", "net", "amortized")
            for name, price in prices.items()
        },
        "price_source": "price list",
        "price_effective_on": date(2026, 10, 1),
        "missing_prices": None,
    }
    assert in_force(warehouse, "us-east-1", "STANDARD_INFREQUENT_ACCESS")["storage_usd"] == Decimal("0.1")


@pytest.mark.parametrize(
    ("as_of", "price", "source"),
    [
        (datetime(2024, 10, 31, 23, 59), "0.00000125", "seed"),
        (datetime(2024, 11, 1), "0.000000625", "seed"),
        (datetime(2026, 9, 30, 23, 59), "0.000000625", "seed"),
        (datetime(2026, 10, 1), "0.0000007", "price list"),
        (datetime(2026, 10, 19, 23, 59), "0.0000007", "price list"),
        (HALVED_AT, "0.00000035", "price list"),
    ],
)
def test_a_price_is_in_force_until_the_next_one(
    warehouse: SmallWarehouse, as_of: datetime, price: str, source: str
) -> None:
    warehouse.price_list(prices=LIST_PRICES | {"ondemand.write.standard": "0.0000007"})
    warehouse.price_list(prices={"ondemand.write.standard": "0.00000035"}, effective_at=HALVED_AT)
    build(warehouse, as_of=as_of)
    row = in_force(warehouse, "us-east-1")
    assert row["on_demand_write_usd"] == Decimal(price)
    assert row["price_source"] == source


def test_a_region_that_was_not_loaded_has_fallback_prices(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    build(warehouse, "us-east-1", "us-west-1")
    row = in_force(warehouse, "us-west-1")
    assert (row["on_demand_write_usd"], row["price_source"]) == (Decimal("0.000000695"), "seed")
    missing = in_force(warehouse, "us-west-1", "STANDARD_INFREQUENT_ACCESS")
    assert (missing["storage_usd"], missing["price_source"]) == (None, None)
    assert (
        missing["missing_prices"]
        == ", ".join(
            f"{mode}.{what}.ia"
            for mode, what in (
                ("ondemand", "read"),
                ("ondemand", "replicated_write"),
                ("ondemand", "write"),
                ("provisioned", "read"),
                ("provisioned", "replicated_write"),
                ("provisioned", "write"),
            )
        )
        + ", storage.ia"
    )


def test_a_key_that_the_price_list_lacks_falls_back_and_says_so(warehouse: SmallWarehouse) -> None:
    warehouse.price_list(prices={"ondemand.read.standard": "0.0000005", "storage.standard": "0"})
    build(warehouse)
    row = in_force(warehouse, "us-east-1")
    assert row["on_demand_read_usd"] == Decimal("0.0000005")
    assert row["on_demand_write_usd"] == Decimal("0.000000625")
    assert row["price_source"] == "seed"
    # Nothing is stored for free: a paid tier at no charge is no price.
    assert (row["storage_usd"], row["missing_prices"]) == (None, "storage.standard")


def test_rates_are_recognized_by_operation_and_group_alone(warehouse: SmallWarehouse) -> None:
    rate = {
        "pricing_id": "1",
        "region": "us-east-1",
        "sku": "A",
        "rate_code": "A.1",
        "product_family": "Provisioned IOPS",
        "operation": "PayPerRequestThroughput",
        "group_name": "DDB-ReplicatedWriteUnitsIA",
        "usage_type": "USE1-IA-ReplWriteRequestUnits",
        "term_type": "OnDemand",
        "unit": "ReplicatedWriteRequestUnits",
        "begin_range": 0,
        "price_per_unit": Decimal("0.000001"),
        "currency": "USD",
        "effective_at": datetime(2026, 10, 1),
    }
    warehouse.rows(
        "raw_pricing.pricing_data",
        [
            rate,
            rate | {"pricing_id": "2", "sku": "B", "operation": "GetRecords"},
            rate | {"pricing_id": "3", "sku": "C", "region": "cn-north-1", "currency": "CNY"},
        ],
    )
    warehouse.build("+dim_prices")
    rows = warehouse.query("select region, price_key, price_usd from marts.dim_prices where source <> 'seed'")
    assert rows == [
        {
            "region": "us-east-1",
            "price_key": "ondemand.replicated_write.ia",
            "price_usd": Decimal("0.000001"),
        }
    ]


def test_reserved_capacity_is_known_by_lease_and_fee(warehouse: SmallWarehouse) -> None:
    fees = {"reserved.1yr.read.upfront": "0.30", "reserved.1yr.read.hourly": "0.000025"}
    warehouse.price_list(prices=fees | {"provisioned.read.standard": "0.00013"})
    warehouse.build("+dim_prices")
    rows = warehouse.query(
        """select price_key, price_usd, begin_range, lease_contract_length from marts.dim_prices
        where source = 'price list' order by price_key, begin_range"""
    )
    assert [tuple(row.values()) for row in rows] == [
        ("provisioned.read.standard", Decimal("0"), Decimal("0"), None),
        ("provisioned.read.standard", Decimal("0.00013"), Decimal("18600"), None),
        ("reserved.1yr.read.hourly", Decimal("0.000025"), Decimal("0"), "1yr"),
        ("reserved.1yr.read.upfront", Decimal("0.30"), Decimal("0"), "1yr"),
    ]


def test_a_price_change_splits_validity_at_its_instant(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    warehouse.price_list(prices={"ondemand.write.standard": "0.0000003125"}, effective_at=HALVED_AT)
    warehouse.build("+dim_prices")
    rows = warehouse.query(
        """select price_usd, valid_from, valid_to, source from marts.dim_prices
        where region = 'us-east-1' and price_key = 'ondemand.write.standard' order by valid_from"""
    )
    halved_by_aws_at = datetime(2024, 11, 1)
    assert [tuple(row.values()) for row in rows] == [
        (Decimal("0.00000125"), datetime(1970, 1, 1), halved_by_aws_at, "seed"),
        (Decimal("0.000000625"), halved_by_aws_at, LISTED_SINCE, "seed"),
        (Decimal("0.000000625"), LISTED_SINCE, HALVED_AT, "price list"),
        (Decimal("0.0000003125"), HALVED_AT, None, "price list"),
    ]


def test_a_tier_that_is_listed_no_more_has_ended(warehouse: SmallWarehouse) -> None:
    """First 18,600 unit-hours are free, then none are."""
    warehouse.price_list(prices={"provisioned.read.standard": "0.00013"})
    warehouse.price_list(
        prices={"provisioned.read.standard": "0.00012"}, effective_at=HALVED_AT, has_free_tier=False
    )
    build(warehouse)
    assert in_force(warehouse, "us-east-1")["provisioned_read_usd"] == Decimal("0.00012")
    rows = warehouse.query(
        """select price_usd, begin_range, end_range, valid_to from intermediate.int_prices__rates_recognized
        where price_key = 'provisioned.read.standard' order by valid_from, begin_range"""
    )
    assert [tuple(row.values()) for row in rows] == [
        (0, 0, 18_600, HALVED_AT),
        (Decimal("0.00013"), 18_600, None, HALVED_AT),
        (Decimal("0.00012"), 0, None, None),
    ]
    assert warehouse.failures("int_prices__in_force int_prices__throughput_in_force") == []


def test_reserved_capacity_of_the_fallback_is_priced_by_the_single_unit(warehouse: SmallWarehouse) -> None:
    """AWS sells a hundred write units a year for 150 USD and 0.0128 an hour, and reads for 30 and 0.0025."""
    warehouse.build("+dim_prices")
    rows = warehouse.query(
        """select price_key, price_usd * 100 as block_usd from marts.dim_prices
        where region = 'us-east-1' and price_key like 'reserved.%' and source = 'seed'"""
    )
    assert {row["price_key"]: row["block_usd"] for row in rows} == {
        f"reserved.{key}": Decimal(price)
        for key, price in {
            "1yr.write.upfront": "150",
            "1yr.write.hourly": "0.0128",
            "1yr.read.upfront": "30",
            "1yr.read.hourly": "0.0025",
            "3yr.write.upfront": "180",
            "3yr.write.hourly": "0.0081",
            "3yr.read.upfront": "36",
            "3yr.read.hourly": "0.0016",
        }.items()
    }
    # In every region a year's lease costs 42 to 47 % of provisioned capacity, and three years' 22 to 24 %.
    shares = warehouse.query(
        """select hourly.region, hourly.price_key,
            round((upfront.price_usd / leases.hours + hourly.price_usd) / provisioned.price_usd, 3) as share,
            leases.least, leases.greatest
        from marts.dim_prices as hourly
        inner join (values ('1yr', 8760, 0.415, 0.475), ('3yr', 26280, 0.215, 0.245))
            as leases (lease_contract_length, hours, least, greatest) using (lease_contract_length)
        inner join marts.dim_prices as upfront using (region, dimension, lease_contract_length)
        inner join marts.dim_prices as provisioned using (region, dimension)
        where hourly.price_key like 'reserved.%.hourly' and upfront.price_key like 'reserved.%.upfront'
            and provisioned.price_key = 'provisioned.' || hourly.dimension || '.standard'
            and provisioned.price_usd > 0"""
    )
    assert len(shares) == 80
    assert [row for row in shares if not row["least"] <= row["share"] <= row["greatest"]] == []
