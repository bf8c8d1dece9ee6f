"""Fetching concurrently: whose an error is, how much waits, what a batch is."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from loaders import batches
from loaders.batches import Fetched, fetch_in_batches
from loaders.ledger import utc_now

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")


def nothing(_fetched: object) -> None:
    pass


def test_an_error_of_aws_belongs_to_its_unit() -> None:
    def fetch(unit: int) -> int:
        if unit % 2:
            raise DENIED
        return unit

    arrived: list[int] = []
    found = [
        fetched
        for batch in fetch_in_batches(
            range(10), fetch, workers=3, size=lambda _: 1, on_fetched=lambda one: arrived.append(one.unit)
        )
        for fetched in batch
    ]
    assert sorted(one.unit for one in found) == sorted(arrived) == list(range(10))
    assert all(
        (one.error is DENIED, one.result) == (one.unit % 2 == 1, None if one.unit % 2 else one.unit)
        for one in found
    )
    assert all(one.started_at is not None and timedelta() <= utc_now() - one.started_at for one in found)


def test_any_other_error_ends_everything() -> None:
    def fetch(unit: int) -> int:
        raise ZeroDivisionError(unit)

    with pytest.raises(ZeroDivisionError):
        list(fetch_in_batches(range(10), fetch, workers=2, size=lambda _: 1, on_fetched=nothing))


def test_a_batch_is_handed_over_when_it_is_worth_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 100)
    sizes = [
        sum(one.result or 0 for one in batch)
        for batch in fetch_in_batches([40] * 10, lambda rows: rows, workers=4, size=int, on_fetched=nothing)
    ]
    assert sizes == [120, 120, 120, 40]


def test_others_are_fetched_while_a_batch_is_written_but_no_more_than_memory_is_meant_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 1)
    monkeypatch.setattr(batches, "WAITING_ROWS", 300)
    begun: list[int] = []
    third = threading.Event()

    def fetch(unit: int) -> int:
        begun.append(unit)
        if len(begun) == 3:
            third.set()
        return 100

    handed = fetch_in_batches(
        range(20), fetch, workers=8, size=int, on_fetched=nothing, expected=lambda _: 100
    )
    first: list[Fetched[int, int]] = next(handed)
    # While the first batch is being written the three that were under way come to their end, and no other.
    assert third.wait(timeout=10)
    assert len(begun) == 3
    assert len(first) + sum(len(batch) for batch in handed) == 20


def test_a_unit_larger_than_what_may_wait_is_fetched_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "WAITING_ROWS", 10)
    at_once, most = 0, 0
    lock = threading.Lock()

    def fetch(unit: int) -> int:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return unit

    handed = fetch_in_batches(
        range(5), fetch, workers=4, size=lambda _: 0, on_fetched=nothing, expected=lambda _: 100
    )
    assert sum(len(batch) for batch in handed) == 5
    assert most == 1
