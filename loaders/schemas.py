"""The raw tables: names, columns, types and keys, which everything downstream relies on.

Every instant is UTC without a zone (`TIMESTAMP`), every account id is text (they may begin with 0).
A loader may add a column here; it never renames, retypes or drops one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

INSTANT = pa.timestamp("us")
PRICE = pa.decimal128(28, 12)


@dataclass(frozen=True)
class RawTable:
    """One table of a raw schema: `dataset.name`, its columns and the columns that identify a row."""

    dataset: str
    name: str
    key: tuple[str, ...]
    schema: pa.Schema = field(repr=False)

    @property
    def qualified_name(self) -> str:
        """The table as SQL names it, for example `raw_cloudwatch.metrics`."""
        return f"{self.dataset}.{self.name}"


AWS_ACCOUNTS = RawTable(
    "raw_organizations",
    "aws_accounts",
    ("account_id",),
    pa.schema(
        [
            ("account_id", pa.string()),
            ("account_name", pa.string()),
            ("organization_id", pa.string()),  # null for an account that was read by itself
            ("management_account_id", pa.string()),  # the payer; itself where there is no organisation
            ("is_management", pa.bool_()),
            ("state", pa.string()),  # ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED …; LEFT: not listed any more
            ("joined_method", pa.string()),
            ("joined_at", INSTANT),
            ("ou_id", pa.string()),
            ("ou_path", pa.string()),  # "Root/Workloads/Production"
            ("last_seen_at", INSTANT),  # an account that left keeps its row and its last instant
        ]
    ),
)

ORGANIZATIONAL_UNITS = RawTable(
    "raw_organizations",
    "organizational_units",
    ("ou_id",),
    pa.schema(
        [
            ("ou_id", pa.string()),
            ("ou_name", pa.string()),
            ("parent_id", pa.string()),
            ("ou_path", pa.string()),
            ("last_seen_at", INSTANT),
        ]
    ),
)

_AUTOSCALING = [
    *(
        (f"{dimension}_autoscaling_{name}", kind)
        for dimension in ("read", "write")
        # All null where the dimension has no scalable target. The target is a percentage (70).
        for name, kind in (("min", pa.int64()), ("max", pa.int64()), ("target_pct", pa.float64()))
    ),
    # True: it could never be read, so that the null columns before may hide a target. Null otherwise.
    ("autoscaling_unknown", pa.bool_()),
]

# History (dlt's scd2: _dlt_valid_from, _dlt_valid_to): one row per table and unchanged configuration.
TABLE_METADATA = RawTable(
    "raw_dynamodb",
    "table_metadata",
    ("account_id", "region", "table_name"),
    pa.schema(
        [
            ("account_id", pa.string()),
            ("region", pa.string()),
            ("table_name", pa.string()),
            ("table_arn", pa.string()),
            ("table_id", pa.string()),
            ("table_status", pa.string()),
            ("billing_mode", pa.string()),  # PROVISIONED | PAY_PER_REQUEST
            ("table_class", pa.string()),  # STANDARD | STANDARD_INFREQUENT_ACCESS
            ("read_capacity_units", pa.int64()),  # null when on-demand
            ("write_capacity_units", pa.int64()),
            ("on_demand_max_read_units", pa.int64()),  # null: no maximum
            ("on_demand_max_write_units", pa.int64()),
            ("warm_read_units_per_second", pa.int64()),
            ("warm_write_units_per_second", pa.int64()),
            ("created_at", INSTANT),
            ("pay_per_request_since_at", INSTANT),  # LastUpdateToPayPerRequestDateTime
            ("table_class_updated_at", INSTANT),
            ("last_capacity_increase_at", INSTANT),
            ("last_capacity_decrease_at", INSTANT),
            ("deletion_protection", pa.bool_()),
            ("stream_enabled", pa.bool_()),
            ("stream_view_type", pa.string()),
            ("ttl_enabled", pa.bool_()),  # null: could not be read
            ("pitr_enabled", pa.bool_()),
            ("global_table_version", pa.string()),
            ("replica_regions", pa.string()),  # JSON array of a global table's regions, sorted; null: none
            ("tags", pa.string()),  # JSON object; null: not read
            *_AUTOSCALING,
        ]
    ),
)

# History, like table_metadata. AWS does not tell when an index was created.
GSI_METADATA = RawTable(
    "raw_dynamodb",
    "gsi_metadata",
    ("account_id", "region", "table_name", "gsi_name"),
    pa.schema(
        [
            ("account_id", pa.string()),
            ("region", pa.string()),
            ("table_name", pa.string()),
            ("gsi_name", pa.string()),
            ("resource_name", pa.string()),  # "table#index", as in metrics
            ("index_arn", pa.string()),
            ("index_status", pa.string()),
            ("projection_type", pa.string()),
            ("read_capacity_units", pa.int64()),
            ("write_capacity_units", pa.int64()),
            ("on_demand_max_read_units", pa.int64()),
            ("on_demand_max_write_units", pa.int64()),
            *_AUTOSCALING,
        ]
    ),
)

# Sizes change daily and so make no new version of the configuration.
TABLE_SIZES = RawTable(
    "raw_dynamodb",
    "table_sizes",
    ("account_id", "region", "resource_name", "observed_on"),
    pa.schema(
        [
            ("account_id", pa.string()),
            ("region", pa.string()),
            ("table_name", pa.string()),
            ("gsi_name", pa.string()),  # null for the table itself
            ("resource_name", pa.string()),
            ("observed_on", pa.date32()),
            ("size_bytes", pa.int64()),
            ("item_count", pa.int64()),
        ]
    ),
)

METRICS = RawTable(
    "raw_cloudwatch",
    "metrics",
    ("account_id", "region", "resource_name", "metric_name", "statistic", "period_seconds", "timestamp"),
    pa.schema(
        [
            # The first five are dictionary-encoded on their way in: it is a third faster than plain strings.
            ("account_id", pa.string()),
            ("region", pa.string()),
            ("resource_name", pa.string()),
            ("metric_name", pa.string()),
            ("statistic", pa.string()),
            ("period_seconds", pa.int32()),
            ("timestamp", INSTANT),  # the start of the period
            ("value", pa.float64()),
        ]
    ),
)

# pricing_id is a hash of region, SKU and rate code. AWS keeps all three when a price changes, so that the
# row of an older price stays, told apart by effective_at.
PRICING_DATA = RawTable(
    "raw_pricing",
    "pricing_data",
    ("pricing_id", "effective_at"),
    pa.schema(
        [
            ("pricing_id", pa.string()),
            ("region", pa.string()),
            ("sku", pa.string()),
            ("rate_code", pa.string()),
            ("service_code", pa.string()),
            ("product_family", pa.string()),
            ("operation", pa.string()),
            ("group_name", pa.string()),  # the attribute "group"
            ("volume_type", pa.string()),
            ("usage_type", pa.string()),
            ("term_type", pa.string()),  # OnDemand | Reserved
            ("lease_contract_length", pa.string()),
            ("purchase_option", pa.string()),
            ("offering_class", pa.string()),
            ("unit", pa.string()),
            ("begin_range", PRICE),
            ("end_range", PRICE),  # null: no upper end
            ("price_per_unit", PRICE),
            ("currency", pa.string()),
            ("effective_at", INSTANT),
            ("publication_at", INSTANT),
            ("description", pa.string()),
            ("loaded_at", INSTANT),
        ]
    ),
)

# What Database Savings Plans charge per unit. AWS says no date of a rate: those of a region are replaced as a
# whole.
SAVINGS_PLAN_RATES = RawTable(
    "raw_pricing",
    "savings_plan_rates",
    ("offering_id", "region", "usage_type", "operation"),
    pa.schema(
        [
            ("offering_id", pa.string()),
            ("region", pa.string()),
            ("usage_type", pa.string()),
            ("operation", pa.string()),
            ("service_code", pa.string()),
            ("unit", pa.string()),
            ("rate", PRICE),
            ("currency", pa.string()),
            ("plan_type", pa.string()),  # Database
            ("payment_option", pa.string()),  # No Upfront, Partial Upfront, All Upfront
            ("duration_seconds", pa.int64()),
            ("description", pa.string()),
            ("loaded_at", INSTANT),
        ]
    ),
)

CUR_METADATA = RawTable(
    "raw_billing",
    "cur_metadata",
    ("payer_account_id", "export_name"),
    pa.schema(
        [
            ("payer_account_id", pa.string()),
            ("export_name", pa.string()),
            # legacy_csv, legacy_parquet, cur2_csv, cur2_parquet, focus_1_0, focus_1_2
            ("format", pa.string()),
            ("bucket", pa.string()),
            ("prefix", pa.string()),
            ("region", pa.string()),
            ("granularity", pa.string()),
            ("has_resources", pa.bool_()),
            ("discovered_at", INSTANT),
        ]
    ),
)

# Which files made up a month of an export when it was last read: a month is replaced as a whole.
CUR_PERIODS = RawTable(
    "raw_billing",
    "cur_periods",
    ("payer_account_id", "export_name", "billing_period"),
    pa.schema(
        [
            ("payer_account_id", pa.string()),
            ("export_name", pa.string()),
            ("billing_period", pa.date32()),
            ("manifest_id", pa.string()),
            ("files", pa.int64()),
            ("rows_kept", pa.int64()),
            ("loaded_at", INSTANT),
        ]
    ),
)

CUR_DATA = RawTable(
    "raw_billing",
    "cur_data",
    # Line ids repeat across files and refreshes, so they identify nothing.
    ("payer_account_id", "export_name", "billing_period", "file_key", "row_number"),
    pa.schema(
        [
            ("payer_account_id", pa.string()),
            ("export_name", pa.string()),
            ("billing_period", pa.date32()),
            ("file_key", pa.string()),
            ("row_number", pa.int64()),
            ("identity_line_item_id", pa.string()),
            ("usage_account_id", pa.string()),
            ("line_item_type", pa.string()),
            ("product_code", pa.string()),
            ("usage_type", pa.string()),
            ("operation", pa.string()),
            ("resource_id", pa.string()),
            ("region", pa.string()),
            ("usage_start_at", INSTANT),
            ("usage_end_at", INSTANT),
            ("usage_amount", pa.float64()),
            ("pricing_unit", pa.string()),
            ("currency", pa.string()),
            ("public_on_demand_cost", pa.float64()),
            ("unblended_rate", pa.string()),
            ("unblended_cost", pa.float64()),
            ("net_unblended_cost", pa.float64()),  # null where the export has no such column
            ("reservation_arn", pa.string()),
            ("reservation_effective_cost", pa.float64()),
            ("net_reservation_effective_cost", pa.float64()),
            ("savings_plan_arn", pa.string()),
            ("savings_plan_effective_cost", pa.float64()),
            ("net_savings_plan_effective_cost", pa.float64()),
            ("description", pa.string()),
            ("format", pa.string()),  # as in cur_metadata
            ("bill_type", pa.string()),  # Anniversary, Purchase, Refund
            ("line_payer_account_id", pa.string()),  # the payer that the line names
            ("tax_type", pa.string()),
            ("pricing_term", pa.string()),
            ("reservation_start_at", INSTANT),
            ("reservation_end_at", INSTANT),
            ("reservation_units", pa.float64()),  # unit-hours reserved in the period, all blocks together
            ("reservation_unused_quantity", pa.float64()),
            ("reservation_unused_recurring_fee", pa.float64()),
            ("reservation_unused_amortized_upfront_fee", pa.float64()),
            ("net_reservation_unused_recurring_fee", pa.float64()),
            ("net_reservation_unused_amortized_upfront_fee", pa.float64()),
            ("savings_plan_rate", pa.float64()),
            ("savings_plan_total_commitment", pa.float64()),
            ("savings_plan_used_commitment", pa.float64()),
            ("savings_plan_recurring_commitment", pa.float64()),
            ("savings_plan_amortized_upfront_commitment", pa.float64()),
            ("net_savings_plan_recurring_commitment", pa.float64()),
            ("net_savings_plan_amortized_upfront_commitment", pa.float64()),
            ("savings_plan_start_at", INSTANT),
            ("savings_plan_end_at", INSTANT),
            ("savings_plan_offering_type", pa.string()),
            ("savings_plan_payment_option", pa.string()),
            ("savings_plan_purchase_term", pa.string()),
            # What only FOCUS has. Columns of one meaning are those above: ConsumedQuantity is usage_amount.
            ("charge_category", pa.string()),  # Usage, Purchase, Tax, Credit, Adjustment
            ("charge_class", pa.string()),
            ("charge_frequency", pa.string()),
            ("pricing_category", pa.string()),
            ("pricing_quantity", pa.float64()),
            ("billed_cost", pa.float64()),
            ("effective_cost", pa.float64()),
            ("list_cost", pa.float64()),
            ("contracted_cost", pa.float64()),
            ("commitment_discount_id", pa.string()),
            ("commitment_discount_type", pa.string()),
            ("commitment_discount_category", pa.string()),
            ("commitment_discount_status", pa.string()),  # Used, Unused
        ]
    ),
)

RAW_TABLES = (
    AWS_ACCOUNTS,
    ORGANIZATIONAL_UNITS,
    TABLE_METADATA,
    GSI_METADATA,
    TABLE_SIZES,
    METRICS,
    PRICING_DATA,
    SAVINGS_PLAN_RATES,
    CUR_METADATA,
    CUR_PERIODS,
    CUR_DATA,
)

# The ledger's own tables. Written by loaders/ledger.py in plain transactions beside the dlt runs.
OPS_TABLES = {
    "collection_state": """
        operation_id varchar primary key,
        operation varchar not null,          -- discover | collect | collect-pricing | collect-cur
        status varchar not null,             -- running | complete | partial | failed
        started_at timestamp not null,
        ended_at timestamp,
        units_total bigint,
        units_done bigint,
        rows_loaded bigint,
        calls bigint,
        message varchar,                     -- what was wrong, in one sentence
        arguments varchar,                   -- JSON: what it was asked for
        bytes_loaded bigint,                 -- received from AWS
        usd double,                          -- what AWS charges for its calls
        caller_account_id varchar            -- whose credentials it used
    """,
    "checkpoints": """
        operation_id varchar not null,
        unit varchar not null,               -- readable: "123456789012/us-east-1/2026-11-01T00:00"
        status varchar not null,             -- pending | done | skipped | denied | failed
        attempts integer not null,
        rows_loaded bigint,
        bytes bigint,                        -- received from AWS
        calls bigint,
        started_at timestamp,                -- of its last fetch; null: not known
        ended_at timestamp,
        error varchar,
        kind varchar,                        -- organization | inventory | minutes | capacity | memory |
                                             -- prices | bill
        account_id varchar,                  -- what the unit covers; null: does not apply
        region varchar,
        period_seconds integer,
        span_start timestamp,                -- [start, end)
        span_end timestamp,
        primary key (operation_id, unit)
    """,
    "collected_spans": """
        account_id varchar not null,
        region varchar not null,
        resource_name varchar not null,
        metric_name varchar not null,
        statistic varchar not null,
        period_seconds integer not null,
        span_start timestamp not null,       -- [start, end): all inside is known, a missing point is 0
        span_end timestamp not null,
        operation_id varchar not null
    """,
    "inventory_reads": """
        account_id varchar not null,
        region varchar not null,
        read_at timestamp not null,
        outcome varchar not null,            -- read | denied | failed | region not enabled
        tables_seen bigint,
        message varchar,
        read_by varchar,                     -- account of the credentials that read it; null: not known
        primary key (account_id, region, read_at)
    """,
}
