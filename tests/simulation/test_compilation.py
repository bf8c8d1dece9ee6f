"""The kernel costs nothing until it is called, and works where nothing can be kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

from optima.simulation import kernel


def test_importing_the_simulation_or_its_plugin_does_not_import_numba() -> None:
    script = "import sys, optima.simulation.dbt_plugin; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def double(number: float) -> float:
    return 2 * number


def test_code_is_compiled_also_where_no_directory_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr("numba.core.caching._CacheLocator.ensure_cache_path", refuse)
    compiled = kernel._kept(double)
    assert compiled(21.0) == 42.0
    assert compiled.stats.cache_path is None
