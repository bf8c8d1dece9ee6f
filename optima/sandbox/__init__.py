"""An AWS organisation on localhost: the embedded default, and what the loaders are tested against.

    with running(SandboxConfig(tables=60)) as sandbox:
        sandbox.set_faults(Fault("throttle", rate=0.2))
        subprocess.run([...], env=os.environ | sandbox.environment())

Importing this package is light; moto is imported by the process that serves.
"""

from __future__ import annotations

from optima.sandbox.config import SandboxConfig
from optima.sandbox.expectations import Expectation, HealthyTable, Saving, expectations, healthy_tables
from optima.sandbox.faults import Fault
from optima.sandbox.server import Sandbox, SandboxError, running, serve_forever

__all__ = [
    "Expectation",
    "Fault",
    "HealthyTable",
    "Sandbox",
    "SandboxConfig",
    "SandboxError",
    "Saving",
    "expectations",
    "healthy_tables",
    "running",
    "serve_forever",
]
