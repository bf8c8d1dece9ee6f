"""The organisation as it is now: who belongs to it and which tables there are. Events change it.

What has happened stays: CloudWatch keeps the metrics of a deleted table, and the bill its lines.
"""

from __future__ import annotations

import threading

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.organisation import Account, Organisation, Table


class Present:
    """Accounts and tables, by the ways in which APIs ask for them. Safe to use from many threads."""

    def __init__(self, organisation: Organisation):
        self._organisation = organisation
        self._lock = threading.Lock()
        self._accounts = {account.id: account for account in organisation.accounts}
        self._deleted: set[tuple[str, str, str]] = set()
        self._tables = dict(organisation.tables_by_place)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every account of the organisation, the management account first."""
        return tuple(self._accounts.values())

    def account(self, account_id: str) -> Account | None:
        """An account, while it belongs to the organisation."""
        return self._accounts.get(account_id)

    def tables(self, account_id: str, region: str) -> tuple[Table, ...]:
        """The tables of one account and region, by name."""
        return self._tables.get((account_id, region), ())

    def table(self, account_id: str, region: str, name: str) -> Table | None:
        """A table that exists."""
        key = (account_id, region, name)
        return None if key in self._deleted else self._organisation.table_by_key.get(key)

    def leave(self, account_id: str) -> None:
        """Take a member out of the organisation. Its role goes with it, its tables stay where they are.

        Raises:
            LookupError: there is no such member.
        """
        with self._lock:
            if account_id not in self._accounts or account_id == MANAGEMENT_ACCOUNT_ID:
                raise LookupError(f"account {account_id} is no member of the organisation")
            self._accounts = {known: a for known, a in self._accounts.items() if known != account_id}

    def join(self, account_id: str) -> None:
        """Take an account into the organisation: one that has left as it was, another one without tables.

        Raises:
            LookupError: it belongs to the organisation.
        """
        with self._lock:
            if account_id in self._accounts:
                raise LookupError(f"account {account_id} belongs to the organisation already")
            newcomer = Account(account_id, f"joined-{account_id}", ("Workloads", "Production"))
            account = self._organisation.account_by_id.get(account_id, newcomer)
            self._accounts = {**self._accounts, account_id: account}

    def delete_table(self, account_id: str, region: str, name: str) -> None:
        """Let a table, with its indexes and scaling policies, be no more.

        Raises:
            LookupError: there is no such table.
        """
        with self._lock:
            if self.table(account_id, region, name) is None:
                raise LookupError(f"account {account_id} has no table {name} in {region}")
            self._deleted.add((account_id, region, name))
            self._list_tables(account_id, region)

    def restore_table(self, account_id: str, region: str, name: str) -> None:
        """Let a deleted table be there again, as it was.

        Raises:
            LookupError: no such table was deleted.
        """
        with self._lock:
            if (account_id, region, name) not in self._deleted:
                raise LookupError(f"no table {name} was deleted from account {account_id} in {region}")
            self._deleted.discard((account_id, region, name))
            self._list_tables(account_id, region)

    def _list_tables(self, account_id: str, region: str) -> None:
        place = (account_id, region)
        self._tables[place] = tuple(
            table
            for table in self._organisation.tables_by_place[place]
            if (*place, table.name) not in self._deleted
        )
