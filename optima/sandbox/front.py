"""The application that is served: faults and checks first, then the sandbox's own handlers, then moto."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from optima.sandbox.control import PATH, Control
from optima.sandbox.injection import Faults, Struck, refuse_badly_timed
from optima.sandbox.spoiling import begun_again, repeating
from optima.sandbox.sts import Check
from optima.sandbox.wire import (
    Call,
    Environ,
    Handlers,
    Reply,
    ServiceError,
    error_reply,
    read_call,
    status_line,
)

Headers = list[tuple[str, str]]
StartResponse = Callable[[str, Headers], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Front:
    """A WSGI application. Checks see every call and may raise a ServiceError.

    What has no handler is left to the application behind, but for the services that are `served_whole`.
    A ConnectionDroppedError that leaves here means that the connection is to be closed without an answer; a
    body shorter than its Content-Length, that it is to be closed after what there is of it.
    """

    def __init__(
        self,
        handlers: Handlers,
        checks: Sequence[Check],
        behind: Application,
        account_of: Callable[[str], str],
        faults: Faults,
        control: Control | None = None,
        served_whole: Collection[str] = (),
        latency_seconds: float = 0.0,
    ):
        self._handlers = handlers
        self._checks = checks
        self._behind = behind
        self._account_of = account_of
        self._faults = faults
        self._control = control
        self._served_whole = served_whole
        self._latency_seconds = latency_seconds

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._control is not None and environ["PATH_INFO"].startswith(PATH):
            return _respond(self._control.answer(environ), start_response)
        if self._latency_seconds:
            time.sleep(self._latency_seconds)
        service, ahead, struck = "", None, None
        try:
            call = read_call(environ, self._account_of)
            service = call.service
            ahead = self._faults.clock_ahead(call)
            if ahead is not None:
                refuse_badly_timed(call, ahead)
            struck = self._faults.strike(call)
            if struck is not None:
                self._faults.refuse(struck, call)
            reply = self._answer(call, environ, struck)
        except ServiceError as error:
            reply = error_reply(service, error)
        is_cut = struck is not None and struck.fault.kind == "cut"
        return _respond(reply, start_response, ahead=ahead, is_cut=is_cut)

    def _answer(self, call: Call, environ: Environ, struck: Struck | None) -> Reply:
        first = begun_again(call)
        reply = self._handle(first or call, environ)
        if struck is not None:
            if first is not None and struck.fault.kind == "repeated_token":
                self._faults.count(struck.fault)
                return repeating(call, reply)
            reply = self._faults.spoil(struck, call, reply)
        return reply

    def _handle(self, call: Call, environ: Environ) -> Reply:
        for check in self._checks:
            check(call)
        handler = self._handlers.get((call.service, call.operation))
        if handler is not None:
            return handler(call)
        if call.service in self._served_whole:
            raise ServiceError("UnknownOperationException", f"The sandbox does not serve {call.operation}.")
        return self._reply_from_behind(call, environ)

    def _reply_from_behind(self, call: Call, environ: Environ) -> Reply:
        status, headers = 500, []

        def start(line: str, given: Headers, _error: Any = None) -> None:
            nonlocal status, headers
            status, headers = int(line.partition(" ")[0]), given

        body = b"".join(self._behind({**environ, "HTTP_X_MOTO_ACCOUNT_ID": call.account_id}, start))
        return Reply(body, "", status, tuple(headers))


def _respond(
    reply: Reply, start_response: StartResponse, *, ahead: timedelta | None = None, is_cut: bool = False
) -> Iterable[bytes]:
    headers = list(reply.headers) or [
        ("Content-Type", reply.content_type),
        ("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000"),
    ]
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(("Content-Length", str(len(reply.body))))
    if ahead is not None:
        headers.append(("Date", format_datetime(datetime.now(UTC) + ahead, usegmt=True)))
    start_response(status_line(reply.status), headers)
    return [reply.body[: len(reply.body) // 2] if is_cut else reply.body]
