"""Units of work, read by several threads and handed over in batches worth a commit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from loaders.aws.failures import AWS_ERRORS
from loaders.ledger import utc_now

# One dlt run costs a third of a second whatever it carries, so a batch is a million rows or half a minute.
BATCH_ROWS = 1_000_000
BATCH_SECONDS = 30.0
# What may be in memory at most while a batch is being written, as far as units say how many rows they expect.
WAITING_ROWS = 4_000_000

Unit = TypeVar("Unit")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fetched(Generic[Unit, Result]):
    """A unit and what came of it: its result, or AWS's refusal; and when its fetch began, naive UTC."""

    unit: Unit
    result: Result | None = None
    error: Exception | None = None
    started_at: datetime | None = None


def fetch_in_batches(
    units: Iterable[Unit],
    fetch: Callable[[Unit], Result],
    *,
    workers: int,
    size: Callable[[Result], int],
    on_fetched: Callable[[Fetched[Unit, Result]], None],
    expected: Callable[[Unit], int] | None = None,
) -> Iterator[list[Fetched[Unit, Result]]]:
    """Fetch units concurrently and yield them in batches, in the order in which they arrive.

    While a batch is being written others are fetched, but no more than twice as many units as there are
    workers, nor more than `WAITING_ROWS` are under way or waiting, so that memory stays flat. An error of AWS
    belongs to its unit; any other ends everything.

    Args:
        size: how many rows a result has.
        on_fetched: told of each unit as soon as it has arrived, in the caller's thread.
        expected: how many rows a unit is expected to have. Default: too few to matter.
    """
    waiting = deque(units)
    under_way: dict[Future[Fetched[Unit, Result]], int] = {}
    batch: list[Fetched[Unit, Result]] = []
    rows, began = 0, time.monotonic()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="load")
    try:
        while waiting or under_way:
            while waiting and len(under_way) < 2 * workers:
                weight = expected(waiting[0]) if expected is not None else 0
                if under_way and rows + sum(under_way.values()) + weight > WAITING_ROWS:
                    break
                under_way[pool.submit(_attempt, waiting.popleft(), fetch)] = weight
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                del under_way[future]
                fetched = future.result()
                on_fetched(fetched)
                batch.append(fetched)
                rows += size(fetched.result) if fetched.result is not None else 0
                if rows >= BATCH_ROWS:
                    break  # what else has arrived is for the next batch, or batches would grow and grow
            if rows >= BATCH_ROWS or time.monotonic() - began >= BATCH_SECONDS:
                yield batch
                batch, rows, began = [], 0, time.monotonic()
        if batch:
            yield batch
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _attempt(unit: Unit, fetch: Callable[[Unit], Result]) -> Fetched[Unit, Result]:
    started_at = utc_now()
    try:
        return Fetched(unit, result=fetch(unit), started_at=started_at)
    except AWS_ERRORS as error:
        return Fetched(unit, error=error, started_at=started_at)
