"""The bill as it is delivered: the files of each export in S3, and the APIs by which they are found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from optima.sandbox.billing.bill import bill, months
from optima.sandbox.billing.formats.delivery import (
    BUCKET,
    Delivery,
    Export,
    Object,
    defined,
    described,
    export,
    status_object,
)
from optima.sandbox.billing.formats.portion import Portion
from optima.sandbox.billing.lines import Lines, Month
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.organisation import Organisation
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, json_reply

_ROWS_PER_FILE = 250_000

PlantObjects = Callable[[str, Iterable[Object]], None]


class BillingExports:
    """The organisation's exports. Their files are written when somebody first asks for S3."""

    def __init__(self, organisation: Organisation, plant_objects: PlantObjects):
        config = organisation.config
        self._organisation = organisation
        self._plant_objects = plant_objects
        self._lock = threading.Lock()
        self._is_delivered = not config.billing_export
        formats = config.billing_formats if config.billing_export else ()
        self._exports = tuple(export(billing_format) for billing_format in formats)

    def handlers(self) -> Handlers:
        """What is answered here; moto has neither service."""
        return {
            ("bcm-data-exports", "ListExports"): self.list_exports,
            ("bcm-data-exports", "GetExport"): self.get_export,
            ("cur", "DescribeReportDefinitions"): self.describe_report_definitions,
        }

    def deliver(self, call: Call) -> None:
        """A check of every call: no call of S3 goes by before the files are there."""
        if call.service == "s3" and not self._is_delivered:
            with self._lock:
                if not self._is_delivered:
                    self._plant_objects(BUCKET, objects(self._organisation, self._exports))
                    self._is_delivered = True

    def list_exports(self, call: Call) -> Reply:
        """The Data Exports, for the account that owns them."""
        exports = [
            {"ExportArn": one.arn, "ExportName": one.name, "ExportStatus": self._status()}
            for one in self._owned(call)
            if not one.is_legacy
        ]
        return json_reply({"Exports": exports})

    def get_export(self, call: Call) -> Reply:
        """Its query, its table's configuration and where it is delivered."""
        asked = call.json().get("ExportArn")
        for one in self._owned(call):
            if one.arn == asked and not one.is_legacy:
                return json_reply({"Export": described(one), "ExportStatus": self._status()})
        raise ServiceError("ResourceNotFoundException", "The specified export does not exist.", 404)

    def describe_report_definitions(self, call: Call) -> Reply:
        """The legacy reports, for the account that owns them."""
        return json_reply({"ReportDefinitions": [defined(one) for one in self._owned(call) if one.is_legacy]})

    def _owned(self, call: Call) -> tuple[Export, ...]:
        return self._exports if call.account_id == MANAGEMENT_ACCOUNT_ID else ()

    def _status(self) -> Mapping[str, Any]:
        refreshed = self._organisation.clock_minute * 60.0
        return {"StatusCode": "HEALTHY", "CreatedAt": 1704067200.0, "LastRefreshedAt": refreshed}


def objects(organisation: Organisation, exports: Iterable[Export]) -> Iterator[Object]:
    """Every object of the bucket, month by month, as they are delivered."""
    exports = tuple(exports)
    for one in exports:
        yield from status_object(one)
    for month in months(organisation):
        yield from objects_of(organisation, exports, month)


def objects_of(organisation: Organisation, exports: Iterable[Export], month: Month) -> Iterator[Object]:
    """The data files of a month, then its manifests.

    The bill is computed once for all exports; each of its portions is a file of every export.
    """
    deliveries = [Delivery(one, month, organisation.config.clock) for one in exports]
    keys: list[list[str]] = [[] for _ in deliveries]
    last: list[bytes] = [b"" for _ in deliveries]
    for number, portion in enumerate(_portions(organisation, month), start=1):
        for place, delivery in enumerate(deliveries):
            key, body = delivery.data_object(number, portion)
            keys[place].append(key)
            last[place] = body
            yield key, body
    for place, delivery in enumerate(deliveries):
        yield from delivery.further_objects(keys[place], last[place])


def _portions(organisation: Organisation, month: Month) -> Iterator[Portion]:
    """The month's lines, at most a quarter of a million at a time, cut between groups of lines."""
    names = {account.id: account.name for account in organisation.accounts}
    waiting: list[Lines] = []
    rows = 0
    for lines in bill(organisation, month):
        if waiting and rows + len(lines.hours) > _ROWS_PER_FILE:
            yield Portion(waiting, month, names)
            waiting, rows = [], 0
        waiting.append(lines)
        rows += len(lines.hours)
    yield Portion(waiting, month, names)
