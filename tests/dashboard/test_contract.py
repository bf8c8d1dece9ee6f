"""The columns that these tests invent are those that the marts promise, under the same names and types."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from published_marts import COLUMNS

_MARTS = Path(__file__).parents[2] / "models" / "marts"


def promised(mart: str) -> dict[str, str]:
    """Return the columns of a mart's contract with their types."""
    (file,) = _MARTS.glob(f"*/{mart}.yml")
    models = {model["name"]: model for model in yaml.safe_load(file.read_text())["models"]}
    return {column["name"]: column["data_type"].replace(" ", "") for column in models[mart]["columns"]}


@pytest.mark.parametrize("mart", COLUMNS)
def test_the_marts_have_the_columns_that_the_page_reads(mart: str) -> None:
    contract = promised(mart)
    for name, kind in COLUMNS[mart].items():
        assert contract.get(name) == kind.replace(" ", ""), name
