"""How AWS services are spoken to over HTTP: which call a request is, how answers and errors are written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

Environ = dict[str, Any]

_CREDENTIAL = re.compile(r"Credential=([^/]*)/[^/]*/([^/]*)/([^/]*)/aws4_request")
_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
# Services whose operation is the whole path.
_PATH_SERVICES = {"savingsplans"}
_QUERY_SERVICES = {"sts", "ec2", "iam"}


@dataclass(frozen=True)
class Call:
    """One call of an API. `operation` is empty where the path tells it and nothing here depends on it.

    `signed_at` is the signature's `20261101T000000Z`, `query` the part of the address after the path.
    """

    service: str
    operation: str
    region: str
    access_key: str
    account_id: str
    path: str
    body: bytes = field(repr=False)
    query: str = ""
    signed_at: str = ""

    def json(self) -> dict[str, Any]:
        """The request of a JSON protocol."""
        try:
            request = json.loads(self.body or b"{}")
        except ValueError:
            raise ServiceError("SerializationException", "The request body is not JSON.") from None
        if not isinstance(request, dict):
            raise ServiceError("SerializationException", "The request body is not a JSON object.")
        return request

    def form(self) -> dict[str, str]:
        """The request of a query protocol, lists flattened as `Filter.1.Name`."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    """An answer, as bytes. `headers` replace the usual ones where there are any."""

    body: bytes = field(repr=False)
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class ServiceError(Exception):
    """An error as an AWS service returns it: its code, its message and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


Handler = Callable[[Call], Reply]
Handlers = Mapping[tuple[str, str], Handler]


def read_call(environ: Environ, account_of: Callable[[str], str]) -> Call:
    """What a request asks for. The body is read, and left in place for whoever handles it next."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = BytesIO(body)
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if not found:
        raise ServiceError("MissingAuthenticationToken", "Missing Authentication Token", 403)
    access_key, region, service = found.groups()
    return Call(
        service,
        _operation(environ, service, body),
        region,
        access_key,
        account_of(access_key),
        environ["PATH_INFO"],
        body,
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_X_AMZ_DATE", ""),
    )


def _operation(environ: Environ, service: str, body: bytes) -> str:
    """Where a protocol names it; of S3, whose protocol does not, the reading calls of a loader."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target.partition(".")[2])
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode()).get("Action", [""])[0]
    if service in _PATH_SERVICES:
        return str(environ["PATH_INFO"].strip("/"))
    if service != "s3":
        return ""
    method = environ.get("REQUEST_METHOD")
    _, _, key = environ["PATH_INFO"].strip("/").partition("/")
    if method == "GET" and not key:
        return "ListObjectsV2" if "list-type=2" in environ.get("QUERY_STRING", "") else ""
    return {"GET": "GetObject", "HEAD": "HeadObject"}.get(str(method), "")


def xml_reply(operation: str, namespace: str, result: str) -> Reply:
    """The answer of a query protocol: the operation's result, as XML, in its envelope."""
    text = (
        f'<{operation}Response xmlns="{namespace}"><{operation}Result>{result}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{_REQUEST_ID}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Reply(text.encode(), "text/xml")


def page_of(
    request: Mapping[str, Any], name: str, everything: Sequence[Any], greatest: int
) -> dict[str, Any]:
    """One page of a list, under its name; the token is the position to go on from."""
    size = request.get("MaxResults") or greatest
    token = request.get("NextToken") or "0"
    if not token.isdigit():
        raise ServiceError("InvalidNextTokenException", "The next token specified is invalid.")
    if not 1 <= size <= greatest:
        raise ServiceError("ValidationException", f"MaxResults must be between 1 and {greatest}.")
    start = int(token)
    answer: dict[str, Any] = {name: everything[start : start + size]}
    if start + size < len(everything):
        answer["NextToken"] = str(start + size)
    return answer


def json_reply(answer: Mapping[str, Any]) -> Reply:
    """The answer of a JSON protocol."""
    return Reply(json.dumps(answer, separators=(",", ":")).encode(), "application/x-amz-json-1.1")


def error_reply(service: str, error: ServiceError) -> Reply:
    """The error in the protocol of the service."""
    code, message = escape(error.code), escape(error.message)
    if service == "s3":
        text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    elif service == "ec2":
        inner = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        text = f"<Response><Errors>{inner}</Errors></Response>"
    elif service in _QUERY_SERVICES:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{_REQUEST_ID}</RequestId></ErrorResponse>"
        )
    else:
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return Reply(body, "application/x-amz-json-1.1", error.status)
    return Reply(text.encode(), "text/xml", error.status)


def status_line(status: int) -> str:
    """`200 OK`."""
    return f"{status} {HTTPStatus(status).phrase}"
