"""What the front door says when something went wrong that a person can mend."""

from __future__ import annotations


class OptimaError(Exception):
    """One sentence for the user: what happened, to what, what to do about it. Shown without a stack trace."""


class WorkspaceBusyError(OptimaError):
    """Another process writes to the workspace; the sentence names it."""


class NothingPublishedError(OptimaError):
    """No build of this workspace has been published yet."""


class AmbiguousError(OptimaError):
    """A name that was given fits several things; the sentence lists them. Exit code 2, as bad input has."""
