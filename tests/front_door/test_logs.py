"""The log keeps credentials and accounts to itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from optima import logs
from optima.workspace import Workspace


@pytest.fixture(autouse=True)
def _root_logger_as_it_was() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logs.to_terminal(None)
    logging.getLogger().setLevel(level)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("key AKIAIOSFODNN7EXAMPLE used", "key <access key> used"),
        ("aws_secret_access_key=wJalr/XUtnFEMI more", "aws_secret_access_key=<hidden> more"),
        ("'X-Amz-Security-Token': 'abc'", "'X-Amz-Security-Token': <hidden>"),
        ("arn:aws:iam::012345678901:role/R", "arn:aws:iam::<account>:role/R"),
        ("1234567890123 and 12345678901 units", "1234567890123 and 12345678901 units"),
        ("marts-20261122T060643123456Z.duckdb", "marts-20261122T060643123456Z.duckdb"),
    ],
)
def test_redaction(line: str, expected: str) -> None:
    assert logs.redact(line) == expected


def test_a_stack_trace_is_redacted_too(workspace: Workspace) -> None:
    logs.to_file(workspace, "INFO")
    try:
        raise ValueError("account 111122223333")
    except ValueError:
        logging.getLogger("optima.test").exception("failed")
    text = workspace.log.read_text()
    assert "ValueError: account <account>" in text
    assert "111122223333" not in text


def test_requests_are_never_logged(workspace: Workspace) -> None:
    logs.to_file(workspace, "DEBUG")
    logging.getLogger("botocore.endpoint").debug("Making request with headers")
    logging.getLogger("optima.test").debug("a remark")
    text = workspace.log.read_text()
    assert "a remark" in text
    assert "headers" not in text


def test_a_second_workspace_has_a_log_of_its_own(workspace: Workspace) -> None:
    other = Workspace.at(workspace.root / "other")
    other.create()
    logs.to_file(workspace, "INFO")
    logs.to_file(other, "INFO")
    logging.getLogger("optima.test").info("only here")
    assert "only here" in other.log.read_text()
    assert not workspace.log.exists()
