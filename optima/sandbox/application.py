"""Puts the served application together from its parts."""

from __future__ import annotations

from optima.sandbox import moto_world, planting
from optima.sandbox.cloudwatch import CloudWatch
from optima.sandbox.config import SandboxConfig
from optima.sandbox.control_plane import ControlPlane
from optima.sandbox.dynamodb import DynamoDB
from optima.sandbox.export import BillingExport
from optima.sandbox.front import Front
from optima.sandbox.identity import check_credentials, check_role
from optima.sandbox.pricing import Pricing


def create_application(config: SandboxConfig) -> Front:
    """Plant the organisation in this process's moto, and put the sandbox's own services in front of it."""
    organisation = planting.build(config)
    moto_world.plant(organisation)
    export = BillingExport(organisation, moto_world.plant_objects)
    services = (
        CloudWatch(organisation),
        ControlPlane(organisation),
        DynamoDB(organisation),
        Pricing(),
        export,
    )
    return Front(
        handlers={key: handler for service in services for key, handler in service.handlers().items()},
        checks=(check_credentials, check_role(organisation), export.deliver),
        behind=moto_world.application(),
        account_of=moto_world.account_of,
        latency_seconds=config.latency_seconds,
    )
