"""The rules that live in one model each: dbt's unit tests, which stand beside the models."""

from __future__ import annotations

from small_warehouse import MODELS_FOLDER, SmallWarehouse


def test_every_rule_holds(warehouse: SmallWarehouse) -> None:
    written = sum(path.read_text().count("\n    model: ") for path in MODELS_FOLDER.rglob("*_unit_tests.yml"))
    # A unit test takes the types of what it is given from the warehouse.
    warehouse.build("path:models")
    run, failed = warehouse.unit_tests("*")
    assert failed == []
    assert run == written > 30
