"""The kernel by itself: noisy series with a daily wave, and as many settings each as a search has."""

from __future__ import annotations

import time

import numpy as np

from optima.simulation import batch

MINUTES = 14 * 1440
RESOURCES = 100
# A search: targets from 0.50 to 0.90, minimums from 1 up by doubling.
SEARCHED = [(target / 100, 2.0**rank) for target in range(50, 91, 5) for rank in range(11)]


def seconds_per_resource(settings: list[tuple[float, float]]) -> float:
    """Processor seconds to simulate 14 days of one resource at each (target, minimum)."""
    random = np.random.default_rng(1)
    wave = 1 + 0.8 * np.sin(np.arange(MINUTES) * np.pi / 720)
    levels = 10 ** random.uniform(0, 3, (2, RESOURCES, 1))
    reads, writes = (level * wave * random.gamma(20, 1 / 20, (RESOURCES, MINUTES)) for level in levels)
    targets, minimums = np.array(settings * RESOURCES).T
    policies = batch.policies(
        targets=np.column_stack([targets, targets]),
        minimums=np.column_stack([minimums, minimums]),
        maximums=np.full((targets.size, 2), 40_000),
        delays=np.full(targets.size, 3),
        bursts=np.full(targets.size, 60),
        holds=np.zeros(targets.size, np.bool_),
    )
    places = np.arange(RESOURCES + 1)
    arguments = (places * MINUTES, np.full(RESOURCES, 29_626_560), policies, places * len(settings))
    batch.run_one(reads[0], writes[0], 0, policies[:1])  # compiles
    began = time.process_time()
    batch.run(reads.ravel(), writes.ravel(), *arguments)
    return (time.process_time() - began) / RESOURCES
