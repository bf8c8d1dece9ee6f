"""The rows of a CUR 2.0 export."""

from __future__ import annotations

import pyarrow as pa

from optima.sandbox.billing.formats import cur
from optima.sandbox.billing.formats.cur2_columns import COLUMNS
from optima.sandbox.billing.formats.portion import Portion


def table(portion: Portion) -> pa.Table:
    """The rows of one file, with all columns of CUR 2.0; what nothing is known of is null."""
    known = cur.columns(portion)
    return pa.table(
        {name: known[name] if name in known else portion.nothing(kind) for name, kind in COLUMNS.items()}
    )
