"""moto, for what the sandbox does not serve itself: S3, whose objects are put here. Only this knows moto.

moto keeps its state in this process, so that there is one organisation for each server process.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID

_PARTITION = "aws"


def application() -> Any:
    """moto's server, as a WSGI application."""
    return DomainDispatcherApplication(create_backend_app)


def plant_objects(bucket: str, objects: Iterable[tuple[str, bytes]]) -> None:
    """Put objects into a bucket of the management account, which is created if need be."""
    backend = s3_backends[MANAGEMENT_ACCOUNT_ID][_PARTITION]
    if bucket not in backend.buckets:
        backend.create_bucket(bucket, "us-east-1")
    for key, body in objects:
        backend.put_object(bucket, key, body)
