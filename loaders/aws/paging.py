"""Lists that AWS answers in pages, read as one, with the number of calls they took."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

from botocore.exceptions import PaginationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

# How often a listing that goes in circles is begun.
_LISTINGS = 5


class Calls:
    """Counts the requests of one unit of work and the bytes received, from whichever thread makes them.

    `made` leaves out attempts that were repeated; `bytes` has the bodies of all of them.
    """

    def __init__(self) -> None:
        self.made = 0
        self.bytes = 0
        self._lock = Lock()

    def one(self, operation: Any, **arguments: Any) -> Any:
        """Call an operation of a client and count it."""
        with self._lock:
            self.made += 1
        answer = operation(**arguments)
        if isinstance(answer, dict):
            with self._lock:
                self.bytes += answer.get("ResponseMetadata", {}).get("BytesReceived", 0)
        return answer

    def pages(self, client: Any, operation: str, **arguments: Any) -> list[Any]:
        """Return all pages of an operation of a client of `Sessions`, by botocore's own paginator.

        A listing whose tokens repeat is begun anew, because what it left out is unknown.

        Raises:
            PaginationError: its tokens repeated every time.
            ClientError, BotoCoreError: AWS refused a page.
        """
        begun_anew = Retrying(
            retry=retry_if_exception_type(PaginationError),
            stop=stop_after_attempt(_LISTINGS),
            wait=wait_random_exponential(multiplier=0.1, max=2),
            reraise=True,
        )
        return begun_anew(self._listing, client, operation, arguments)

    def items(self, client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield what the pages of an operation hold under `key`."""
        for page in self.pages(client, operation, **arguments):
            yield from page.get(key, [])

    def items_by_token(self, client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield what the pages hold under `key` of an operation that botocore knows no pages of.

        Raises:
            PaginationError: a token came back for the second time.
            ClientError, BotoCoreError: AWS refused a page.
        """
        tokens: set[str] = set()
        page = self.one(getattr(client, operation), **arguments)
        yield from page.get(key, [])
        while token := page.get("nextToken"):
            if token in tokens:
                raise PaginationError(message=f"{operation} was given a token for the second time")
            tokens.add(token)
            page = self.one(getattr(client, operation), **arguments, nextToken=token)
            yield from page.get(key, [])

    def _listing(self, client: Any, operation: str, arguments: Any) -> list[Any]:
        asked: set[int] = set()

        def page(**request: Any) -> Any:
            # botocore tells a token that follows itself, not a circle of two.
            asked_for = hash(repr(request))
            if asked_for in asked:
                raise PaginationError(message=f"{operation} was given a token for the second time")
            asked.add(asked_for)
            return self.one(getattr(client, operation), **request)

        return list(client.paginator(operation, page).paginate(**arguments))
