"""What if this table had another mode, class or capacity: asked, simulated and costed while one looks on."""

from __future__ import annotations

from dashboard.views.table.what_if.part import render

__all__ = ["render"]
