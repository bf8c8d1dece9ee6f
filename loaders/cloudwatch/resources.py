"""Whose metrics are read: the tables and indexes of the last inventory, as far as this caller reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from loaders.cloudwatch.series import Resource
from loaders.errors import LoadError


@dataclass(frozen=True)
class Selection:
    """What is read, which of the tables asked for are not known, and in one sentence what is left out."""

    resources: list[Resource]
    unknown_tables: list[str]
    left_out: str | None = None

    @property
    def accounts(self) -> int:
        """How many accounts are read."""
        return len({resource.account_id for resource in self.resources})


# The inventory of an account and region was read with the credentials of one account; another's may be
# refused there. Before it was noted whose they were, all were one's own.
_RESOURCES = """
    with
        reads as (
            select account_id, region, read_by
            from ops.inventory_reads
            where outcome = 'read'
            qualify row_number() over (partition by account_id, region order by read_at desc) = 1
        ),

        accounts as (
            select
                account_id,
                coalesce(state, 'ACTIVE') <> 'ACTIVE'
                or (
                    organization_id is not null
                    and last_seen_at < max(last_seen_at) over (partition by organization_id)
                ) as is_gone
            from raw_organizations.aws_accounts
        ),

        tables as (
            select account_id, region, table_name, billing_mode, created_at, pay_per_request_since_at
            from raw_dynamodb.table_metadata
            where _dlt_valid_to is null
        ),

        resources as (
            select account_id, region, table_name, null as gsi_name from tables
            union all
            select account_id, region, table_name, gsi_name
            from raw_dynamodb.gsi_metadata
            where _dlt_valid_to is null
        )

    select
        account_id,
        region,
        table_name,
        gsi_name,
        billing_mode is distinct from 'PAY_PER_REQUEST' as is_provisioned,
        created_at,
        case when billing_mode = 'PAY_PER_REQUEST' then pay_per_request_since_at end as on_demand_since,
        coalesce(accounts.is_gone, false) as is_gone,
        coalesce(reads.read_by, $caller) <> $caller as is_of_others
    from resources
    join tables using (account_id, region, table_name)
    left join accounts using (account_id)
    left join reads using (account_id, region)
    order by account_id, region, table_name, gsi_name nulls first
"""


def select(
    connection: duckdb.DuckDBPyConnection,
    *,
    caller: str,
    regions: Sequence[str] | None,
    tables: Sequence[str] | None,
) -> Selection:
    """Return the tables and indexes of the last inventory, each table before its indexes.

    Args:
        caller: the account of the credentials in use.
        regions, tables: only these.

    Raises:
        LoadError: the inventory was never read, or has nothing of what was asked for.
    """
    rows = connection.execute(_RESOURCES, {"caller": caller}).fetchall()
    if not rows:
        raise LoadError("No DynamoDB table is known: run `dynamodb-optima discover` first.")
    found = [
        (Resource(*row[:7]), bool(row[7]), bool(row[8]))
        for row in rows
        if (regions is None or row[1] in regions) and (tables is None or row[2] in tables)
    ]
    if not found:
        raise LoadError(
            "None of the known tables is among the tables and regions asked for: check the names, or run "
            "`dynamodb-optima discover` again."
        )
    gone = [resource for resource, is_gone, _ in found if is_gone]
    of_others = [resource for resource, is_gone, is_of_others in found if is_of_others and not is_gone]
    return Selection(
        [resource for resource, is_gone, is_of_others in found if not (is_gone or is_of_others)],
        sorted(set(tables or ()) - {resource.table_name for resource, _, _ in found}),
        _left_out(gone, of_others),
    )


def _left_out(gone: Sequence[Resource], of_others: Sequence[Resource]) -> str | None:
    """Count in one sentence what is not read, and why; None if that is nothing."""
    parts = []
    if gone:
        accounts = len({resource.account_id for resource in gone})
        whose = "1 account that has" if accounts == 1 else f"{accounts:,} accounts that have"
        parts.append(f"{_counted(gone)} of {whose} left the organisation or been suspended")
    if of_others:
        places = len({(resource.account_id, resource.region) for resource in of_others})
        where = "1 account and region" if places == 1 else f"{places:,} accounts and regions"
        parts.append(f"{_counted(of_others)} in {where} that other credentials read")
    return f"Left out: {', and '.join(parts)}." if parts else None


def _counted(resources: Sequence[Resource]) -> str:
    """Say how many tables and indexes there are."""
    return "1 table or index" if len(resources) == 1 else f"{len(resources):,} tables and indexes"
