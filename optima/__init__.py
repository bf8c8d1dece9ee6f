"""DynamoDB Optima: which DynamoDB tables cost more than they must, by how much, and what to change.

`optima.connect()` gives a notebook or a script the published marts:

    import optima
    optima.connect("/data/org-a").sql("select * from recommendations").df()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

__all__ = ["connect"]


def connect(project_root: str | Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open the newest published marts of a workspace, read-only.

    The marts are tables of schema `main`: recommendations, savings_summary, dim_tables and so on. The
    connection keeps showing the build that it opened; connect again for a newer one.

    Args:
        project_root: The workspace. Default: OPTIMA_PROJECT_ROOT, else the current folder.

    Raises:
        optima.errors.OptimaError: Nothing was published in this workspace yet.
    """
    from optima import published

    return published.connect(project_root)
