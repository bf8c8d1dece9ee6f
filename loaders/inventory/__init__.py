"""The inventory: which tables and indexes there are, and how they are set.

Configuration is kept as history. A table that is gone is closed in it; an account or region that could not be
read keeps everything it had, and `ops.inventory_reads` says so.
"""

from loaders.inventory.load import load

__all__ = ["load"]
