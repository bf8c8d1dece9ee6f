"""Sessions: the caller's own, and one that acts for every member account in its role."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, lru_cache, partial
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
)
from botocore.exceptions import UnknownServiceError

from loaders.aws.clients import AccountClient, ActingCredentials, watch
from loaders.aws.failures import AWS_ERRORS, as_load_error, clock_ahead
from loaders.aws.parsing import ColumnParserFactory
from loaders.aws.roles import MemberRole
from loaders.errors import LoadError

_SESSION_NAME = "dynamodb-optima"
# AWS_MAX_ATTEMPTS and the profile's max_attempts come first. With a fifth of all calls failing at random, one
# in ten million fails for good.
_ATTEMPTS = 10
_CONNECT_SECONDS = 10.0
# Clients of a service and a region, shared by all accounts: three services in all regions of a partition.
_CLIENTS_KEPT = 128
# Tables of one region are described by several threads, all over the connections of one client.
_CONNECTIONS_PER_UNIT = 4
# AWS's date has whole seconds, and an answer takes its time.
_CLOCK_NOISE = timedelta(seconds=2)


@dataclass(frozen=True)
class Access:
    """How AWS is reached: whose credentials, and by which role the members of an organisation are read.

    `region` is where calls go that belong to no region of their own. `timeout_seconds` is how long an answer
    may be silent, `concurrency` how many units of work are read at a time.
    """

    profile: str | None = None
    region: str = "us-east-1"
    use_organizations: bool = False
    role_name: str = "MetricsCollectorRole"
    external_id: str | None = None
    timeout_seconds: float = 60.0
    concurrency: int = 8


@dataclass(frozen=True)
class Caller:
    """Who the caller's own credentials are."""

    account_id: str
    partition: str  # aws, aws-cn, aws-us-gov


class Sessions:
    """Clients for any account and region. Safe to use from many threads.

    The caller's account is read with the caller's own credentials (the management account has no member
    role); another with its role's, which are fetched when first needed and again before they expire.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self._lock = threading.RLock()
        self._sessions: dict[tuple[bool, bool], boto3.Session] = {}
        self._roles: dict[str, MemberRole] = {}
        self._made = lru_cache(maxsize=_CLIENTS_KEPT)(self._make)
        self._ahead = timedelta()

    @cached_property
    def caller(self) -> Caller:
        """The account of the caller's credentials.

        Raises:
            LoadError: there are none, they have expired, or AWS cannot be reached.
        """
        try:
            client = self._client(None, "sts", self.access.region)
            began = datetime.now(UTC)
            identity = client.get_caller_identity()
            ahead = clock_ahead(identity, began + (datetime.now(UTC) - began) / 2)
        except AWS_ERRORS as error:
            raise as_load_error(error, "the caller's identity") from error
        if ahead is not None and abs(ahead) > _CLOCK_NOISE:
            self._ahead = ahead
        return Caller(account_id=identity["Account"], partition=identity["Arn"].split(":")[1])

    @property
    def found_by(self) -> str:
        """What of boto3's chain gave the caller's credentials: "env", "sso", "custom-process" …

        Raises:
            LoadError: there are none.
        """
        return str(self._own.get_credentials().method)

    def now(self) -> datetime:
        """Return the present as AWS sees it, naive UTC: this machine's clock, corrected by AWS's date.

        Raises:
            LoadError: as `caller` does.
        """
        _ = self.caller
        return (datetime.now(UTC) - self._ahead).replace(tzinfo=None)

    def client(
        self, service: str, *, account_id: str | None = None, region: str | None = None, **options: Any
    ) -> AccountClient:
        """Return a client. Without an account it is the caller's own; without a region, the caller's.

        Asking again costs nothing: clients are kept, and shared by threads and by the members.

        Args:
            options: settings of botocore's `Config`, for example `max_pool_connections`.

        Raises:
            ClientError, BotoCoreError: the account's role cannot be assumed.
        """
        owner = None if account_id is None or account_id == self.caller.account_id else account_id
        if owner is not None:
            self.verify(owner)
        return self._client(owner, service, region or self.access.region, **options)

    def verify(self, account_id: str) -> None:
        """Fetch an account's credentials now, so that a refusal shows before anything is read.

        Raises:
            ClientError, BotoCoreError: the role cannot be assumed; of an account that refused once, without
                asking again.
        """
        if account_id != self.caller.account_id:
            self._role(account_id).load()

    def _client(self, owner: str | None, service: str, region: str, **options: Any) -> AccountClient:
        with self._lock:  # making a client is the one thing of boto3 that is not safe between threads
            client, page_settings = self._made(owner is not None, service, region, tuple(options.items()))
        role = self._role(owner) if owner is not None else None
        return AccountClient(client, page_settings, role=role, attempts=self._attempts)

    def _make(
        self, of_members: bool, service: str, region: str, options: tuple[tuple[str, Any], ...]
    ) -> tuple[Any, Any]:
        """Make a client of botocore and the model of its paginators."""
        session = self._session(of_members, columns=service == "cloudwatch")
        settings = {
            # Adaptive mode meets a throttled call by slowing down all of a client's, to a crawl where calls
            # are throttled at random; standard mode waits with the call that was throttled.
            "retries": {"mode": "standard", "total_max_attempts": self._attempts},
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": self.access.timeout_seconds,
            "max_pool_connections": max(10, self.access.concurrency * _CONNECTIONS_PER_UNIT),
            # One host per region, not one per account: connections are kept from account to account.
            "account_id_endpoint_mode": "disabled",
        }
        config = Config(**{**settings, **dict(options)})
        client = session.client(service, region_name=region, config=config)
        return client, _page_settings(self._own, service)

    def _session(self, of_members: bool, *, columns: bool) -> boto3.Session:
        """Return the caller's or the members' session; with `columns` CloudWatch's points stay unparsed."""
        if (of_members, columns) not in self._sessions:
            core = botocore.session.Session(profile=self.access.profile)
            core.register_component("data_loader", self._own.get_component("data_loader"))
            credentials = ActingCredentials() if of_members else self._own.get_credentials()
            core.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
            if columns:
                core.register_component("response_parser_factory", ColumnParserFactory())
            watch(core)
            self._sessions[of_members, columns] = boto3.Session(botocore_session=core)
        return self._sessions[of_members, columns]

    @cached_property
    def _own(self) -> botocore.session.Session:
        """The session that boto3's own chain of credentials is asked through, once: profile, SSO, process."""
        core = botocore.session.Session(profile=self.access.profile)
        try:
            core.register_component("data_loader", _models(core.get_config_variable("data_path")))
            credentials = core.get_credentials()
        except AWS_ERRORS as error:
            raise as_load_error(error, "the AWS session") from error
        if credentials is None:
            raise LoadError("No AWS credentials were found: run `aws configure`, or set AWS_PROFILE.")
        return core

    @cached_property
    def _attempts(self) -> int:
        return int(self._own.get_config_variable("max_attempts") or _ATTEMPTS)

    def _role(self, account_id: str) -> MemberRole:
        with self._lock:
            if account_id not in self._roles:
                arn = f"arn:{self.caller.partition}:iam::{account_id}:role/{self.access.role_name}"
                self._roles[account_id] = MemberRole(partial(self._assume, arn))
            return self._roles[account_id]

    def _assume(self, role_arn: str) -> dict[str, Any]:
        """Fetch a role's credentials with the caller's own, as botocore's sessions know them."""
        extra = {"RoleSessionName": _SESSION_NAME}
        if self.access.external_id:
            extra["ExternalId"] = self.access.external_id

        def sts_client(service: str, **_credentials: Any) -> AccountClient:
            # botocore offers the source's credentials here; ours is made from the same, with our retries.
            return self._client(None, service, self.access.region)

        fetcher = AssumeRoleCredentialFetcher(
            sts_client, self._own.get_credentials(), role_arn, extra_args=extra
        )
        found: dict[str, Any] = fetcher.fetch_credentials()
        return found


class _Given(CredentialProvider):  # type: ignore[misc]
    """Hands a botocore session the credentials that it shares with another."""

    METHOD = "given"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


@cache
def _models(data_path: str | None) -> Any:
    """Return botocore's reader of AWS's models, which keeps what it read: a second of processor time."""
    return botocore.loaders.create_loader(data_path)


def _page_settings(session: botocore.session.Session, service: str) -> Any:
    """Return the model of a service's paginators; None for a service without any."""
    try:
        return session.get_paginator_model(service)
    except UnknownServiceError:
        return None
