"""Lists that AWS answers in pages, read as one, with the number of calls they took."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any


class Calls:
    """Counts the requests of one unit of work, from whichever thread makes them."""

    def __init__(self) -> None:
        self.made = 0
        self._lock = Lock()

    def one(self, operation: Any, **arguments: Any) -> Any:
        """Call an operation of a client and count it."""
        with self._lock:
            self.made += 1
        return operation(**arguments)

    def pages(self, client: Any, operation: str, **arguments: Any) -> Iterator[Any]:
        """Yield the pages of an operation, by boto3's own paginator."""
        for page in client.get_paginator(operation).paginate(**arguments):
            with self._lock:
                self.made += 1
            yield page

    def items(self, client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield what the pages of an operation hold under `key`."""
        for page in self.pages(client, operation, **arguments):
            yield from page.get(key, [])
