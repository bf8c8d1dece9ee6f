"""Puts the served application together from its parts."""

from __future__ import annotations

from optima.sandbox import moto_world, planting
from optima.sandbox.billing.export import BillingExports
from optima.sandbox.cloudwatch import CloudWatch
from optima.sandbox.config import SandboxConfig
from optima.sandbox.control import Control
from optima.sandbox.control_plane import ControlPlane
from optima.sandbox.dynamodb import DynamoDB
from optima.sandbox.front import Front
from optima.sandbox.injection import Faults
from optima.sandbox.limits import Limits
from optima.sandbox.organizations import Organizations
from optima.sandbox.present import Present
from optima.sandbox.pricing import Pricing
from optima.sandbox.savings_plans import SavingsPlans
from optima.sandbox.sts import RoleSessions, SecurityTokens, check_credentials

# moto knows nothing of this organisation's accounts and tables, and would answer as if there were none.
_SERVED_WHOLE = frozenset({"organizations", "sts", "dynamodb", "application-autoscaling"})


def create_application(config: SandboxConfig) -> Front:
    """Build the organisation, and put the sandbox's own services in front of this process's moto."""
    organisation = planting.build(config)
    present, sessions = Present(organisation), RoleSessions()
    faults = Faults(sessions, config.seed, config.faults)
    exports = BillingExports(organisation, moto_world.plant_objects)
    services = (
        CloudWatch(organisation, Limits() if config.limits else None),
        ControlPlane(present, faults.is_enabled),
        DynamoDB(organisation, present),
        Organizations(present),
        SecurityTokens(present, sessions),
        Pricing(),
        SavingsPlans(),
        exports,
    )
    return Front(
        handlers={key: handler for service in services for key, handler in service.handlers().items()},
        checks=(check_credentials, exports.deliver),
        behind=moto_world.application(),
        account_of=sessions.account_of,
        faults=faults,
        control=Control(present, faults),
        served_whole=_SERVED_WHOLE,
        latency_seconds=config.latency_seconds,
    )
