"""DynamoDB's autoscaling, simulated minute by minute. The kernel is compiled when it is first called."""

from __future__ import annotations

from optima.simulation.api import DimensionResult, Policy, Simulation, simulate

__all__ = ["DimensionResult", "Policy", "Simulation", "simulate"]
