"""STS: who may assume which role, the sessions that are given out, and whose they are."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.organisation import ROLE_NAME
from optima.sandbox.present import Present
from optima.sandbox.refusals import expired, not_allowed_to_assume, unknown_key
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, xml_reply

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_USER_ARN = f"arn:aws:iam::{MANAGEMENT_ACCOUNT_ID}:user/optima"
_HOUR = 3600

# Access key ids that stand for credentials that are no longer, or never were, any good.
EXPIRED_ACCESS_KEY = "EXPIRED"
UNKNOWN_ACCESS_KEY = "UNKNOWN"

Check = Callable[[Call], None]


@dataclass(frozen=True)
class RoleSession:
    """Credentials that AssumeRole gave out, the `number`th of them."""

    number: int
    account_id: str
    role_name: str
    name: str

    @property
    def access_key(self) -> str:
        """The access key id."""
        return f"ASIA{self.number:016d}"

    @property
    def arn(self) -> str:
        """What AWS calls who uses it."""
        return f"arn:aws:sts::{self.account_id}:assumed-role/{self.role_name}/{self.name}"


class RoleSessions:
    """All credentials that were given out. Any other key is the management account's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, RoleSession] = {}

    @property
    def given_out(self) -> int:
        """How many there are so far."""
        return len(self._by_key)

    def give(self, account_id: str, role_name: str, name: str) -> RoleSession:
        """New credentials."""
        with self._lock:
            session = RoleSession(len(self._by_key) + 1, account_id, role_name, name)
            self._by_key[session.access_key] = session
        return session

    def of(self, access_key: str) -> RoleSession | None:
        """The session of a key, None for the caller's own."""
        return self._by_key.get(access_key)

    def account_of(self, access_key: str) -> str:
        """The account that calls with a key are made in."""
        session = self._by_key.get(access_key)
        return session.account_id if session else MANAGEMENT_ACCOUNT_ID

    def arn_of(self, access_key: str) -> str:
        """Who calls with a key."""
        session = self._by_key.get(access_key)
        return session.arn if session else _USER_ARN


class SecurityTokens:
    """The service: roles of members are assumed by the management account, and by it alone."""

    def __init__(self, present: Present, sessions: RoleSessions):
        self._present = present
        self._sessions = sessions

    def handlers(self) -> Handlers:
        """What is answered here."""
        return {
            ("sts", "AssumeRole"): self.assume_role,
            ("sts", "GetCallerIdentity"): self.get_caller_identity,
        }

    def assume_role(self, call: Call) -> Reply:
        """Credentials of the one role, in members that grant it; an hour long unless asked otherwise."""
        form = call.form()
        arn = form.get("RoleArn", "")
        found = _ROLE_ARN.fullmatch(arn)
        if not found:
            raise ServiceError("ValidationError", f"{arn} is invalid")
        account = self._present.account(found[1])
        is_granted = (
            account is not None
            and account.id != MANAGEMENT_ACCOUNT_ID
            and (account.access, account.state) == ("granted", "ACTIVE")
            and found[2] == ROLE_NAME
            and call.account_id == MANAGEMENT_ACCOUNT_ID
        )
        if not is_granted:
            raise not_allowed_to_assume(self._sessions.arn_of(call.access_key), arn)
        session = self._sessions.give(found[1], found[2], form.get("RoleSessionName", ""))
        ends = datetime.now(UTC) + timedelta(seconds=int(form.get("DurationSeconds", _HOUR)))
        user_id = f"AROA{session.account_id:0>16}:{session.name}"
        return xml_reply(
            "AssumeRole",
            _NAMESPACE,
            f"<Credentials><AccessKeyId>{session.access_key}</AccessKeyId>"
            "<SecretAccessKey>sandbox</SecretAccessKey><SessionToken>sandbox</SessionToken>"
            f"<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>{session.arn}</Arn><AssumedRoleId>{user_id}</AssumedRoleId>"
            "</AssumedRoleUser>",
        )

    def get_caller_identity(self, call: Call) -> Reply:
        """The account, and the user or session."""
        arn = self._sessions.arn_of(call.access_key)
        user_id = "AIDASANDBOX000000000" if arn == _USER_ARN else f"AROA{call.account_id:0>16}"
        return xml_reply(
            "GetCallerIdentity",
            _NAMESPACE,
            f"<Arn>{arn}</Arn><UserId>{user_id}</UserId><Account>{call.account_id}</Account>",
        )


def assumed_account(call: Call) -> str | None:
    """The account whose role a call of AssumeRole asks for."""
    found = _ROLE_ARN.fullmatch(call.form().get("RoleArn", ""))
    return found[1] if found else None


def check_credentials(call: Call) -> None:
    """Refuse the two access keys that are not valid, in the words of the service."""
    if call.access_key == EXPIRED_ACCESS_KEY:
        raise expired(call.service)
    if call.access_key == UNKNOWN_ACCESS_KEY:
        raise unknown_key(call.service)
