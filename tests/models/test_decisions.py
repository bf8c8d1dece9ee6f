"""The people's decisions on recommendations, as the models read them."""

from __future__ import annotations

from pathlib import Path

from small_warehouse import SmallWarehouse


def test_a_file_of_decisions_is_read_as_it_is(warehouse: SmallWarehouse, tmp_path: Path) -> None:
    model = "stg_decisions__recommendation_decisions"
    warehouse.build(model, decisions_path=str(tmp_path / "nobody-decided.jsonl"))
    assert warehouse.query(f"select * from staging.{model}") == []
    warehouse.build(model)
    assert warehouse.query(f"select * from staging.{model}") == []
