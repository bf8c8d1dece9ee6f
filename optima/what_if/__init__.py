"""What a table would cost, and throttle, with another mode, class or capacity than it has.

    connection = published.open_build(build)
    table = read_table(connection, account_id, region, table_name)
    minutes = read_minutes(build, table)
    result = cost(connection, minutes, planned(table, "provisioned_autoscaled", basis="net"))

Capacity is simulated by the kernel of the build from the minutes that it published; dollars are SQL over the
mart what_if_inputs, by the formulas of plan_cost_lines. What a plan of the build costs comes out to the last
decimal.
"""

from __future__ import annotations

from optima.simulation import Policy
from optima.what_if.assumptions import Assumption, Mode, as_today, best_plan, planned, problems
from optima.what_if.costed import Line, Result, Total, cost
from optima.what_if.demand import Hours, Minutes, hours, minutes_of, read_minutes
from optima.what_if.simulated import BEST_EFFORT_BURST_SECONDS, Simulated, Throttling, keep_compiled
from optima.what_if.tables import DIMENSIONS, Basis, Capacity, Dimension, Resource, Table, read_table

__all__ = [
    "BEST_EFFORT_BURST_SECONDS",
    "DIMENSIONS",
    "Assumption",
    "Basis",
    "Capacity",
    "Dimension",
    "Hours",
    "Line",
    "Minutes",
    "Mode",
    "Policy",
    "Resource",
    "Result",
    "Simulated",
    "Table",
    "Throttling",
    "Total",
    "as_today",
    "best_plan",
    "cost",
    "hours",
    "keep_compiled",
    "minutes_of",
    "planned",
    "problems",
    "read_minutes",
    "read_table",
]
