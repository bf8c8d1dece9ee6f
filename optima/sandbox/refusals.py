"""In which words, under which code and status each service refuses a call.

Services differ: the older ones have codes of their own, the newer end theirs in "Exception".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from optima.sandbox.wire import Call, ServiceError

_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_SIGNED_AT = "%Y%m%dT%H%M%SZ"
# How far a signature's instant may lie from the service's clock, in seconds.
_TOLERANCES: Mapping[str, float] = {"s3": 900.0, "ec2": 900.0}
_TOLERANCE = 300.0

_Words = tuple[str, int, str]  # code, status, message

_THROTTLED: Mapping[str, _Words] = {
    "dynamodb": (
        "com.amazon.coral.availability#ThrottlingException",
        400,
        "Rate of requests exceeds the allowed throughput.",
    ),
    "monitoring": ("Throttling", 400, "Rate exceeded"),
    "sts": ("Throttling", 400, "Rate exceeded"),
    "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
    "s3": ("SlowDown", 503, "Please reduce your request rate."),
    "organizations": (
        "TooManyRequestsException",
        400,
        "AWS Organizations can't complete your request because too many were sent. Wait and try again.",
    ),
}
_FAILED_500: Mapping[str, _Words] = {
    "dynamodb": (f"{_DYNAMODB}InternalServerError", 500, "Internal server error"),
    "monitoring": ("InternalServiceFault", 500, "The service failed to process the request."),
    "s3": ("InternalError", 500, "We encountered an internal error. Please try again."),
    "ec2": ("InternalError", 500, "An internal error has occurred"),
    "organizations": (
        "ServiceException",
        500,
        "AWS Organizations can't complete your request because of an internal service error.",
    ),
    "application-autoscaling": (
        "InternalServiceException",
        500,
        "The service encountered an internal error.",
    ),
    "pricing": ("InternalErrorException", 500, "An error on the server occurred."),
    "cur": ("InternalErrorException", 500, "An error on the server occurred."),
    "bcm-data-exports": ("InternalServerException", 500, "An error on the server occurred."),
    "savingsplans": ("InternalServerException", 500, "An error on the server occurred."),
}
_EXPIRED: Mapping[str, _Words] = {
    "sts": ("ExpiredToken", 403, "The security token included in the request is expired"),
    "monitoring": ("ExpiredToken", 403, "The security token included in the request is expired"),
    "s3": ("ExpiredToken", 400, "The provided token has expired."),
    "ec2": ("RequestExpired", 400, "Request has expired."),
}
_UNKNOWN_KEY: Mapping[str, _Words] = {
    "sts": ("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
    "monitoring": ("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
    "s3": ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
    "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
}
_DENIED_CODES: Mapping[str, tuple[str, int]] = {
    "monitoring": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
    "s3": ("AccessDenied", 403),
    "ec2": ("UnauthorizedOperation", 403),
}
# Where IAM's name of a service or an action is not that of the wire.
_IAM_SERVICES: Mapping[str, str] = {"monitoring": "cloudwatch"}
_IAM_ACTIONS: Mapping[tuple[str, str], str] = {
    ("s3", "ListObjectsV2"): "ListBucket",
    ("s3", "HeadObject"): "GetObject",
}


def throttled(service: str) -> ServiceError:
    """Too many calls."""
    return _refusal(_THROTTLED.get(service, ("ThrottlingException", 400, "Rate exceeded")))


def failed(service: str, *, is_unavailable: bool) -> ServiceError:
    """A failure of the service's own: 503 if it is unavailable, else 500."""
    if is_unavailable:
        code = "Unavailable" if service == "ec2" else "ServiceUnavailable"
        return ServiceError(code, "Service is unable to handle request.", 503)
    return _refusal(_FAILED_500.get(service, ("InternalFailure", 500, "An internal failure has occurred.")))


def expired(service: str) -> ServiceError:
    """Credentials that are no longer good."""
    words = ("ExpiredTokenException", 400, "The security token included in the request is expired")
    return _refusal(_EXPIRED.get(service, words))


def unknown_key(service: str) -> ServiceError:
    """Credentials that the service does not know: any are unknown to a region that is not enabled."""
    words = ("UnrecognizedClientException", 400, "The security token included in the request is invalid.")
    return _refusal(_UNKNOWN_KEY.get(service, words))


def denied(call: Call, caller_arn: str) -> ServiceError:
    """An action that no policy of the caller allows, named with its resource."""
    if (call.service, call.operation) == ("sts", "AssumeRole"):
        return not_allowed_to_assume(caller_arn, call.form().get("RoleArn", ""))
    action = _IAM_ACTIONS.get((call.service, call.operation), call.operation)
    name = f"{_IAM_SERVICES.get(call.service, call.service)}:{action}"
    resource = _resource(call)
    on = f" on resource: {resource}" if resource else ""
    message = (
        f"User: {caller_arn} is not authorized to perform: {name}{on} because no identity-based policy allows"
        f" the {name} action"
    )
    if call.service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    code, status = _DENIED_CODES.get(call.service, ("AccessDeniedException", 400))
    return ServiceError(code, message, status)


def not_allowed_to_assume(caller_arn: str, role_arn: str) -> ServiceError:
    """A role that does not trust the caller, or is not there: STS does not tell which."""
    message = f"User: {caller_arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
    return ServiceError("AccessDenied", message, 403)


def badly_timed(call: Call, now: datetime) -> ServiceError | None:
    """The refusal of a signature too far from the service's clock (`now`, naive UTC); None if it is near."""
    try:
        signed_at = datetime.strptime(call.signed_at, _SIGNED_AT).replace(tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        return None  # a signature in the address has no such header; nobody here makes one
    tolerance = _TOLERANCES.get(call.service, _TOLERANCE)
    ahead = (signed_at - now).total_seconds()
    if abs(ahead) <= tolerance:
        return None
    if call.service == "s3":
        message = "The difference between the request time and the current time is too large."
        return ServiceError("RequestTimeTooSkewed", message, 403)
    if call.service == "ec2":
        return expired("ec2")
    known, limit = f"{now:{_SIGNED_AT}}", f"{tolerance / 60:.0f} min."
    message = (
        f"Signature not yet current: {call.signed_at} is still later than {known} (+ {limit})"
        if ahead > 0
        else f"Signature expired: {call.signed_at} is now earlier than {known} (- {limit})"
    )
    if call.service in ("sts", "monitoring"):
        return ServiceError("SignatureDoesNotMatch", message, 403)
    return ServiceError("InvalidSignatureException", message)


def _refusal(words: _Words) -> ServiceError:
    code, status, message = words
    return ServiceError(code, message, status)


def _resource(call: Call) -> str | None:
    """What the call is about, as a policy would name it; some services leave it out of the message."""
    if call.service in ("monitoring", "ec2"):
        return None
    if call.service == "dynamodb":
        request = call.json()
        name = str(request.get("TableName", "*")).rpartition("/")[2]
        arn = f"arn:aws:dynamodb:{call.region}:{call.account_id}:table/{name}"
        return str(request.get("ResourceArn", arn))
    if call.service == "s3":
        place = call.path.strip("/")
        return f'"arn:aws:s3:::{place if call.operation != "ListObjectsV2" else place.partition("/")[0]}"'
    return "*"
