"""AWS Organizations: the accounts, whose they are and where they sit in the tree.

Rows are upserted: an account or unit that has left keeps its row, with the instant at which it was last seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, as_load_error, code_of, kind_of
from loaders.aws.paging import Calls
from loaders.errors import LoadError
from loaders.ledger import recorded
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport
from loaders.schemas import AWS_ACCOUNTS, ORGANIZATIONAL_UNITS

Row = dict[str, object]


def load(
    warehouse: Warehouse, access: Access, *, now: datetime, progress: Progress | None = None
) -> LoadReport:
    """Load the accounts and units of the caller's organisation, or the caller's account alone.

    Args:
        now: naive UTC instant that the rows say they were seen at.

    Raises:
        LoadError: no or bad credentials, or the organisation may not be read by this account.
    """
    sessions = Sessions(access)
    progress = progress or Silent()
    with warehouse.open() as opened, recorded(opened.connection, "discover-organization") as (_, report):
        progress.total(1)
        report.units_total = 1
        read(opened, sessions, report, now=now)
        report.units_done = 1
        progress.advance(1, "organisation")
    return report


def read(opened: OpenWarehouse, sessions: Sessions, report: LoadReport, *, now: datetime) -> None:
    """Read the accounts into an open warehouse, on behalf of the load that `report` is of."""
    if not sessions.access.use_organizations:
        _keep_own_account(opened, sessions.caller.account_id, report, now=now)
        return
    calls = Calls()
    try:
        accounts, units = _organization(sessions, calls, now=now)
    except AWS_ERRORS as error:
        raise _refusal(error, sessions.caller.account_id) from error
    report.calls += calls.made
    report.rows += len(accounts) + len(units)
    report.accounts = len(accounts)
    opened.load(
        (AWS_ACCOUNTS, pa.Table.from_pylist(accounts, AWS_ACCOUNTS.schema)),
        (ORGANIZATIONAL_UNITS, pa.Table.from_pylist(units, ORGANIZATIONAL_UNITS.schema)),
    )


def active_accounts(sessions: Sessions) -> list[str]:
    """Return the organisation's accounts that are neither suspended nor closed, sorted. Nothing is stored.

    Raises:
        ClientError, BotoCoreError: AWS refused.
        LoadError: the caller's credentials are no good.
    """
    accounts, _ = _organization(sessions, Calls(), now=datetime.now(UTC).replace(tzinfo=None))
    return sorted(str(account["account_id"]) for account in accounts if account["state"] == "ACTIVE")


def _refusal(error: Exception, account_id: str) -> LoadError:
    if code_of(error) == "AWSOrganizationsNotInUseException":
        return LoadError(
            f"Account {account_id} is in no organisation: leave out --use-org to read it by itself."
        )
    if kind_of(error) == "denied":
        return LoadError(
            f"Account {account_id} may not read the organisation ({code_of(error)}): use the management "
            "account or a delegated administrator, with the documented permissions."
        )
    return as_load_error(error, "the organisation")


def _keep_own_account(opened: OpenWarehouse, account_id: str, report: LoadReport, *, now: datetime) -> None:
    """Enter the caller's account as its own payer, unless an earlier load knows it as part of more."""
    member_of = opened.connection.execute(
        "select organization_id from raw_organizations.aws_accounts where account_id = ?", [account_id]
    ).fetchone()
    report.accounts = 1
    if member_of is not None and member_of[0] is not None:
        return
    row: Row = {
        "account_id": account_id,
        "account_name": account_id,
        "management_account_id": account_id,
        "is_management": False,
        "state": "ACTIVE",
        "last_seen_at": now,
    }
    report.rows += 1
    opened.load((AWS_ACCOUNTS, pa.Table.from_pylist([row], AWS_ACCOUNTS.schema)))


def _organization(sessions: Sessions, calls: Calls, *, now: datetime) -> tuple[list[Row], list[Row]]:
    """Walk the tree from its root. Returns the rows of the accounts and of the units, the root included."""
    client = sessions.client("organizations")
    organization = calls.one(client.describe_organization)["Organization"]
    accounts: list[Row] = []
    units: list[Row] = []
    for unit in _units(client, calls):
        units.append({**unit, "last_seen_at": now})
        listed = calls.items(client, "list_accounts_for_parent", "Accounts", ParentId=unit["ou_id"])
        accounts.extend(_account(found, organization, unit, now) for found in listed)
    return accounts, units


def _units(client: Any, calls: Calls) -> Iterator[Row]:
    """Yield the root and every unit below it, parents first."""
    waiting: list[Row] = [
        {"ou_id": root["Id"], "ou_name": root["Name"], "parent_id": None, "ou_path": root["Name"]}
        for root in calls.items(client, "list_roots", "Roots")
    ]
    while waiting:
        unit = waiting.pop()
        yield unit
        children = calls.items(
            client, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=unit["ou_id"]
        )
        waiting.extend(
            {
                "ou_id": child["Id"],
                "ou_name": child["Name"],
                "parent_id": unit["ou_id"],
                "ou_path": f"{unit['ou_path']}/{child['Name']}",
            }
            for child in children
        )


def _account(found: Any, organization: Any, unit: Row, now: datetime) -> Row:
    joined: datetime | None = found.get("JoinedTimestamp")
    management = organization["MasterAccountId"]
    return {
        "account_id": found["Id"],
        "account_name": found.get("Name"),
        "organization_id": organization["Id"],
        "management_account_id": management,
        "is_management": found["Id"] == management,
        # AWS retired Status in favour of State in September 2026.
        "state": found.get("State") or found.get("Status"),
        "joined_method": found.get("JoinedMethod"),
        "joined_at": joined.astimezone(UTC).replace(tzinfo=None) if joined else None,
        "ou_id": unit["ou_id"],
        "ou_path": unit["ou_path"],
        "last_seen_at": now,
    }
