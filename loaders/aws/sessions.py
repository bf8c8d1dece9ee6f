"""Sessions: the caller's own, and one per member account by assuming its role."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    RefreshableCredentials,
)

from loaders.aws.failures import AWS_ERRORS, as_load_error
from loaders.aws.parsing import ColumnParserFactory
from loaders.errors import LoadError

_SESSION_NAME = "dynamodb-optima"
# Throttling is normal in an organisation's control planes: adaptive mode slows down instead of giving up.
# AWS_MAX_ATTEMPTS and the profile's max_attempts come first.
_ATTEMPTS = 10


@dataclass(frozen=True)
class Access:
    """How AWS is reached: whose credentials, and by which role the members of an organisation are read.

    `region` is where calls go that belong to no region of their own.
    """

    profile: str | None = None
    region: str = "us-east-1"
    use_organizations: bool = False
    role_name: str = "MetricsCollectorRole"
    external_id: str | None = None


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
        self._sessions: dict[tuple[str | None, bool], boto3.Session] = {}
        self._roles: dict[str, _RoleCredentials] = {}

    @cached_property
    def caller(self) -> Caller:
        """The account of the caller's credentials.

        Raises:
            LoadError: there are none, they have expired, or AWS cannot be reached.
        """
        try:
            identity = self._client(None, "sts", self.access.region).get_caller_identity()
        except AWS_ERRORS as error:
            raise as_load_error(error, "the caller's identity") from error
        return Caller(account_id=identity["Account"], partition=identity["Arn"].split(":")[1])

    def client(
        self, service: str, *, account_id: str | None = None, region: str | None = None, **options: Any
    ) -> Any:
        """Make a client. Without an account it is the caller's own; without a region, the caller's.

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
            ClientError, BotoCoreError: the role cannot be assumed.
        """
        if account_id != self.caller.account_id:
            self._role(account_id).load()

    def _client(self, owner: str | None, service: str, region: str, **options: Any) -> Any:
        with self._lock:  # making a client is the one thing of boto3 that is not safe between threads
            session = self._session(owner, columns=service == "cloudwatch")
            config = Config(retries={"mode": "adaptive", "total_max_attempts": self._attempts}, **options)
            return session.client(service, region_name=region, config=config)

    def _session(self, owner: str | None, *, columns: bool) -> boto3.Session:
        """Return an account's session; the one with `columns` answers CloudWatch's points unparsed."""
        if (owner, columns) not in self._sessions:
            core = botocore.session.Session(profile=self.access.profile if owner is None else None)
            core.register_component("data_loader", self._own.get_component("data_loader"))
            if owner is not None:
                core.register_component("credential_provider", CredentialResolver([self._role(owner)]))
            if columns:
                core.register_component("response_parser_factory", ColumnParserFactory())
            self._sessions[owner, columns] = boto3.Session(botocore_session=core)
        return self._sessions[owner, columns]

    @cached_property
    def _own(self) -> botocore.session.Session:
        """The caller's session, whose copy of AWS's models all others share: they are read from disk once."""
        core = botocore.session.Session(profile=self.access.profile)
        try:
            credentials = core.get_credentials()
        except AWS_ERRORS as error:
            raise as_load_error(error, "the AWS session") from error
        if credentials is None:
            raise LoadError("No AWS credentials were found: run `aws configure`, or set AWS_PROFILE.")
        return core

    @cached_property
    def _attempts(self) -> int:
        return int(self._own.get_config_variable("max_attempts") or _ATTEMPTS)

    def _role(self, account_id: str) -> _RoleCredentials:
        with self._lock:
            if account_id not in self._roles:
                role = f"arn:{self.caller.partition}:iam::{account_id}:role/{self.access.role_name}"
                self._roles[account_id] = _RoleCredentials(self, role)
            return self._roles[account_id]

    def assume_role_fetcher(self, role_arn: str) -> AssumeRoleCredentialFetcher:
        """Make what fetches a role's credentials with the caller's own."""
        extra = {"RoleSessionName": _SESSION_NAME}
        if self.access.external_id:
            extra["ExternalId"] = self.access.external_id

        def sts_client(service: str, **_credentials: Any) -> Any:
            # botocore offers the source's credentials here; ours is made from the same, with our retries.
            return self._client(None, service, self.access.region)

        return AssumeRoleCredentialFetcher(
            sts_client, self._own.get_credentials(), role_arn, extra_args=extra
        )


class _RoleCredentials(CredentialProvider):  # type: ignore[misc]
    """Gives botocore sessions a role's credentials, which botocore refreshes before they expire.

    The first are fetched here: botocore logs a stack trace when its own first attempt is refused.
    """

    METHOD = "assume-role"

    def __init__(self, sessions: Sessions, role_arn: str) -> None:
        super().__init__()
        self._fetch = sessions.assume_role_fetcher(role_arn).fetch_credentials
        self._lock = threading.Lock()
        self._credentials: RefreshableCredentials | None = None

    def load(self) -> RefreshableCredentials:
        """Return the credentials that all sessions of the account share."""
        with self._lock:
            if self._credentials is None:
                self._credentials = RefreshableCredentials.create_from_metadata(
                    self._fetch(), refresh_using=self._fetch, method=self.METHOD
                )
            return self._credentials
