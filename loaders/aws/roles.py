"""The roles of member accounts: credentials fetched when first needed, and a refusal remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from loaders.aws.failures import kind_of


class MemberRole:
    """The role of one member account. botocore refreshes its credentials before they expire.

    An account that refuses is not asked a second time: nothing changes that within one load, and every call
    of a thousand refusing accounts would be one call more.
    """

    def __init__(self, assume: Callable[[], dict[str, Any]]) -> None:
        """Take what makes the call of AssumeRole."""
        self._assume = assume
        self._lock = threading.Lock()
        self._credentials: RefreshableCredentials | None = None
        self._refusal: ClientError | None = None

    def load(self) -> RefreshableCredentials:
        """Return the credentials that all threads share.

        Raises:
            ClientError, BotoCoreError: the role cannot be assumed.
            LoadError: the caller's own credentials are no good any more.
        """
        with self._lock:
            if self._credentials is None:
                # Fetched here, because botocore logs a stack trace when its own first attempt is refused.
                self._credentials = RefreshableCredentials.create_from_metadata(
                    self._fetch(), refresh_using=self._fetch, method="assume-role"
                )
            return self._credentials

    def renew(self, failed: RefreshableCredentials) -> None:
        """Have the next call assume the role anew, unless another thread has seen to that already."""
        with self._lock:
            if self._credentials is failed:
                self._credentials = None

    def _fetch(self) -> dict[str, Any]:
        if self._refusal is not None:
            raise ClientError(self._refusal.response, self._refusal.operation_name)
        try:
            return self._assume()
        except ClientError as error:
            if kind_of(error) == "denied":
                self._refusal = error
            raise
