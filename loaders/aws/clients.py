"""Clients that act for an account, and repeat what AWS or the network spoilt.

botocore repeats what AWS answers with an error. What it takes for an answer although it is none (a body cut
short, which its JSON parser turns into an empty listing), a session that has ended early, and calls that its
own quota of retries gave up on are repeated here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from botocore.credentials import Credentials, ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError
from botocore.paginate import Paginator
from botocore.parsers import ResponseParserError
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from loaders.aws.failures import (
    AWS_ERRORS,
    AnswerUnreadable,
    SessionRefused,
    ends_load,
    is_expired,
    is_throttling,
)

_UNREADABLE = (IncompleteReadError, ResponseParserError)
_DISCONNECTED = (ConnectionError, HTTPClientError)
# How often the session of a member is renewed for one call. Once is enough, unless AWS is out of order.
_RENEWALS = 3


class Role(Protocol):
    """The role of a member account that calls are made in."""

    def load(self) -> RefreshableCredentials:
        """Return its credentials."""

    def renew(self, failed: RefreshableCredentials) -> None:
        """Forget credentials that AWS calls expired."""


@dataclass
class _Exchange:
    """One call and all its attempts: whom it is made for, and what it took."""

    role: Role | None
    attempts: int = 0
    throttled: int = 0
    bytes: int = 0
    renewals: int = 0
    credentials: RefreshableCredentials | None = (
        None  # those of the last attempt; None while they are fetched
    )

    def sign(self) -> ReadOnlyCredentials:
        assert self.role is not None
        self.credentials = None
        credentials = self.role.load()
        frozen = credentials.get_frozen_credentials()
        self.credentials = credentials
        return frozen


# What the calling thread is about. Set around every call, so that one client serves all accounts.
_exchange: ContextVar[_Exchange] = ContextVar("exchange")


class ActingCredentials(Credentials):  # type: ignore[misc]
    """The credentials of whichever account the calling thread acts for, looked up at every signature.

    They make one client of a service and region do for every member: clients are what costs time and memory,
    and connections stay open from one account to the next.
    """

    def __init__(self) -> None:
        super().__init__("", "", method="assume-role")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the account's credentials, fetched or refreshed if they have to be."""
        return _exchange.get().sign()


def watch(session: Any) -> None:
    """Have a botocore session's clients count their attempts and bytes, and refuse bodies cut short."""
    session.register("request-created", _count_attempt)
    session.register("before-parse", _check_body)
    session.register("response-received", _count_throttling)


class AccountClient:
    """A botocore client, acting for one account. As safe to share between threads as botocore's.

    Operations raise what botocore's do, and LoadError for what no other call could go around: the caller's
    own credentials, or this machine's clock. In the ResponseMetadata of an answer, beside botocore's own
    `RetryAttempts`, are `ThrottledAttempts` and `BytesReceived`, of all attempts together.
    """

    def __init__(self, client: Any, page_settings: Any, *, role: Role | None, attempts: int) -> None:
        """Take a client, its paginators' model, and how many attempts a call gets at most.

        `role` is None for calls with the caller's own credentials.
        """
        self._client = client
        self._page_settings = page_settings
        self._role = role
        self._attempts = attempts

    def __getattr__(self, name: str) -> Any:
        """Return an operation, or whatever else botocore's client has."""
        found = getattr(self._client, name)
        return partial(self._call, found) if name in self._client.meta.method_to_api_mapping else found

    def get_paginator(self, operation: str) -> Any:
        """Return botocore's paginator over an operation."""
        return self.paginator(operation, getattr(self, operation))

    def paginator(self, operation: str, method: Callable[..., Any]) -> Any:
        """Return botocore's paginator over an operation whose pages `method` fetches."""
        name = self._client.meta.method_to_api_mapping[operation]
        model = self._client.meta.service_model.operation_model(name)
        return Paginator(method, self._page_settings.get_paginator(name), model)

    def _call(self, operation: Callable[..., Any], **arguments: Any) -> Any:
        exchange = _Exchange(self._role)
        token = _exchange.set(exchange)
        try:
            answer = Retrying(
                retry=retry_if_exception(partial(self._may_be_repeated, exchange)),
                # A session that was renewed costs no attempt: nothing was asked with it.
                stop=lambda _state: exchange.attempts - exchange.renewals >= self._attempts,
                wait=partial(_wait, exchange),
                reraise=True,
            )(operation, **arguments)
        except _UNREADABLE as error:
            raise AnswerUnreadable(operation=operation.__name__, attempts=exchange.attempts) from error
        except AWS_ERRORS as error:
            ending = ends_load(error, own=self._role is None)
            if ending is not None:
                raise ending from error
            if is_expired(error):
                raise SessionRefused(renewals=exchange.renewals) from error
            raise
        finally:
            _exchange.reset(token)
        answer["ResponseMetadata"].update(
            RetryAttempts=max(exchange.attempts - 1, 0),
            ThrottledAttempts=exchange.throttled,
            BytesReceived=exchange.bytes,
        )
        return answer

    def _may_be_repeated(self, exchange: _Exchange, error: BaseException) -> bool:
        if self._role is not None and exchange.credentials is None:
            return False  # it is the role that was not given, after as many attempts of its own
        if isinstance(error, _UNREADABLE):
            return True
        if isinstance(error, ClientError):
            if self._role is not None and exchange.credentials is not None and is_expired(error):
                if exchange.renewals == _RENEWALS:
                    return False
                self._role.renew(exchange.credentials)
                exchange.renewals += 1
                return True
            return bool(error.response.get("ResponseMetadata", {}).get("RetryQuotaReached"))
        # botocore repeats these to the last attempt, unless its quota of retries is used up.
        return isinstance(error, _DISCONNECTED)


_backoff = wait_random_exponential(multiplier=0.2, max=10)


def _wait(exchange: _Exchange, state: RetryCallState) -> float:
    renewed = state.outcome is not None and is_expired(state.outcome.exception())  # type: ignore[arg-type]
    return 0.0 if renewed and exchange.renewals == 1 else _backoff(state)


def _count_attempt(**_event: Any) -> None:
    exchange = _exchange.get(None)
    if exchange is not None:
        exchange.attempts += 1


def _check_body(operation_model: Any, response_dict: Any, **_event: Any) -> None:
    """Count a body's bytes, and refuse one that is not what its headers promise.

    Raises:
        IncompleteReadError: bytes are missing. botocore leaves this unchecked.
        ResponseParserError: a JSON service answered something else. botocore takes that for an empty answer.
    """
    body, headers = response_dict["body"], response_dict["headers"]
    length = headers.get("Content-Length")
    is_streamed = not isinstance(body, bytes)
    exchange = _exchange.get(None)
    if exchange is not None:
        exchange.bytes += int(length or 0) if is_streamed else len(body)
    if is_streamed or operation_model.http.get("method") == "HEAD":
        return
    if length is not None and len(body) < int(length):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))
    is_json = operation_model.service_model.resolved_protocol == "json"
    if is_json and response_dict["status_code"] < 300 and body and not _looks_like_json(body):
        raise ResponseParserError("The answer is not JSON.")


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}"


def _count_throttling(response_dict: Any, parsed_response: Any, **_event: Any) -> None:
    exchange = _exchange.get(None)
    if exchange is None or parsed_response is None:
        return
    code = parsed_response.get("Error", {}).get("Code")
    if is_throttling(code, response_dict["status_code"]):
        exchange.throttled += 1
