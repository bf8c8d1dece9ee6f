"""How a served sandbox is told what shall happen: over HTTP, on a path that no AWS service has.

GET  /.sandbox/faults             {"injected": {"throttle": 3}}
PUT  /.sandbox/faults             [{"kind": "throttle", "rate": 0.2}], in place of those set before
POST /.sandbox/events             {"event": "leave", "account_id": "012345678901"}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from optima.sandbox.faults import Fault
from optima.sandbox.injection import Faults
from optima.sandbox.present import Present
from optima.sandbox.server import EVENTS, FAULTS
from optima.sandbox.wire import Environ, Reply

PATH = "/.sandbox/"


class Control:
    """The world and the faults, as the control path changes them."""

    def __init__(self, present: Present, faults: Faults):
        self._faults = faults
        self._events: Mapping[str, Callable[..., None]] = {
            "leave": present.leave,
            "join": present.join,
            "delete_table": present.delete_table,
            "restore_table": present.restore_table,
        }

    def answer(self, environ: Environ) -> Reply:
        """Do what a request to the control path says; 400 with a sentence if it cannot be done."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        try:
            request = json.loads(environ["wsgi.input"].read(length) or b"null")
            return _reply(self._done(environ["REQUEST_METHOD"], environ["PATH_INFO"], request))
        except (LookupError, TypeError, ValueError) as error:
            return _reply({"error": str(error.args[0])}, 400)

    def _done(self, method: str, path: str, request: Any) -> Mapping[str, Any]:
        if (method, path) == ("GET", FAULTS):
            return {"injected": self._faults.injected}
        if (method, path) == ("PUT", FAULTS):
            self._faults.set([Fault(**fields) for fields in request])
            return {}
        if (method, path) == ("POST", EVENTS):
            named = dict(request)
            self._events[named.pop("event")](**named)
            return {}
        raise LookupError(f"the sandbox has no {method} {path}")


def _reply(answer: Mapping[str, Any], status: int = 200) -> Reply:
    return Reply(json.dumps(answer).encode(), "application/json", status)
