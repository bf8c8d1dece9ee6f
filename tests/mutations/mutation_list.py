"""Formulas, each broken once: a factor, a unit, a sign, a period, a comparison; and what must notice."""

from __future__ import annotations

from dataclasses import dataclass

CASES = "tests/models/test_exact_cases.py::test_"
PLANS = "tests/models/test_best_plans.py::test_"
CLASSES = "tests/models/test_table_class.py::test_"
PRICES = "tests/models/test_prices.py::test_"
WINDOWS = "tests/models/test_demand_windows.py::test_"
DAYS = "tests/models/test_demand_days.py::test_"
KERNEL = "tests/simulation/test_simulate.py::test_"
FOLD = "tests/simulation/test_fold.py"
ASKED = "tests/models/test_what_if.py::test_"

# Where the broken files are.
COSTS = "models/intermediate/costs/int_costs__"
CAPACITY = "models/intermediate/capacity/int_capacity__"
DEMAND = "models/intermediate/demand/int_demand__"
BILLING = "models/intermediate/billing/int_billing__"
PLAN = "models/intermediate/plans/int_plans__"
ADVICE = "macros/advice/"
SIMULATION = "optima/simulation/"
WHAT_IF = "optima/what_if/"


@dataclass(frozen=True)
class Mutation:
    """A change of one place, and what notices it: a model's unit tests, or a test's id (with `::`)."""

    what: str
    path: str
    old: str
    new: str
    caught_by: str


MUTATIONS = (
    # ---- Prices ----
    Mutation(
        "the free tier's price instead of the paid one",
        "models/intermediate/prices/int_prices__in_force.sql",
        "where end_range is null and price_usd > 0",
        "where begin_range = 0",
        PRICES + "the_paid_tier_of_the_price_list_is_in_force",
    ),
    Mutation(
        "a price is in force a moment too long",
        "models/intermediate/prices/int_prices__in_force.sql",
        "valid_to > {{ as_of() }}",
        "valid_to >= {{ as_of() }}",
        PRICES + "a_price_is_in_force_until_the_next_one",
    ),
    Mutation(
        "writes at the price of reads",
        COSTS + "dimensions_in_classes.sql",
        "then prices.{{ price }}{{ mode }}_write_usd",
        "then prices.{{ price }}{{ mode }}_read_usd",
        "int_costs__dimensions_in_classes",
    ),
    Mutation(
        "replicated writes at the price of plain ones",
        COSTS + "dimensions_in_classes.sql",
        "then prices.{{ price }}{{ mode }}_replicated_write_usd",
        "then prices.{{ price }}{{ mode }}_write_usd",
        "int_costs__dimensions_in_classes",
    ),
    Mutation(
        "the other class at the price of today's",
        COSTS + "dimensions_in_classes.sql",
        "and classes.table_class = prices.table_class",
        "and shared.table_class_in_force = prices.table_class",
        "int_costs__dimensions_in_classes",
    ),
    # ---- Costs ----
    Mutation(
        "a month of 720 hours",
        "macros/money/hours_per_month.sql",
        "730",
        "720",
        "int_costs__dimensions_measured",
    ),
    Mutation(
        "the minutes of a month taken for its hours",
        ADVICE + "monthly.sql",
        'as double) * 60 * "',
        'as double) * "',
        "int_costs__dimensions_measured",
    ),
    Mutation(
        "autoscaled capacity as it is set, not as it was on average",
        COSTS + "dimensions_measured.sql",
        "coalesce(statistics.provisioned_mean_units, settings.units)",
        "settings.units",
        "int_costs__dimensions_measured",
    ),
    Mutation(
        "the free tier's share left out",
        ADVICE + "billed_unit_hours.sql",
        'as double) * (1 - "',
        'as double) * (1 - 0 * "',
        "int_costs__dimensions_in_classes",
    ),
    Mutation(
        "more free units than the pool has",
        ADVICE + "billed_unit_hours.sql",
        'as double) - "',
        'as double) - 9 * "',
        "int_costs__dimensions_in_classes",
    ),
    Mutation(
        "the free share upside down",
        ADVICE + "free_share.sql",
        "cast({{ free_amount }} as double) / cast({{ used_amount }} as double)",
        "cast({{ used_amount }} as double) / cast({{ free_amount }} as double)",
        "int_costs__free_tier_pools",
    ),
    Mutation(
        "reserved units added to what a pool uses",
        COSTS + "free_tier_pools.sql",
        "- billed.monthly_reserved_amount as amount",
        "billed.monthly_reserved_amount as amount",
        "int_costs__free_tier_pools",
    ),
    Mutation(
        "reserved units paid once more",
        ADVICE + "paid_unit_hours.sql",
        'beyond(unit_hours, "sunk_unit_hours")',
        'beyond(unit_hours, "0")',
        "int_costs__dimensions_in_classes",
    ),
    Mutation(
        "what a savings plan covers paid once more",
        ADVICE + "on_demand_cost.sql",
        '"sunk_plan_usd"',
        '"0"',
        "int_costs__dimensions_in_classes",
    ),
    Mutation(
        "a commitment counted in the other class too",
        COSTS + "dimensions_in_classes.sql",
        "and classes.table_class = shared.table_class_in_force\n    ),",
        "\n    ),",
        "int_costs__dimensions_in_classes",
    ),
    Mutation(
        "gigabytes of a thousand million bytes",
        "dbt_project.yml",
        "bytes_per_gb: 1073741824",
        "bytes_per_gb: 1000000000",
        "int_costs__storage_measured",
    ),
    Mutation(
        "no bytes for each item",
        ADVICE + "storage_gb.sql",
        "then 148 else 100 end",
        "then 148 else 0 end",
        "int_costs__storage_measured",
    ),
    Mutation(
        "replicated items as small as others",
        ADVICE + "storage_gb.sql",
        "then 148 else 100 end",
        "then 100 else 100 end",
        "int_costs__storage_measured",
    ),
    Mutation(
        "the window goes without a price from the instant it changed",
        COSTS + "window_stretches_split.sql",
        "and price_times.starts_at >= prices.valid_from",
        "and price_times.starts_at > prices.valid_from",
        "tests/models/test_window_cost.py::test_a_price_that_halves_splits_the_window_and_not_todays_cost",
    ),
    # ---- Demand ----
    Mutation(
        "averages taken for sums",
        DEMAND + "days_arrayed.sql",
        'if metric.startswith("Provisioned") else "Sum"',
        'if metric.startswith("Provisioned") else "Average"',
        "int_demand__days_arrayed",
    ),
    Mutation(
        "a minute taken for a second",
        DEMAND + "days_arrayed.sql",
        '"read_60": ("ConsumedReadCapacityUnits", 60, "value / 60")',
        '"read_60": ("ConsumedReadCapacityUnits", 60, "value")',
        "int_demand__days_arrayed",
    ),
    Mutation(
        "five minutes divided by one",
        DEMAND + "days_arrayed.sql",
        '"read_300": ("ConsumedReadCapacityUnits", 300, "value / 300")',
        '"read_300": ("ConsumedReadCapacityUnits", 300, "value / 60")',
        DAYS + "five_minutes_count_only_where_no_minute_of_them_is_known",
    ),
    Mutation(
        "one dimension makes a minute known",
        DEMAND + "days_known.sql",
        "where read_period_seconds is not null and write_period_seconds is not null",
        "where read_period_seconds is not null or write_period_seconds is not null",
        "int_demand__days_known",
    ),
    Mutation(
        "coarser points beside known minutes",
        DEMAND + "days_known.sql",
        "and not is_{{ dimension }}_shut_to_300",
        "",
        "int_demand__days_known",
    ),
    Mutation(
        "coverage of the days since the creation",
        DEMAND + "windows.sql",
        "known_minutes / (end_minute - start_minute) as coverage_ratio",
        "known_minutes / (end_minute - first_minute) as coverage_ratio",
        "int_demand__windows",
    ),
    Mutation(
        "percentiles that do not interpolate",
        DEMAND + "statistics.sql",
        "quantile_cont(",
        "quantile_disc(",
        "int_demand__statistics",
    ),
    Mutation(
        "the capacity of another slot of five minutes",
        DEMAND + "statistics.sql",
        "windows.start_minute - capacities_gathered.first_slot * 5 + 1,",
        "windows.start_minute - capacities_gathered.first_slot * 5 + 2,",
        "int_demand__statistics",
    ),
    Mutation(
        "the long memory's hours taken for minutes",
        DEMAND + "hours_remembered.sql",
        "highest.highest_sum / 3600 as highest_units_per_second",
        "highest.highest_sum / 60 as highest_units_per_second",
        WINDOWS + "long_memory_is_the_highest_hour_since_the_creation",
    ),
    # ---- Simulation: the kernel, then the fold ----
    Mutation(
        "scale-in ten points below the target",
        SIMULATION + "batch.py",
        "SCALE_IN_BELOW_TARGET = 0.20",
        "SCALE_IN_BELOW_TARGET = 0.10",
        KERNEL + "a_decrease_needs_fifteen_minutes_below_the_target_less_twenty_points",
    ),
    Mutation(
        "a scale-in threshold that is not rounded",
        SIMULATION + "batch.py",
        "np.round(target - SCALE_IN_BELOW_TARGET, SCALE_IN_DIGITS)",
        "np.round(target - SCALE_IN_BELOW_TARGET + 1e-9, SCALE_IN_DIGITS)",
        KERNEL + "twelve_is_not_below_sixty_percent_of_twenty",
    ),
    Mutation(
        "opened by the first 29 minutes",
        SIMULATION + "kernel.py",
        "OPENING_MINUTES = 30",
        "OPENING_MINUTES = 29",
        KERNEL + "the_opening_is_the_highest_of_thirty_known_minutes",
    ),
    Mutation(
        "capacity rounded to the nearest unit",
        SIMULATION + "kernel.py",
        "units = np.ceil(rate / policy[k, TARGET] - SLACK)",
        "units = np.floor(rate / policy[k, TARGET] + 0.5)",
        KERNEL + "an_increase_needs_two_minutes_and_comes_after_the_delay",
    ),
    Mutation(
        "increases in force a minute early",
        SIMULATION + "kernel.py",
        "pending_at = t + 1 + int(policy[k, DELAY])",
        "pending_at = t + int(policy[k, DELAY])",
        KERNEL + "an_increase_needs_two_minutes_and_comes_after_the_delay",
    ),
    Mutation(
        "fourteen minutes are enough for a decrease",
        SIMULATION + "kernel.py",
        "_merge_highest(work, SCALE_IN_MINUTES - 8, quarters)",
        "_merge_highest(work, SCALE_IN_MINUTES - 9, quarters)",
        KERNEL + "a_decrease_needs_fifteen_minutes_below_the_target_less_twenty_points",
    ),
    Mutation(
        "five quick decreases a day",
        SIMULATION + "kernel.py",
        "FIRST_DECREASES = 4",
        "FIRST_DECREASES = 5",
        KERNEL + "the_days_last_quick_decrease_goes_to_the_reads",
    ),
    Mutation(
        "writes before reads",
        SIMULATION + "kernel.py",
        "k = READ if asked_at[READ] <= asked_at[WRITE] else WRITE",
        "k = READ if asked_at[READ] < asked_at[WRITE] else WRITE",
        KERNEL + "the_days_last_quick_decrease_goes_to_the_reads",
    ),
    Mutation(
        "no burst",
        SIMULATION + "kernel.py",
        "available = SECONDS_PER_MINUTE * capacity + bucket",
        "available = SECONDS_PER_MINUTE * capacity",
        KERNEL + "burst_serves_what_the_bucket_holds_and_no_more",
    ),
    Mutation(
        "an hour billed by its lowest capacity",
        SIMULATION + "kernel.py",
        "total[k, UNITS_UPPER] += highest * known",
        "total[k, UNITS_UPPER] += lowest * known",
        KERNEL + "each_utc_hour_costs_at_most_its_greatest_capacity",
    ),
    Mutation(
        "the fold allows five quick decreases",
        "macros/simulation/fold_step.sql",
        "state.decreases < 4",
        "state.decreases < 5",
        FOLD,
    ),
    # ---- Capacity ----
    Mutation(
        "peaks rounded to the nearest unit",
        ADVICE + "whole_units.sql",
        "cast(ceil({{ expression }} - 1e-9) as bigint)",
        "cast(round({{ expression }}) as bigint)",
        "int_capacity__cuts_proposed",
    ),
    Mutation(
        "fixed capacity at 90 % of its peak",
        "dbt_project.yml",
        "peak_utilization: 0.80",
        "peak_utilization: 0.90",
        "int_capacity__cuts_proposed",
    ),
    Mutation(
        "30 % counts as less than 30 %",
        CAPACITY + "cuts_proposed.sql",
        "/ 100.0 - 1e-9, true",
        "/ 100.0 + 1e-9, true",
        "int_capacity__cuts_proposed",
    ),
    Mutation(
        "each dimension must save the minimum by itself",
        CAPACITY + "cuts_proposed.sql",
        "over (partition by resource_key)",
        "over (partition by resource_dimension_key)",
        "int_capacity__cuts_proposed",
    ),
    Mutation(
        "no long memory",
        ADVICE + "needed_units.sql",
        '"coalesce(long_memory_peak_units_per_second, 0)) / "',
        '"0) / "',
        "int_capacity__cuts_proposed",
    ),
    Mutation(
        "history of six weekdays",
        CAPACITY + "history_judged.sql",
        "when known_weekdays < 7",
        "when known_weekdays < 6",
        "int_capacity__history_judged",
    ),
    Mutation(
        "history of seven days without their gaps",
        CAPACITY + "history_judged.sql",
        '* 1440 * {{ var("history_coverage") }}',
        "* 1440",
        "int_capacity__history_judged",
    ),
    Mutation(
        "a throttled minute an hour is safe",
        ADVICE + "is_safe.sql",
        "/ 1440.0",
        "/ 60.0",
        "int_capacity__finalists",
    ),
    Mutation(
        "ties go to 50 %",
        CAPACITY + "finalists.sql",
        "order by unit_hours, round(abs(policy_target - 0.7), 6), policy_target",
        "order by unit_hours, round(abs(policy_target - 0.5), 6), policy_target",
        "int_capacity__finalists",
    ),
    Mutation(
        "a maximum that just holds the peak",
        CAPACITY + "settings.sql",
        '"2 * resources."',
        '"1 * resources."',
        "int_capacity__settings",
    ),
    Mutation(
        "the ratio of simulations upside down",
        CAPACITY + "policies_chosen.sql",
        '"cast(dimensions.monthly_unit_hours as double) * judged."\n                                ~ bound\n'
        '                                ~ " / own."',
        '"cast(dimensions.monthly_unit_hours as double) * own."\n                                ~ bound\n'
        '                                ~ " / judged."',
        "int_capacity__policies_chosen",
    ),
    Mutation(
        "the pair is taken though it is not safe together",
        CAPACITY + "policies_chosen.sql",
        "case when bool_and(case when form = 'pair' then is_safe end) then 'pair' else 'common' end",
        "case when bool_or(case when form = 'pair' then is_safe end) then 'pair' else 'common' end",
        "int_capacity__policies_chosen",
    ),
    Mutation(
        "what cannot win is measured with twice its units",
        CAPACITY + "decisions_screened.sql",
        'consumed_units * (1 - {{ var("safe_throttled_share") }})',
        '2 * consumed_units * (1 - {{ var("safe_throttled_share") }})',
        "int_capacity__decisions_screened",
    ),
    Mutation(
        "provisioned without the cautious reading of hours",
        CAPACITY + "modes_decided.sql",
        "and is_provisioned_best_upper\n",
        "\n",
        "int_capacity__modes_decided",
    ),
    Mutation(
        "a saving of the minimum is not enough",
        CAPACITY + "modes_decided.sql",
        "when on_demand_saving_usd >= {{ min_savings }}",
        "when on_demand_saving_usd > {{ min_savings }}",
        "int_capacity__modes_decided",
    ),
    Mutation(
        "the saving of on-demand with the wrong sign",
        CAPACITY + "modes_decided.sql",
        "else totals.current_cost_usd - totals.on_demand_cost_usd",
        "else totals.on_demand_cost_usd - totals.current_cost_usd",
        "int_capacity__modes_decided",
    ),
    Mutation(
        "the break-even by the minute",
        CAPACITY + "modes_compared.sql",
        "nullif(3600 * cast(request_price_usd as double), 0)",
        "nullif(60 * cast(request_price_usd as double), 0)",
        CASES + "flat_reads",
    ),
    Mutation(
        "one unit is enough of a fixed plan for who was measured",
        CAPACITY + "fixed_units_chosen.sql",
        "then sized.needed_units\n",
        "then 1\n",
        CASES + "flat_reads",
    ),
    # ---- Table class ----
    Mutation(
        "storage of a part of the month not scaled to all of it",
        BILLING + "usage_billed.sql",
        "sum(cast(amount as double)) * max(hours_of_month) / max(covered_hours) as amount",
        "sum(cast(amount as double)) as amount",
        CLASSES + "storage_of_a_whole_february_and_of_half_a_month",
    ),
    Mutation(
        "a class that may change after ten days",
        "dbt_project.yml",
        "table_class_quiet_days: 30",
        "table_class_quiet_days: 10",
        CLASSES + "costs_of_both_classes",
    ),
    Mutation(
        "commitments that others would use are sunk all the same",
        BILLING + "coverage_taken_up.sql",
        "least(1.0, greatest(0.0, coalesce(others_share, 0.0)))",
        "0.0",
        CLASSES + "costs_of_both_classes",
    ),
    # ---- Plans ----
    Mutation(
        "a change of class that saves the minimum is refused",
        PLAN + "classes_chosen.sql",
        "kept.monthly_cost_usd - other.monthly_cost_usd >= {{",
        "kept.monthly_cost_usd - other.monthly_cost_usd > {{",
        "int_plans__classes_chosen",
    ),
    Mutation(
        "a class changes against its guard",
        PLAN + "classes_chosen.sql",
        "judged.class_guard is null\n                and",
        "true\n                and",
        "int_plans__classes_chosen",
    ),
    Mutation(
        "a second change need not save by itself",
        PLAN + "options_judged.sql",
        "coalesce(as_is_usd - cost_usd < {{ min_savings }}, true)",
        "coalesce(as_is_usd - cost_usd < 0, true)",
        "int_plans__options_judged",
    ),
    Mutation(
        "fixed capacity for any saving over autoscaled",
        PLAN + "options_judged.sql",
        "- cost_usd\n                        < {{ min_savings }},",
        "- cost_usd\n                        < 0,",
        "int_plans__options_judged",
    ),
    Mutation(
        "plans without the cautious reading of hours",
        PLAN + "options_judged.sql",
        "and today_usd - greatest(cost_upper_usd, cost_held_usd) >= {{ min_savings }},",
        "and true,",
        "int_plans__options_judged",
    ),
    Mutation(
        "storage left out of a plan's cost",
        PLAN + "tables_priced.sql",
        "then costs.throughput_cost_usd + coalesce(costs.storage_cost_usd, 0)",
        "then costs.throughput_cost_usd",
        PLANS + "both_changes_at_once",
    ),
    Mutation(
        "eleven months a year",
        "models/marts/plans/best_plans.sql",
        'explained.projected_cost_usd, 0) * 12")',
        'explained.projected_cost_usd, 0) * 11")',
        PLANS + "the_statements_about_plans_hold",
    ),
    # ---- What if ----
    Mutation(
        "what if: fixed units for a month of 30 days",
        WHAT_IF + "costed.py",
        "then cast(capacities.units * 730 as decimal(28, 6))",
        "then cast(capacities.units * 720 as decimal(28, 6))",
        ASKED + "case_16_idle_capacity",
    ),
    Mutation(
        "what if: another policy without the ratio to today's",
        WHAT_IF + "costed.py",
        "/ nullif(capacities.own_unit_hours, 0)",
        "/ nullif(capacities.unit_hours, 0)",
        ASKED + "another_policy_costs_todays_quantity_by_the_ratio_of_simulations",
    ),
    Mutation(
        "what if: more free units than the pool has",
        WHAT_IF + "costed.py",
        "cast(unreserved_quantity as double) - free_unit_hours",
        "0",
        ASKED + "free_tier_and_owned_commitments_are_counted_where_they_serve",
    ),
    Mutation(
        "what if: list prices in place of net ones",
        WHAT_IF + "costed.py",
        "when 'net' then inputs.net_unit_hour_price_usd",
        "when 'net' then inputs.list_unit_hour_price_usd",
        ASKED + "what_holds_of_any_demand_and_policy",
    ),
    Mutation(
        "what if: one minute of throttling fewer is safe",
        WHAT_IF + "simulated.py",
        "throttling.minutes <= table.throttled_minutes_per_day",
        "throttling.minutes < table.throttled_minutes_per_day",
        ASKED + "safe_is_what_the_build_calls_safe",
    ),
)
