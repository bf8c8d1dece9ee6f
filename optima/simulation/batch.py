"""What lies around the kernel: arrays checked on their way in, room made for what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optima.simulation import kernel
from optima.simulation.kernel import Floats, Ints

DIMENSIONS = ("read", "write")
# λ = τ − 0.20, to nine digits, so that 0.8 − 0.2 is 0.6.
SCALE_IN_BELOW_TARGET = 0.20
SCALE_IN_DIGITS = 9


@dataclass(frozen=True)
class Outcome:
    """What the kernel wrote: `totals` per setting, `known_minutes` per row, `capacities` where asked for."""

    totals: Floats
    known_minutes: Ints
    capacities: Floats


def policies(
    *,
    targets: ArrayLike,
    minimums: ArrayLike,
    maximums: ArrayLike,
    delays: ArrayLike,
    bursts: ArrayLike,
    holds: ArrayLike,
    names: Sequence[str] = (),
) -> Floats:
    """Lay settings out for the kernel: the first three have two columns (read, write), the others one.

    Raises:
        ValueError: A setting that no policy can have, by its name when names are given.
    """
    target, minimum, maximum = (np.asarray(values, np.float64) for values in (targets, minimums, maximums))
    delay, burst = np.asarray(delays, np.float64), np.asarray(bursts, np.float64)
    _refuse(~((target > 0) & (target <= 1)), target, "target must be a ratio above 0 and at most 1", names)
    _refuse(~(_is_whole(minimum) & (minimum >= 1)), minimum, "minimum must be a whole number from 1", names)
    _refuse(
        ~(_is_whole(maximum) & (maximum >= minimum)),
        maximum,
        "maximum must be whole, from the minimum",
        names,
    )
    _refuse(
        ~(_is_whole(delay) & (delay >= 0)), delay, "delay must be a whole number of minutes from 0", names
    )
    _refuse(~(np.isfinite(burst) & (burst >= 0)), burst, "burst must be a number of seconds from 0", names)

    laid_out = np.empty((len(target), len(DIMENSIONS), kernel.POLICY_SIZE))
    laid_out[:, :, kernel.TARGET] = target
    laid_out[:, :, kernel.SCALE_IN_TARGET] = np.round(target - SCALE_IN_BELOW_TARGET, SCALE_IN_DIGITS)
    laid_out[:, :, kernel.MINIMUM] = minimum
    laid_out[:, :, kernel.MAXIMUM] = maximum
    laid_out[:, :, kernel.DELAY] = delay[:, None]
    laid_out[:, :, kernel.BURST] = burst[:, None]
    laid_out[:, :, kernel.HOLD] = np.asarray(holds, np.bool_)[:, None]
    return laid_out


def run(
    reads: Floats,
    writes: Floats,
    offsets: Ints,
    starts: Ints,
    settings: Floats,
    setting_offsets: Ints,
    *,
    with_capacities: bool = False,
) -> Outcome:
    """Simulate many rows, each with settings of its own; see `kernel.simulate_many` for the arrays.

    Raises:
        ValueError: A rate is negative or infinite.
    """
    for dimension, rates in zip(DIMENSIONS, (reads, writes), strict=True):
        lowest, highest = np.fmin.reduce(rates, initial=0.0), np.fmax.reduce(rates, initial=0.0)
        if lowest < 0 or np.isinf(highest):
            wrong = lowest if lowest < 0 else highest
            raise ValueError(
                f"a {dimension} rate must be a number of units per second from 0, but one is {wrong}"
            )
    outcome = Outcome(
        totals=np.zeros((len(settings), len(DIMENSIONS), kernel.TOTALS_SIZE)),
        known_minutes=np.zeros(len(starts), np.int64),
        capacities=np.empty((len(DIMENSIONS), reads.size if with_capacities else 0)),
    )
    kernel.simulate_many(
        *(_read_only(array) for array in (reads, writes, offsets, starts, settings, setting_offsets)),
        outcome.totals,
        outcome.known_minutes,
        outcome.capacities,
    )
    return outcome


def run_one(reads: Floats, writes: Floats, start: int, setting: Floats) -> Outcome:
    """Simulate one row with one setting, and keep the capacity of every minute."""
    offsets = np.array([0, reads.size])
    return run(reads, writes, offsets, np.array([start]), setting, np.array([0, 1]), with_capacities=True)


def _is_whole(values: Floats) -> NDArray[np.bool_]:
    whole: NDArray[np.bool_] = np.isfinite(values) & (values == np.floor(values))
    return whole


def _refuse(wrong: NDArray[np.bool_], values: Floats, rule: str, names: Sequence[str]) -> None:
    """Raise for the first wrong value: which setting's, which rule, what it is."""
    if not wrong.any():
        return
    place = tuple(np.argwhere(wrong)[0])
    setting = f"setting '{names[place[0]]}': " if names else ""
    dimension = f"{DIMENSIONS[place[1]]} " if len(place) > 1 else ""
    raise ValueError(f"{setting}the {dimension}{rule}, but is {values[place]:g}")


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view that cannot be written, as Arrow's are: numba compiles once for each kind of array."""
    view = array.view()
    view.flags.writeable = False
    return view
