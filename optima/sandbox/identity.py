"""STS in front of moto's: who may assume which role. Everything else of STS is moto's."""

from __future__ import annotations

import re
from collections.abc import Callable

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.organisation import ROLE_NAME, Organisation
from optima.sandbox.wire import Call, ServiceError

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")

# Access key ids that stand for credentials that are no longer, or never were, any good.
EXPIRED_ACCESS_KEY = "EXPIRED"
UNKNOWN_ACCESS_KEY = "UNKNOWN"
_EXPIRED_CODES = {"sts": "ExpiredToken", "s3": "ExpiredToken", "ec2": "RequestExpired"}
_UNKNOWN_CODES = {"sts": "InvalidClientTokenId", "s3": "InvalidAccessKeyId", "ec2": "AuthFailure"}

Check = Callable[[Call], None]


def check_credentials(call: Call) -> None:
    """Refuse the two access keys that are not valid, in the words of the service."""
    if call.access_key == EXPIRED_ACCESS_KEY:
        code = _EXPIRED_CODES.get(call.service, "ExpiredTokenException")
        raise ServiceError(code, "The security token included in the request is expired", 403)
    if call.access_key == UNKNOWN_ACCESS_KEY:
        code = _UNKNOWN_CODES.get(call.service, "UnrecognizedClientException")
        raise ServiceError(code, "The security token included in the request is invalid.", 403)


def check_role(organisation: Organisation) -> Check:
    """Only the management account assumes roles, and only the one role of members that grant it."""

    def check(call: Call) -> None:
        if (call.service, call.operation) != ("sts", "AssumeRole"):
            return
        arn = call.form().get("RoleArn", "")
        found = _ROLE_ARN.fullmatch(arn)
        if not found:
            raise ServiceError("ValidationError", f"{arn} is invalid")
        account = organisation.account_by_id.get(found[1])
        is_granted = (
            account is not None
            and account.id != MANAGEMENT_ACCOUNT_ID
            and (account.access, account.state) == ("granted", "ACTIVE")
            and found[2] == ROLE_NAME
            and call.account_id == MANAGEMENT_ACCOUNT_ID
        )
        if not is_granted:
            caller = f"arn:aws:iam::{call.account_id}:user/optima"
            message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise ServiceError("AccessDenied", message, 403)

    return check
