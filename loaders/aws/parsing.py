"""CloudWatch's points as botocore received them: numbers, not objects.

botocore parses every timestamp of a GetMetricData answer into a datetime, which takes 90 % of its time:
25,000 points a second. The parser's timestamps are passed through here, and lists of timestamps and of values
are not walked at all. Registered with the CloudWatch client's own session only.
"""

from __future__ import annotations

from typing import Any

from botocore.parsers import JSONParser, ResponseParserFactory


def _as_received(value: Any) -> Any:
    return value


class _ColumnParser(JSONParser):  # type: ignore[misc]
    """Leaves lists of numbers alone: decoding the JSON has made numbers of them already."""

    def _handle_list(self, shape: Any, node: Any) -> Any:
        if shape.member.type_name in ("timestamp", "double"):
            return node
        return super()._handle_list(shape, node)


class ColumnParserFactory(ResponseParserFactory):  # type: ignore[misc]
    """Makes parsers that pass timestamps through, as the number of seconds since 1970."""

    def __init__(self) -> None:
        super().__init__()
        self.set_parser_defaults(timestamp_parser=_as_received)

    def create_parser(self, protocol_name: str) -> Any:
        """Return the column parser for JSON, botocore's own (timestamps still as numbers) for the rest."""
        if protocol_name == "json":
            return _ColumnParser(**self._defaults)
        return super().create_parser(protocol_name)
