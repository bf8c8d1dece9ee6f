"""The log: what was done and how long it took, never credentials and never whose account it was."""

from __future__ import annotations

import logging
import re
from logging.handlers import RotatingFileHandler

from optima.workspace import Workspace

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Access keys, tokens and signatures in the shapes that AWS gives them; account ids are twelve digits, but so
# is the time in the name of a build, between its letters.
_SECRETS = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), "<access key>"),
    (
        re.compile(r"(?i)((?:secret|token|signature|credential|password)[\w-]*['\"]?\s*[=:]\s*)[^\s,;&]+"),
        r"\1<hidden>",
    ),
    (re.compile(r"(?<![A-Za-z\d])\d{12}(?![A-Za-z\d])"), "<account>"),
)

# These libraries log requests whole, signatures and answers included, below the level of a warning.
_TALKATIVE = ("boto3", "botocore", "urllib3", "s3transfer", "dlt", "numba", "werkzeug", "asyncio", "fsspec")


# A log that cannot be written, because the disk is full, stops nobody and shows no stack trace.
logging.raiseExceptions = False


class Redacting(logging.Formatter):
    """A formatter that takes credentials and account ids out of finished lines, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record and redact the outcome."""
        return redact(super().format(record))


def redact(text: str) -> str:
    """Replace credentials and account ids by what they are."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def to_file(workspace: Workspace, level: str) -> None:
    """Log to the workspace's file, and to no other; two files of at most 5 MiB are kept."""
    file = RotatingFileHandler(workspace.log, maxBytes=5 << 20, backupCount=1, encoding="utf-8", delay=True)
    _install("file", file, level)


def to_terminal(level: str | None) -> None:
    """Log to standard error from this level on; None says nothing at all."""
    _install("terminal", logging.StreamHandler() if level else logging.NullHandler(), level or "WARNING")


# One handler of ours for each place. What a test or a notebook has installed is left alone.
_installed: dict[str, logging.Handler] = {}


def _install(place: str, handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    if place in _installed:
        root.removeHandler(_installed[place])
        _installed[place].close()
    handler.setFormatter(Redacting(_FORMAT))
    root.addHandler(handler)
    root.setLevel(level)
    _installed[place] = handler
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A role that cannot be assumed is reported by the load; botocore adds its stack trace.
    logging.getLogger("botocore.credentials").setLevel(logging.CRITICAL)
