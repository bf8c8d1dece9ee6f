"""The application that is served: checks first, then the sandbox's own handlers, then moto."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from optima.sandbox.identity import Check
from optima.sandbox.wire import (
    Environ,
    Handlers,
    Reply,
    ServiceError,
    error_reply,
    read_call,
    status_line,
)

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Front:
    """A WSGI application. Checks see every call and may raise a ServiceError: that is where faults go in."""

    def __init__(
        self,
        handlers: Handlers,
        checks: Sequence[Check],
        behind: Application,
        account_of: Callable[[str], str],
        latency_seconds: float = 0.0,
    ):
        self._handlers = handlers
        self._checks = checks
        self._behind = behind
        self._account_of = account_of
        self._latency_seconds = latency_seconds

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._latency_seconds:
            time.sleep(self._latency_seconds)
        service = ""
        try:
            call = read_call(environ, self._account_of)
            service = call.service
            for check in self._checks:
                check(call)
            handler = self._handlers.get((call.service, call.operation))
            if handler is None:
                return self._behind({**environ, "HTTP_X_MOTO_ACCOUNT_ID": call.account_id}, start_response)
            reply = handler(call)
        except ServiceError as error:
            reply = error_reply(service, error)
        return _respond(reply, start_response)


def _respond(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    headers = [
        ("Content-Type", reply.content_type),
        ("Content-Length", str(len(reply.body))),
        ("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000"),
    ]
    start_response(status_line(reply.status), headers)
    return [reply.body]
