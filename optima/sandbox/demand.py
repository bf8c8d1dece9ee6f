"""How much a table is used in each minute: a pure function of seed, series and absolute minute.

Nothing here depends on when the sandbox was started or on what was asked before, so that a series can be
computed for any span, in any order, and a later end extends it without changing its past.

Minutes are counted from 1970-01-01T00:00 UTC. Demand is built from a level, multiplied by the time of day,
the day of the week, growth, a season and noise, plus batches at fixed times and bursts at random ones.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

MINUTES_PER_DAY = 1440
_MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
# 1970-01-01 was a Thursday: this many minutes later a week begins, on Monday.
_FIRST_MONDAY = 4 * MINUTES_PER_DAY
# One table of noise serves every series, each from an offset of its own: 91 days before it repeats.
_NOISE_LENGTH = 1 << 17
_NOISE_LIMIT = 3.0


@dataclass(frozen=True)
class Batch:
    """`rate` units a second more, for `minutes` from minute `at` of every day."""

    at: int
    minutes: int
    rate: float


@dataclass(frozen=True)
class Bursts:
    """`rate` units a second more for `minutes` (at most 60), somewhere in about `per_day` hours a day."""

    rate: float
    minutes: int
    per_day: float


@dataclass(frozen=True)
class Season:
    """Demand times `factor` for `days`, that began `days_ago` before the founding."""

    days_ago: int
    days: int
    factor: float


@dataclass(frozen=True)
class Demand:
    """One dimension's demand. `rate` is its mean level, in capacity or request units a second.

    `daily` is the relative height of a cosine over the day that peaks at `peak_hour` UTC, `weekend` the
    factor of Saturdays and Sundays, `noise` the standard deviation of each minute relative to its level (cut
    at three), `growth_per_day` relative growth, compounded. `sparse` series have no point where nothing was
    used.
    """

    rate: float = 0.0
    daily: float = 0.0
    peak_hour: float = 14.0
    weekend: float = 1.0
    noise: float = 0.0
    growth_per_day: float = 0.0
    batches: tuple[Batch, ...] = ()
    bursts: Bursts | None = None
    season: Season | None = None
    sparse: bool = False


def series_key(seed: int, *names: str) -> int:
    """A number that tells one series from all others, the same in every process."""
    text = "\0".join((str(seed), *names)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big")


def wanted_units(demand: Demand, *, seed: int, key: int, founded: int, start: int, stop: int) -> Values:
    """The whole units asked for in each minute of [start, stop), before any capacity limits them."""
    week = _week(demand.daily, demand.peak_hour, demand.weekend)
    level = demand.rate * _cyclic(week, start - _FIRST_MONDAY, stop - _FIRST_MONDAY)
    if demand.growth_per_day:
        days = (np.arange(start, stop) - founded) / MINUTES_PER_DAY
        level *= np.exp(demand.growth_per_day * days)
    if demand.season:
        begin = founded - demand.season.days_ago * MINUTES_PER_DAY
        within = slice(max(0, begin - start), max(0, begin + demand.season.days * MINUTES_PER_DAY - start))
        level[within] *= demand.season.factor
    if demand.noise:
        level *= 1 + demand.noise * _cyclic(_normal_noise(seed), start + key, stop + key)
    if demand.batches:
        level += _cyclic(_day_of_batches(demand.batches), start, stop)
    if demand.bursts:
        _add_bursts(level, demand.bursts, seed=seed, key=key, start=start)
    return np.rint(60.0 * level)


@lru_cache(maxsize=512)
def _week(daily: float, peak_hour: float, weekend: float) -> Values:
    """One week from Monday 00:00 UTC, relative to the level."""
    week = 1 + daily * np.cos(2 * np.pi * (np.arange(_MINUTES_PER_WEEK) / 60 - peak_hour) / 24)
    week[5 * MINUTES_PER_DAY :] *= weekend
    return week


@lru_cache(maxsize=512)
def _day_of_batches(batches: tuple[Batch, ...]) -> Values:
    minute = np.arange(MINUTES_PER_DAY)
    day = np.zeros(MINUTES_PER_DAY)
    for batch in batches:
        day[(minute - batch.at) % MINUTES_PER_DAY < batch.minutes] += batch.rate
    return day


@lru_cache(maxsize=4)
def _normal_noise(seed: int) -> Values:
    drawn = np.random.default_rng((seed, 1)).standard_normal(_NOISE_LENGTH)
    return drawn.clip(-_NOISE_LIMIT, _NOISE_LIMIT)


@lru_cache(maxsize=4)
def _uniform_noise(seed: int) -> Values:
    return np.random.default_rng((seed, 2)).random(_NOISE_LENGTH)


def _add_bursts(level: Values, bursts: Bursts, *, seed: int, key: int, start: int) -> None:
    """An hour has a burst by one draw, and where in the hour it begins by another."""
    first_hour, last_hour = start // 60, (start + len(level) - 1) // 60
    has = _cyclic(_uniform_noise(seed), first_hour + key, last_hour + 1 + key)
    where = _cyclic(_uniform_noise(seed), first_hour + (key >> 17), last_hour + 1 + (key >> 17))
    hours = np.flatnonzero(has < bursts.per_day / 24)
    begins = (first_hour + hours) * 60 + np.floor(where[hours] * (61 - bursts.minutes)).astype(np.int64)
    minutes = (begins[:, None] - start + np.arange(bursts.minutes)).ravel()
    level[minutes[(minutes >= 0) & (minutes < len(level))]] += bursts.rate


def _cyclic(table: Values, start: int, stop: int) -> Values:
    """The elements start … stop − 1 of an endlessly repeated table, as a new array."""
    length = len(table)
    begin = start % length
    count = stop - start
    if begin + count <= length:
        return table[begin : begin + count].copy()
    return np.take(table, np.arange(begin, begin + count), mode="wrap")


def sums(values: Values, minutes: int) -> Values:
    """Sums of whole groups of `minutes`; the length must be a multiple of it."""
    return values.reshape(-1, minutes).sum(axis=1) if minutes > 1 else values


def means(values: Values, minutes: int) -> Values:
    """Means of whole groups of `minutes`."""
    return sums(values, minutes) / minutes
