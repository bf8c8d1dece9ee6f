"""AWS Organizations: the accounts, whose they are and where they sit in the tree.

Rows are upserted: an account or unit that has left keeps its row, with the instant at which it was last seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, as_load_error, code_of, kind_of, status_of
from loaders.aws.paging import Calls
from loaders.errors import LoadError
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded, utc_now
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import AWS_ACCOUNTS, ORGANIZATIONAL_UNITS

UNIT = "organization"
# The state of an account that is no longer in the organisation; AWS itself has no word for it.
LEFT = "LEFT"

Row = dict[str, object]


@dataclass
class _Tree:
    """The accounts and units of an organisation, by their ids."""

    organization_id: str
    accounts: dict[str, Row] = field(default_factory=dict)
    units: dict[str, Row] = field(default_factory=dict)


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
    with warehouse.open() as opened, recorded(opened.connection, "discover-organization") as (ledger, report):
        ledger.called_by(sessions.caller.account_id)
        progress.total(1)
        report.units_total = 1
        read(opened, sessions, ledger, report, now=now)
        report.units_done = 1
        progress.advance(1, "organisation")
    return report


def read(
    opened: OpenWarehouse, sessions: Sessions, ledger: Operation, report: LoadReport, *, now: datetime
) -> list[str]:
    """Read the accounts into an open warehouse, as a unit of the load that `ledger` and `report` are of.

    Returns:
        The active accounts, which are to be read, sorted.

    Raises:
        LoadError: the organisation may not be read by this account.
    """
    caller, began, calls = sessions.caller.account_id, utc_now(), Calls()
    ledger.plan([UnitPlan(UNIT, "organization", account_id=caller)])
    if sessions.access.use_organizations:
        try:
            tree = _listed(opened.connection, sessions, calls, now=now)
        except AWS_ERRORS as error:
            refusal = _refusal(error, caller)
            ledger.failed(UNIT, str(refusal), status_of(error))
            raise refusal from error
        rows = _keep_tree(opened, tree)
        _report_gone(opened.connection, tree, report)
        active = sorted(key for key, account in tree.accounts.items() if account["state"] == "ACTIVE")
        report.accounts = len(tree.accounts)
    else:
        rows = _keep_own_account(opened, caller, now=now)
        active = [caller]
        report.accounts = 1
    ledger.done([UnitDone(UNIT, rows, calls.made, calls.bytes, began)])
    report.rows += rows
    report.calls += calls.made
    report.bytes += calls.bytes
    return active


def active_accounts(sessions: Sessions) -> list[str]:
    """Return the organisation's accounts that are neither suspended nor closed, sorted. Nothing is stored.

    Raises:
        ClientError, BotoCoreError: AWS refused.
        LoadError: the caller's credentials are no good.
    """
    tree = _organization(sessions, Calls(), now=utc_now())
    return sorted(account_id for account_id, account in tree.accounts.items() if account["state"] == "ACTIVE")


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


def _keep_own_account(opened: OpenWarehouse, account_id: str, *, now: datetime) -> int:
    """Enter the caller's account as its own payer, unless an earlier load knows it as part of more.

    Returns the rows written.
    """
    member_of = opened.connection.execute(
        "select organization_id from raw_organizations.aws_accounts where account_id = ?", [account_id]
    ).fetchone()
    if member_of is not None and member_of[0] is not None:
        return 0
    row: Row = {
        "account_id": account_id,
        "account_name": account_id,
        "management_account_id": account_id,
        "is_management": False,
        "state": "ACTIVE",
        "last_seen_at": now,
    }
    opened.load((AWS_ACCOUNTS, pa.Table.from_pylist([row], AWS_ACCOUNTS.schema)))
    return 1


def _keep_tree(opened: OpenWarehouse, tree: _Tree) -> int:
    """Write accounts and units, and enter which accounts have left. Returns the rows written."""
    accounts, units = list(tree.accounts.values()), list(tree.units.values())
    opened.load(
        (AWS_ACCOUNTS, pa.Table.from_pylist(accounts, AWS_ACCOUNTS.schema)),
        (ORGANIZATIONAL_UNITS, pa.Table.from_pylist(units, ORGANIZATIONAL_UNITS.schema)),
    )
    opened.connection.execute(
        "update raw_organizations.aws_accounts set state = ? where account_id in "
        "(select unnest(?::varchar[]))",
        [LEFT, _unlisted(opened.connection, tree)],
    )
    return len(accounts) + len(units)


def _unlisted(connection: duckdb.DuckDBPyConnection, tree: _Tree) -> list[str]:
    """Return the accounts that an earlier load saw in the organisation, and that the tree does not have."""
    found = connection.execute(
        "select account_id from raw_organizations.aws_accounts "
        "where organization_id = ? and state is distinct from ?",
        [tree.organization_id, LEFT],
    ).fetchall()
    return sorted({account_id for (account_id,) in found} - tree.accounts.keys())


def _report_gone(connection: duckdb.DuckDBPyConnection, tree: _Tree, report: LoadReport) -> None:
    """Say of which accounts tables are known but no longer read, because AWS no longer has them open."""
    found = connection.execute(
        "select account_id, account.state, count(*) "
        "from raw_organizations.aws_accounts as account "
        "join raw_dynamodb.table_metadata as described using (account_id) "
        "where organization_id = ? and account.state <> 'ACTIVE' and described._dlt_valid_to is null "
        "group by all order by all",
        [tree.organization_id],
    ).fetchall()
    for account_id, state, tables in found:
        what = "has left the organisation" if state == LEFT else f"is {state.lower().replace('_', ' ')}"
        message = f"Account {account_id} {what}: its {_tables(tables)} no longer read."
        report.add_problem(Problem(account_id, None, "account", message, "nothing"))


def _tables(count: int) -> str:
    return "1 table is" if count == 1 else f"{count:,} tables are"


def _listed(
    connection: duckdb.DuckDBPyConnection, sessions: Sessions, calls: Calls, *, now: datetime
) -> _Tree:
    """Walk the tree; once more if an account is missing from it, because a listing may be cut short."""
    tree = _organization(sessions, calls, now=now)
    if _unlisted(connection, tree):
        again = _organization(sessions, calls, now=now)
        tree.accounts = {**tree.accounts, **again.accounts}
        tree.units = {**tree.units, **again.units}
    return tree


def _organization(sessions: Sessions, calls: Calls, *, now: datetime) -> _Tree:
    """Walk the tree from its root, which is a unit of it."""
    client = sessions.client("organizations")
    organization = calls.one(client.describe_organization)["Organization"]
    tree = _Tree(organization["Id"])
    for unit in _units(client, calls):
        tree.units[str(unit["ou_id"])] = {**unit, "last_seen_at": now}
        listed = calls.items(client, "list_accounts_for_parent", "Accounts", ParentId=unit["ou_id"])
        tree.accounts.update(_accounts(listed, organization, unit, now))
    return tree


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


def _accounts(
    listed: Iterable[Any], organization: Mapping[str, Any], unit: Row, now: datetime
) -> Iterator[tuple[str, Row]]:
    """Yield the id and the row of each account of a unit."""
    management = organization["MasterAccountId"]
    for found in listed:
        joined: datetime | None = found.get("JoinedTimestamp")
        yield (
            found["Id"],
            {
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
            },
        )
