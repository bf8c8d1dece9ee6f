"""What AWS refused, sorted by what a load does about it, and said in one sentence."""

from __future__ import annotations

from typing import Literal

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
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
_GONE = {"ResourceNotFoundException", "TableNotFoundException", "NoSuchKey", "404"}


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
    if code in _CREDENTIALS or isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "credentials"
    return "gone" if code in _GONE else "failed"


def sentence(error: Exception, subject: str) -> str:
    """Say in one sentence what AWS answered about `subject`."""
    if isinstance(error, ClientError):
        said = str(error.response.get("Error", {}).get("Message", "")).strip().rstrip(".")
        return f"{subject}: AWS answered {code_of(error)}{f' ({said})' if said else ''}."
    return f"{subject}: {str(error).strip().rstrip('.')}."


def as_load_error(error: Exception, subject: str) -> LoadError:
    """Turn what nothing can go around into the sentence that ends the load.

    Credentials get their own advice; everything else is said with its subject.
    """
    if isinstance(error, ProfileNotFound):
        return LoadError(f"{str(error).rstrip('.')}: check the profile's name in ~/.aws/config.")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return LoadError("No AWS credentials were found: run `aws configure`, or set AWS_PROFILE.")
    if isinstance(error, NoRegionError):
        return LoadError("No AWS region is set: give one with AWS_DEFAULT_REGION.")
    if code_of(error) in _EXPIRED:
        return LoadError("The AWS credentials have expired: sign in again, then repeat the command.")
    if kind_of(error) == "credentials":
        return LoadError(
            f"AWS does not accept these credentials ({code_of(error)}): check the key, or sign in again."
        )
    if isinstance(error, ConnectionError | HTTPClientError):
        return LoadError(f"AWS cannot be reached for {subject}: {str(error).rstrip('.')}.")
    return LoadError(sentence(error, subject))
