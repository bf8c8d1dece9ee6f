"""What is asked for: a mode, a class, a price basis and the capacity of every dimension."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from optima.simulation import Policy
from optima.what_if.tables import DIMENSIONS, Basis, Capacity, Dimension, Table
from optima.wording import CLASSES

# As it is set today; on-demand; provisioned, with the capacity that the assumption names.
Mode = Literal["as_is", "on_demand", "provisioned"]
# Plans of the build that provision capacity, and where a dimension has what they set.
_PROVISIONED_PLANS = {"provisioned_autoscaled": "autoscaled", "provisioned_fixed": "fixed"}
# What DynamoDB's autoscaling takes as a target; the simulation takes any ratio.
LEAST_TARGET, GREATEST_TARGET = 0.2, 0.9


@dataclass(frozen=True)
class Assumption:
    """One setting to ask the cost of.

    Attributes:
        table_class: STANDARD or STANDARD_INFREQUENT_ACCESS.
        mode: Whose capacity it is.
        basis: Which prices, whatever those of the build are.
        capacities: Of a provisioned mode: by table or index, by read or write, a policy or so many units.
    """

    table_class: str
    mode: Mode
    basis: Basis
    capacities: Mapping[str, Mapping[str, Capacity]] = field(default_factory=dict)


def as_today(table: Table, basis: Basis | None = None) -> Assumption:
    """Assume that nothing changes."""
    return Assumption(table.table_class, "as_is", basis or table.basis)


def best_plan(table: Table, basis: Basis | None = None) -> Assumption:
    """Assume the plan that the build advises."""
    return planned(table, table.best_plan, table.best_class, basis)


def planned(
    table: Table, plan: str, table_class: str | None = None, basis: Basis | None = None
) -> Assumption:
    """Assume a plan of the build, in a class: that in force if none is named.

    A dimension that the plan has no capacity for is left out; `problems` says so.
    """
    table_class, basis = table_class or table.table_class, basis or table.basis
    if plan not in _PROVISIONED_PLANS:
        return Assumption(table_class, "on_demand" if plan == "on_demand" else "as_is", basis)
    capacities = {
        resource.name: {
            name: capacity
            for name, dimension in resource.dimensions.items()
            if (capacity := _of_plan(dimension, plan)) is not None
        }
        for resource in table.resources
    }
    return Assumption(table_class, "provisioned", basis, capacities)


def _of_plan(dimension: Dimension, plan: str) -> Capacity | None:
    capacity: Capacity | None = getattr(dimension, _PROVISIONED_PLANS[plan])
    return capacity


def capacities_simulated(table: Table, assumption: Assumption) -> dict[str, dict[str, Capacity]]:
    """Return the capacity of every table or index of which both dimensions are known; of on-demand, none."""
    if assumption.mode == "provisioned":
        known = {name: dict(dimensions) for name, dimensions in assumption.capacities.items()}
    elif assumption.mode == "as_is":
        known = {
            resource.name: {
                name: dimension.today
                for name, dimension in resource.dimensions.items()
                if dimension.today is not None
            }
            for resource in table.resources
        }
    else:
        known = {}
    return {name: dimensions for name, dimensions in known.items() if set(dimensions) == set(DIMENSIONS)}


def problems(table: Table, assumption: Assumption) -> list[str]:
    """Say in a sentence each what makes no sense; nothing can be computed before it is put right."""
    found = []
    if assumption.table_class not in CLASSES:
        found.append(f"There is no table class {assumption.table_class}.")
    if assumption.mode == "provisioned":
        found += _problems_of_capacity(table, assumption)
    return found


def _problems_of_capacity(table: Table, assumption: Assumption) -> Iterator[str]:
    for resource in table.resources:
        whose = f"of index {resource.index_name}" if resource.index_name else "of the table"
        for name in DIMENSIONS:
            capacity = assumption.capacities.get(resource.name, {}).get(name)
            if capacity is None:
                yield f"The {name}s {whose} have no capacity: give them units, or a policy."
            elif isinstance(capacity, Policy):
                yield from _problems_of_policy(capacity, f"the {name}s {whose}")
            elif capacity < 1:
                yield f"The {name}s {whose} need at least 1 unit."


def _problems_of_policy(policy: Policy, whose: str) -> Iterator[str]:
    if not 0 < policy.target <= 1:
        yield f"The target of {whose} must be above 0 and at most 100 %."
    if policy.min_capacity < 1:
        yield f"The minimum of {whose} must be at least 1 unit."
    if policy.max_capacity < policy.min_capacity:
        yield (
            f"The maximum of {whose} is {policy.max_capacity:,}, below the minimum of "
            f"{policy.min_capacity:,}: raise the one or lower the other."
        )
