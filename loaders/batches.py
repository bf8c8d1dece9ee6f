"""Units of work, read by several threads and handed over in batches worth a commit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from loaders.aws.failures import AWS_ERRORS

# One dlt run costs a third of a second whatever it carries, so a batch is a million rows or half a minute.
BATCH_ROWS = 1_000_000
BATCH_SECONDS = 30.0

Unit = TypeVar("Unit")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fetched(Generic[Unit, Result]):
    """A unit and what came of it: its result, or AWS's refusal."""

    unit: Unit
    result: Result | None = None
    error: Exception | None = None


def fetch_in_batches(
    units: Iterable[Unit],
    fetch: Callable[[Unit], Result],
    *,
    workers: int,
    size: Callable[[Result], int],
    on_fetched: Callable[[Fetched[Unit, Result]], None],
) -> Iterator[list[Fetched[Unit, Result]]]:
    """Fetch units concurrently and yield them in batches, in the order in which they arrive.

    No more than twice as many units as workers are under way, so that memory stays flat while a batch is
    being written. An error of AWS belongs to its unit; any other ends everything.

    Args:
        size: how many rows a result has.
        on_fetched: told of each unit as soon as it has arrived, in the caller's thread.
    """
    waiting = deque(units)
    under_way: dict[Future[Result], Unit] = {}
    batch: list[Fetched[Unit, Result]] = []
    rows, began = 0, time.monotonic()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="load")
    try:
        while waiting or under_way:
            while waiting and len(under_way) < 2 * workers:
                unit = waiting.popleft()
                under_way[pool.submit(fetch, unit)] = unit
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                fetched = _outcome(under_way.pop(future), future)
                on_fetched(fetched)
                batch.append(fetched)
                rows += size(fetched.result) if fetched.result is not None else 0
            if rows >= BATCH_ROWS or time.monotonic() - began >= BATCH_SECONDS:
                yield batch
                batch, rows, began = [], 0, time.monotonic()
        if batch:
            yield batch
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(unit: Unit, future: Future[Result]) -> Fetched[Unit, Result]:
    error = future.exception()
    if error is None:
        return Fetched(unit, result=future.result())
    if isinstance(error, AWS_ERRORS):
        return Fetched(unit, error=error)
    raise error
