"""The list of mutations stays true to the files; `make mutations` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutation_list import MUTATIONS, Mutation

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_each_breaks_one_place(mutation: Mutation) -> None:
    assert (PROJECT / mutation.path).read_text().count(mutation.old) == 1
    assert mutation.new != mutation.old


@pytest.mark.parametrize("caught_by", sorted({mutation.caught_by for mutation in MUTATIONS}))
def test_each_is_caught_by_a_test_that_is_there(caught_by: str) -> None:
    if "/" not in caught_by:
        [tests] = (PROJECT / "models").rglob(f"{caught_by}_unit_tests.yml")
        assert f"model: {caught_by}\n" in tests.read_text()
        return
    path, _, name = caught_by.partition("::")
    assert f"def {name}" in (PROJECT / path).read_text()


def test_they_are_many_and_each_is_told_apart() -> None:
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 30
