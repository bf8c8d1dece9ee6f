"""The compiled simulation of DynamoDB's autoscaling: many series, many settings each, each array read once.

The definition is `optima.simulation.simulate`'s, followed to the bit. What makes it fast is that nothing
about a series depends on the setting: the highest rate of each 15 minutes, the lower of each two and the
extremes of each block of minutes are taken once per series. A setting then looks at minutes only in blocks
in which something may happen: an alarm, a change that takes effect, a burst bucket that is not full.

Compiled by numba when first called (some seconds; afterwards read from NUMBA_CACHE_DIR, else from beside
this file or from the user's cache). Without fastmath: the order of operations is the one written here. All
of it is in one file, because numba notices only changes of the file that holds the function whose code it
has kept, and in plain arrays, because each look into a tuple of arrays costs two atomic operations on a
reference count. Whole numbers are kept in doubles, which are exact up to 2^53.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

READ, WRITE = 0, 1
# A setting: policies[setting, dimension, …]. SCALE_IN_TARGET is the utilisation below which capacity is
# taken away, DELAY is in minutes, BURST in seconds; HOLD is 1 when a minute of rate 0 ends the run towards a
# decrease. DELAY, BURST and HOLD are the same for both dimensions.
TARGET, SCALE_IN_TARGET, MINIMUM, MAXIMUM, DELAY, BURST, HOLD, POLICY_SIZE = range(8)
# What it yields: totals[setting, dimension, …]. UNITS is the sum of each known minute's capacity,
# UNITS_UPPER that of each UTC hour's greatest capacity × its known minutes: unit-minutes both. LEAST is inf
# when no minute is known.
(
    UNITS,
    UNITS_UPPER,
    LEAST,
    GREATEST,
    INCREASES,
    DECREASES,
    THROTTLED_UNITS,
    THROTTLED_MINUTES,
    TOTALS_SIZE,
) = range(9)
# One resource's series: series[dimension, …, minute].
# PAIR is the lower rate of a minute and the one before, -inf where either is unknown.
# QUARTER is the highest of the 15 minutes that end there, inf where one of them does not count.
RATE, PAIR, QUARTER = range(3)
# What a block of minutes holds: extremes[dimension, …, block].
HIGHEST_RATE, HIGHEST_PAIR, LOWEST_QUARTER = range(3)
# Where a dimension stands after a minute: state[dimension, …]. HOUR_… gather the hour that MINUTE is in.
(
    MINUTE,
    BLOCK,
    CAPACITY,
    SINCE,
    PENDING_AT,
    PENDING_CAPACITY,
    REFUSED_UNTIL,
    BUCKET,
    HOUR_KNOWN,
    HOUR_UNITS,
    HOUR_LOWEST,
    HOUR_HIGHEST,
    STATE_SIZE,
) = range(13)
# The resource's decreases of one UTC day, read and write together.
DAY, DECIDED, FIRST, LAST, DECREASES_SIZE = range(5)

MINUTES_PER_HOUR = 60
MINUTES_PER_BLOCK = 15  # divides an hour; on noisy series twice as fast as 60
MINUTES_PER_DAY = 1440
SECONDS_PER_MINUTE = 60.0
OPENING_MINUTES = 30
SCALE_OUT_MINUTES = 2
SCALE_IN_MINUTES = 15
# DynamoDB's decreases of one UTC day: this many within the hour of the first, then one after each pause.
FIRST_DECREASES = 4
DECREASE_PAUSE_MINUTES = 60
# Slack of comparisons, in units per second, and of rounding up, in units.
SLACK = 1e-9
# What exceeds capacity by no more than this is rounding, not a throttled minute.
THROTTLED_ABOVE_UNITS = 1e-6
NEVER = -1
END = np.iinfo(np.int64).max


def _compiled(function: Callable[..., Any]) -> Any:
    """Compile a part of the kernel."""
    return numba.njit(error_model="numpy")(function)


def _kept(function: Callable[..., Any]) -> Any:
    """Compile the whole, without the interpreter lock, and keep it where numba finds a directory for it."""
    dispatcher = numba.njit(error_model="numpy", nogil=True)(function)
    with suppress(RuntimeError):  # no directory can be written: each process compiles for itself
        dispatcher.enable_caching()
    return dispatcher


# ---- What every setting asks of a series ----


@_compiled
def _align(reads: Floats, writes: Floats, series: Floats) -> None:
    """Set both dimensions' rates. A minute is known only when both are."""
    for t in range(reads.size):
        is_known = not (np.isnan(reads[t]) or np.isnan(writes[t]))
        series[READ, RATE, t] = reads[t] if is_known else np.nan
        series[WRITE, RATE, t] = writes[t] if is_known else np.nan


@_compiled
def _opening_rate(rates: Floats) -> float:
    """Highest rate of the first 30 known minutes, 0 when none is known."""
    highest, seen, t = 0.0, 0, 0
    while t < rates.size and seen < OPENING_MINUTES:
        if not np.isnan(rates[t]):
            highest = max(highest, rates[t])
            seen += 1
        t += 1
    return highest


@_compiled
def _lower_of_pairs(rates: Floats, pairs: Floats) -> None:
    for t in range(rates.size):
        is_known = t > 0 and not np.isnan(rates[t - 1]) and not np.isnan(rates[t])
        pairs[t] = min(rates[t - 1], rates[t]) if is_known else -np.inf


@_compiled
def _merge_highest(source: Floats, shift: int, target: Floats) -> None:
    """Set target[t] to the higher of source[t] and source[t - shift], to inf where there is none."""
    for t in range(min(shift, target.size)):
        target[t] = np.inf
    for t in range(shift, target.size):
        target[t] = max(source[t], source[t - shift])


@_compiled
def _highest_of_quarters(rates: Floats, holds: bool, quarters: Floats) -> None:
    """Take the highest of each 15 minutes by doubling: of 2, 4, 8 minutes, then of two 8 that overlap by one.

    An unknown minute does not count, nor one of rate 0 when the policy holds at zero.
    """
    work, counted = np.empty(rates.size), np.empty(rates.size)
    for t in range(rates.size):
        counted[t] = np.inf if np.isnan(rates[t]) or (holds and rates[t] == 0.0) else rates[t]
    _merge_highest(counted, 1, work)
    _merge_highest(work, 2, counted)
    _merge_highest(counted, 4, work)
    _merge_highest(work, SCALE_IN_MINUTES - 8, quarters)


@_compiled
def _block_edges(start: int, length: int) -> Ints:
    """First minutes of the blocks that a series touches, and its end. Blocks are cut at UTC hours."""
    first = start // MINUTES_PER_BLOCK
    blocks = (start + length - 1) // MINUTES_PER_BLOCK - first + 1 if length else 0
    edges = np.empty(blocks + 1, np.int64)
    for block in range(blocks):
        edges[block] = max(0, (first + block) * MINUTES_PER_BLOCK - start)
    edges[blocks] = length
    return edges


@_compiled
def _known_minutes(rates: Floats, edges: Ints) -> Ints:
    """Known minutes of each block."""
    known = np.zeros(edges.size - 1, np.int64)
    for block in range(known.size):
        for t in range(edges[block], edges[block + 1]):
            known[block] += not np.isnan(rates[t])
    return known


@_compiled
def _take_extremes(series: Floats, edges: Ints, extremes: Floats) -> None:
    """Take one dimension's highest rate, highest pair and lowest quarter of each block."""
    for block in range(edges.size - 1):
        highest_rate, highest_pair, lowest_quarter = -np.inf, -np.inf, np.inf
        for t in range(edges[block], edges[block + 1]):
            highest_rate = series[RATE, t] if series[RATE, t] > highest_rate else highest_rate
            highest_pair = max(highest_pair, series[PAIR, t])
            lowest_quarter = min(lowest_quarter, series[QUARTER, t])
        extremes[HIGHEST_RATE, block] = highest_rate
        extremes[HIGHEST_PAIR, block] = highest_pair
        extremes[LOWEST_QUARTER, block] = lowest_quarter


@_compiled
def _take_runs(series: Floats, edges: Ints, holds: bool, extremes: Floats) -> None:
    """Fill all that follows from the rates, for policies that hold at zero or for those that do not."""
    for k in range(2):
        _lower_of_pairs(series[k, RATE], series[k, PAIR])
        _highest_of_quarters(series[k, RATE], holds, series[k, QUARTER])
        _take_extremes(series[k], edges, extremes[k])


# ---- The rules ----


@_compiled
def _wanted(rate: float, policy: Floats, k: int) -> float:
    """Capacity that brings a rate (units per second) to the target, within the policy's bounds."""
    units = np.ceil(rate / policy[k, TARGET] - SLACK)
    return float(max(policy[k, MINIMUM], min(policy[k, MAXIMUM], units)))


@_compiled
def _asked(
    pair: float, higher: float, quarter: float, age: int, capacity: float, policy: Floats, k: int
) -> float:
    """Capacity that the alarms ask for after a known minute: the one in force when none has its run.

    A run counts the minutes (`age`) of the capacity in force; pairs and quarters stop at unknown minutes by
    themselves. `higher` is the higher rate of the pair.
    """
    if pair > policy[k, TARGET] * capacity + SLACK:
        wanted: float = _wanted(higher, policy, k) if age >= SCALE_OUT_MINUTES else capacity
        return max(capacity, wanted)
    if quarter < policy[k, SCALE_IN_TARGET] * capacity - SLACK and age >= SCALE_IN_MINUTES:
        lowered: float = _wanted(quarter, policy, k)
        return min(capacity, lowered)
    return capacity


@_compiled
def _granted_at(decreases: Ints, minute: int) -> int:
    """First minute from this one on, since 1970, in which DynamoDB grants the resource a decrease."""
    day = minute // MINUTES_PER_DAY
    if decreases[DAY] != day:
        return minute
    is_first_hour = minute - decreases[FIRST] < DECREASE_PAUSE_MINUTES
    if decreases[DECIDED] < FIRST_DECREASES and is_first_hour:
        return minute
    return int(max(minute, min(decreases[LAST] + DECREASE_PAUSE_MINUTES, (day + 1) * MINUTES_PER_DAY)))


@_compiled
def _book_decrease(decreases: Ints, minute: int) -> None:
    """Count a decrease in its UTC day."""
    if decreases[DAY] != minute // MINUTES_PER_DAY:
        decreases[DAY], decreases[DECIDED], decreases[FIRST] = minute // MINUTES_PER_DAY, 0, minute
    decreases[DECIDED] += 1
    decreases[LAST] = minute


@_compiled
def _burst(rate: float, capacity: float, bucket: float, size: float) -> tuple[float, float]:
    """Draw a minute's units from capacity and bucket; return what stays in it and what is throttled."""
    available = SECONDS_PER_MINUTE * capacity + bucket
    demanded = SECONDS_PER_MINUTE * rate
    return min(size, max(0.0, available - demanded)), max(0.0, demanded - available)


@_compiled
def _is_quiet(
    extremes: Floats, block: int, policy: Floats, k: int, capacity: float, may_decrease: bool
) -> bool:
    """Whether a block brings neither alarm nor throttling to a capacity in force with a full bucket.

    Errs towards False only: its margins are wider than any rounding of the exact comparisons, and it ignores
    how long the capacity has been in force.
    """
    target = policy[k, TARGET]
    if extremes[k, HIGHEST_RATE, block] > capacity * (1 - SLACK):
        return False
    if capacity < policy[k, MAXIMUM] and extremes[k, HIGHEST_PAIR, block] > target * capacity + SLACK:
        return False
    if not may_decrease or capacity == policy[k, MINIMUM]:
        return True
    quarter = extremes[k, LOWEST_QUARTER, block]
    is_low = quarter < policy[k, SCALE_IN_TARGET] * capacity - SLACK
    needs_less = quarter < (capacity - 1) * target * (1 + SLACK) + 10 * SLACK
    return not (is_low and needs_less)


# ---- One setting over one resource ----


@_compiled
def _begin(k: int, opening: float, policy: Floats, state: Floats, total: Floats) -> None:
    """Start a dimension at the capacity that its opening rate asks for, with a full bucket."""
    state[k, :] = 0
    state[k, CAPACITY] = _wanted(opening, policy, k)
    state[k, PENDING_AT] = NEVER
    state[k, BUCKET] = policy[k, BURST] * state[k, CAPACITY]
    state[k, HOUR_LOWEST] = np.inf
    total[k, LEAST] = np.inf


@_compiled
def _count_hour(total: Floats, k: int, known: float, units: float, lowest: float, highest: float) -> None:
    """Add an hour's ΣP, lowest and highest P over its known minutes."""
    if known:
        total[k, UNITS] += units
        total[k, UNITS_UPPER] += highest * known
        total[k, LEAST] = min(total[k, LEAST], lowest)
        total[k, GREATEST] = max(total[k, GREATEST], highest)


@_compiled
def _advance(
    k: int,
    start: int,
    series: Floats,
    edges: Ints,
    known: Ints,
    extremes: Floats,
    policy: Floats,
    state: Floats,
    total: Floats,
    capacities: Floats,
) -> int:
    """Follow one dimension until it asks for a decrease and return that minute, END when the series is over.

    The state is then that after the minute, with nothing pending and the capacity asked for in
    PENDING_CAPACITY: whether DynamoDB grants it depends on the other dimension.
    """
    t, block = int(state[k, MINUTE]), int(state[k, BLOCK])
    since, pending_at = int(state[k, SINCE]), int(state[k, PENDING_AT])
    capacity, pending, bucket = state[k, CAPACITY], state[k, PENDING_CAPACITY], state[k, BUCKET]
    refused_until, in_hour, units = int(state[k, REFUSED_UNTIL]), state[k, HOUR_KNOWN], state[k, HOUR_UNITS]
    lowest, highest = state[k, HOUR_LOWEST], state[k, HOUR_HIGHEST]
    size = policy[k, BURST] * capacity
    is_asking = False
    while block < known.size and not is_asking:
        end = edges[block + 1]
        is_at_rest = t == edges[block] and pending_at == NEVER and bucket == size
        if is_at_rest and _is_quiet(extremes, block, policy, k, capacity, end > refused_until):
            if capacities.size:
                capacities[k, t:end] = capacity
            if known[block]:
                in_hour, units = in_hour + known[block], units + capacity * known[block]
                lowest, highest = min(lowest, capacity), max(highest, capacity)
            t = end
        while t < end and not is_asking:
            if t == pending_at:
                capacity, since, pending_at = pending, t, NEVER
                size = policy[k, BURST] * capacity
            if capacities.size:
                capacities[k, t] = capacity
            rate = series[k, RATE, t]
            if not np.isnan(rate):
                in_hour, units = in_hour + 1, units + capacity
                lowest, highest = min(lowest, capacity), max(highest, capacity)
                bucket, throttled = _burst(rate, capacity, bucket, size)
                total[k, THROTTLED_UNITS] += throttled
                total[k, THROTTLED_MINUTES] += throttled > THROTTLED_ABOVE_UNITS
                if pending_at == NEVER:
                    higher = max(series[k, RATE, t - 1], rate) if t else rate
                    pair, quarter, age = series[k, PAIR, t], series[k, QUARTER, t], t + 1 - since
                    pending = _asked(pair, higher, quarter, age, capacity, policy, k)
                    is_asking = pending < capacity and t >= refused_until
                    if pending > capacity:
                        pending_at = t + 1 + int(policy[k, DELAY])
                        total[k, INCREASES] += 1
            t += 1
        if t == end:
            block += 1
            if block == known.size or (start + end) % MINUTES_PER_HOUR == 0:
                _count_hour(total, k, in_hour, units, lowest, highest)
                in_hour, units, lowest, highest = 0.0, 0.0, np.inf, 0.0
    state[k, MINUTE], state[k, BLOCK], state[k, SINCE], state[k, PENDING_AT] = t, block, since, pending_at
    state[k, CAPACITY], state[k, PENDING_CAPACITY], state[k, BUCKET] = capacity, pending, bucket
    state[k, HOUR_KNOWN], state[k, HOUR_UNITS] = in_hour, units
    state[k, HOUR_LOWEST], state[k, HOUR_HIGHEST] = lowest, highest
    return t - 1 if is_asking else END


@_compiled
def _simulate(
    start: int,
    opening: Floats,
    series: Floats,
    edges: Ints,
    known: Ints,
    extremes: Floats,
    policy: Floats,
    state: Floats,
    total: Floats,
    capacities: Floats,
) -> None:
    """Run one setting over one resource. Its dimensions meet only where a decrease is asked for."""
    decreases, asked_at = np.full(DECREASES_SIZE, NEVER), np.empty(2, np.int64)
    for k in range(2):
        _begin(k, opening[k], policy, state, total)
        asked_at[k] = _advance(k, start, series, edges, known, extremes, policy, state, total, capacities)
    while asked_at[READ] != END or asked_at[WRITE] != END:
        k = READ if asked_at[READ] <= asked_at[WRITE] else WRITE
        minute = start + asked_at[k]
        granted_at = _granted_at(decreases, minute)
        if granted_at == minute:
            _book_decrease(decreases, minute)
            state[k, PENDING_AT] = asked_at[k] + 1 + policy[k, DELAY]
            total[k, DECREASES] += 1
        state[k, REFUSED_UNTIL] = granted_at - start
        asked_at[k] = _advance(k, start, series, edges, known, extremes, policy, state, total, capacities)


@_kept
def simulate_many(
    reads: Floats,
    writes: Floats,
    offsets: Ints,
    starts: Ints,
    policies: Floats,
    policy_offsets: Ints,
    totals: Floats,
    known_minutes: Ints,
    capacities: Floats,
) -> None:
    """Simulate row after row: its series prepared once, then each of its settings.

    Row r has the minutes from offsets[r] to offsets[r + 1] of the flat series, the settings from
    policy_offsets[r] to policy_offsets[r + 1], and begins at minute starts[r] since 1970 UTC. `totals` must
    come zeroed; `known_minutes` gets one number a row. `capacities` is empty, or, when every row has exactly
    one setting, a line per dimension as long as the series, which gets the capacity of every minute.
    """
    state, opening = np.empty((2, STATE_SIZE)), np.empty(2)
    for row in range(starts.size):
        first, end = offsets[row], offsets[row + 1]
        series = np.empty((2, 3, end - first))
        _align(reads[first:end], writes[first:end], series)
        edges = _block_edges(starts[row], end - first)
        known = _known_minutes(series[READ, RATE], edges)
        known_minutes[row] = known.sum()
        extremes = np.empty((2, 3, known.size))
        for k in range(2):
            opening[k] = _opening_rate(series[k, RATE])
        settings = range(policy_offsets[row], policy_offsets[row + 1])
        for holds in (0, 1):
            is_taken = False
            for s in settings:
                if policies[s, READ, HOLD] != holds:
                    continue
                if not is_taken:
                    _take_runs(series, edges, holds == 1, extremes)
                    is_taken = True
                _simulate(
                    starts[row],
                    opening,
                    series,
                    edges,
                    known,
                    extremes,
                    policies[s],
                    state,
                    totals[s],
                    capacities[:, first:end],
                )
