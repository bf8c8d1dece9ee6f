"""What AWS refused, sorted by what a load does about it, and said in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from loaders.errors import LoadError

# What a thread that talks to AWS may raise without it being our defect.
AWS_ERRORS: tuple[type[Exception], ...] = (BotoCoreError, ClientError)

Kind = Literal["denied", "credentials", "gone", "failed"]

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403"}
_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
# What a region answers to an account that has not enabled it: it does not know the account's keys.
_UNKNOWN_HERE = {"AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"}
_GONE = {"ResourceNotFoundException", "TableNotFoundException", "NoSuchKey", "404"}
_THROTTLED = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
# How services refuse a signature because of its time: S3 has a code of its own, others say it in words.
_SKEWED = "RequestTimeTooSkewed"
_SIGNATURE = {"InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"}
# AWS takes signatures that are up to five minutes off.
_TOLERATED = timedelta(minutes=4)
# The caller's own chain has no credentials, or could not renew them: a lapsed sign-on, a process that failed.
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError)
_NOT_RENEWED = (CredentialRetrievalError, SSOError, TokenRetrievalError)

SIGN_IN_AGAIN = (
    "The AWS credentials have expired: sign in again, then repeat the command (discover and collect go on "
    "where they stopped with --resume)."
)


class AnswerUnreadable(BotoCoreError):  # type: ignore[misc]  # noqa: N818 (as botocore says it)
    """Every answer to a call was cut short or could not be parsed."""

    fmt = "{operation} was answered {attempts} times, each time incompletely"


class SessionRefused(BotoCoreError):  # type: ignore[misc]  # noqa: N818
    """AWS calls the session of a member account expired, however often it is renewed."""

    fmt = "AWS calls its session expired, though it was renewed {renewals} times"


def code_of(error: Exception) -> str:
    """Return AWS's error code, or the name of botocore's own error."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__


def kind_of(error: Exception) -> Kind:
    """Sort an error: access denied, credentials no good, the thing is gone, or anything else."""
    code = code_of(error)
    if code in _DENIED:
        return "denied"
    if code in _CREDENTIALS or isinstance(error, _NO_CREDENTIALS + _NOT_RENEWED):
        return "credentials"
    return "gone" if code in _GONE else "failed"


def status_of(error: Exception) -> Literal["denied", "failed"]:
    """Return what the ledger calls a unit that ended with an error of AWS."""
    return "denied" if kind_of(error) == "denied" else "failed"


def is_throttling(code: object, status: int) -> bool:
    """Tell an answer that asks for fewer calls, by its error code or its HTTP status."""
    return code in _THROTTLED or status == 429


def is_expired(error: Exception) -> bool:
    """Tell a session that has ended from credentials that are no good."""
    return code_of(error) in _EXPIRED


def is_region_not_enabled(error: Exception) -> bool:
    """Tell the answer of a region that an account, whose credentials are good elsewhere, has not enabled."""
    return code_of(error) in _UNKNOWN_HERE


def clock_error(error: Exception) -> LoadError | None:
    """Return the sentence about this machine's clock, if that is why AWS refuses its signatures."""
    if not isinstance(error, ClientError):
        return None
    ahead = clock_ahead(error.response, datetime.now(UTC))
    code, said = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    by_words = "Signature expired" in said or "Signature not yet current" in said
    by_date = ahead is not None and abs(ahead) > _TOLERATED
    if code != _SKEWED and not (code in _SIGNATURE and (by_words or by_date)):
        return None
    off = (
        "off"
        if ahead is None
        else f"{_amount(ahead)} {'ahead of' if ahead > timedelta() else 'behind'} AWS's"
    )
    return LoadError(
        f"This machine's clock is {off}, so that AWS refuses its signatures: set the clock, then repeat the "
        "command."
    )


def clock_ahead(answer: Any, at: datetime) -> timedelta | None:
    """Return by how much `at` on this machine's clock is ahead of the date of AWS's answer, if that has one.

    The date has whole seconds; half of one is what it lacks on average.
    """
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not date:
        return None
    sent: datetime = parsedate_to_datetime(date)
    return at - sent - timedelta(seconds=0.5)


def _amount(time: timedelta) -> str:
    seconds = abs(time).total_seconds()
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def sentence(error: Exception, subject: str) -> str:
    """Say in one sentence what AWS answered about `subject`."""
    if isinstance(error, ClientError):
        said = str(error.response.get("Error", {}).get("Message", "")).strip().rstrip(".")
        return f"{subject}: AWS answered {code_of(error)}{f' ({said})' if said else ''}."
    return f"{subject}: {str(error).strip().rstrip('.')}."


def ends_load(error: Exception, *, own: bool) -> LoadError | None:
    """Return the sentence for what no other call could go around; None for what concerns one call only.

    Args:
        own: the call was made with the caller's own credentials, not with those of a member's role.
    """
    if isinstance(error, _NO_CREDENTIALS + _NOT_RENEWED):
        return as_load_error(error, "the AWS credentials")
    skewed = clock_error(error)
    if skewed is not None:
        return skewed
    if own and is_expired(error):
        return LoadError(SIGN_IN_AGAIN)
    # Other services call good credentials unknown, in regions that the account has not enabled.
    by_sts = isinstance(error, ClientError) and error.operation_name == "AssumeRole"
    return as_load_error(error, "a role") if by_sts and kind_of(error) == "credentials" else None


def as_load_error(error: Exception, subject: str) -> LoadError:
    """Turn what nothing can go around into the sentence that ends the load.

    Credentials get their own advice; everything else is said with its subject.
    """
    if isinstance(error, ProfileNotFound):
        return LoadError(f"{str(error).rstrip('.')}: check the profile's name in ~/.aws/config.")
    if isinstance(error, _NO_CREDENTIALS):
        return LoadError("No AWS credentials were found: run `aws configure`, or set AWS_PROFILE.")
    if isinstance(error, _NOT_RENEWED):
        said = " ".join(str(error).split()).rstrip(".")
        return LoadError(
            f"The AWS credentials could not be obtained ({said}): check the profile or sign in again, then "
            "repeat the command."
        )
    if isinstance(error, NoRegionError):
        return LoadError("No AWS region is set: give one with AWS_DEFAULT_REGION.")
    if is_expired(error):
        return LoadError(SIGN_IN_AGAIN)
    if kind_of(error) == "credentials":
        return LoadError(
            f"AWS does not accept these credentials ({code_of(error)}): check the key, or sign in again."
        )
    if isinstance(error, ConnectionError | HTTPClientError):
        return LoadError(f"AWS cannot be reached for {subject}: {str(error).rstrip('.')}.")
    return LoadError(sentence(error, subject))
