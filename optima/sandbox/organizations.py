"""AWS Organizations: the accounts and the tree of units they sit in, for the management account only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.organisation import Account, minute_of
from optima.sandbox.present import Present
from optima.sandbox.wire import Call, Handler, Handlers, Reply, ServiceError, json_reply, page_of

_PAGE = 20
_ORGANIZATION_ID = "o-sandbox000"
_ARN = f"arn:aws:organizations::{MANAGEMENT_ACCOUNT_ID}"
_ROOT_ID = "r-sand"

# The names of the units from the root down; the root itself is ().
Path = tuple[str, ...]


class Organizations:
    """The organisation as it is at present."""

    def __init__(self, present: Present):
        self._present = present

    def handlers(self) -> Handlers:
        """What is answered here."""
        operations: dict[str, Callable[[Call], dict[str, Any]]] = {
            "DescribeOrganization": self.describe_organization,
            "ListRoots": self.list_roots,
            "ListAccounts": self.list_accounts,
            "ListAccountsForParent": self.list_accounts_for_parent,
            "ListOrganizationalUnitsForParent": self.list_units_for_parent,
        }
        return {("organizations", name): _for_management(answer) for name, answer in operations.items()}

    def describe_organization(self, _call: Call) -> dict[str, Any]:
        """The organisation and its management account."""
        management = self._present.account(MANAGEMENT_ACCOUNT_ID)
        assert management is not None  # it cannot leave
        return {
            "Organization": {
                "Id": _ORGANIZATION_ID,
                "Arn": f"{_ARN}:organization/{_ORGANIZATION_ID}",
                "FeatureSet": "ALL",
                "MasterAccountArn": f"{_ARN}:account/{_ORGANIZATION_ID}/{MANAGEMENT_ACCOUNT_ID}",
                "MasterAccountId": MANAGEMENT_ACCOUNT_ID,
                "MasterAccountEmail": _email(management),
            }
        }

    def list_roots(self, _call: Call) -> dict[str, Any]:
        """The one root."""
        root = {"Id": _ROOT_ID, "Arn": f"{_ARN}:root/{_ORGANIZATION_ID}/{_ROOT_ID}", "Name": "Root"}
        return {"Roots": [{**root, "PolicyTypes": []}]}

    def list_accounts(self, call: Call) -> dict[str, Any]:
        """All accounts, twenty a page."""
        return _page(call, "Accounts", self._present.accounts, _described)

    def list_accounts_for_parent(self, call: Call) -> dict[str, Any]:
        """The accounts directly in a unit or in the root, twenty a page."""
        path = self._parent(call)
        own = [account for account in self._present.accounts if account.ou == path]
        return _page(call, "Accounts", own, _described)

    def list_units_for_parent(self, call: Call) -> dict[str, Any]:
        """The units directly in a unit or in the root, twenty a page."""
        parent = self._parent(call)
        children = [path for path in self._units() if path[:-1] == parent and path]
        return _page(call, "OrganizationalUnits", children, _described_unit)

    def _units(self) -> list[Path]:
        """Every unit, the root first, in the order of the accounts in them."""
        paths: dict[Path, None] = {(): None}
        for ou in dict.fromkeys(account.ou for account in self._present.accounts):
            paths.update({ou[:depth]: None for depth in range(1, len(ou) + 1)})
        return list(paths)

    def _parent(self, call: Call) -> Path:
        parent_id = call.json().get("ParentId", "")
        for path in self._units():
            if _unit_id(path) == parent_id:
                return path
        raise ServiceError(
            "ParentNotFoundException",
            "You specified a root or organizational unit that doesn't exist.",
        )


def _for_management(answer: Callable[[Call], dict[str, Any]]) -> Handler:
    def handler(call: Call) -> Reply:
        if call.account_id != MANAGEMENT_ACCOUNT_ID:
            raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")
        return json_reply(answer(call))

    return handler


def _page(
    call: Call, name: str, everything: Sequence[Any], describe: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    answer = page_of(call.json(), name, everything, _PAGE)
    return {**answer, name: [describe(one) for one in answer[name]]}


def _described(account: Account) -> dict[str, Any]:
    return {
        "Id": account.id,
        "Arn": f"{_ARN}:account/{_ORGANIZATION_ID}/{account.id}",
        "Email": _email(account),
        "Name": account.name,
        # `Status` was retired in favour of `State` in September 2026.
        "State": account.state,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": minute_of(account.joined_at) * 60.0,
    }


def _described_unit(path: Path) -> dict[str, Any]:
    unit_id = _unit_id(path)
    return {"Id": unit_id, "Arn": f"{_ARN}:ou/{_ORGANIZATION_ID}/{unit_id}", "Name": path[-1]}


def _unit_id(path: Path) -> str:
    if not path:
        return _ROOT_ID
    return f"ou-sand-{hashlib.blake2b('/'.join(path).encode(), digest_size=4).hexdigest()}"


def _email(account: Account) -> str:
    return f"{account.name}@example.com"
