"""The HTTP server: werkzeug's, one thread a connection, but connections stay open from call to call.

werkzeug closes the connection after each answer, which costs a client that makes thousands of calls more than
the answers do; AWS's services keep it.
"""

from __future__ import annotations

from typing import Any, cast

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler
from werkzeug.serving import make_server as make_werkzeug_server

_IDLE_SECONDS = 60


class _KeepAliveHandler(WSGIRequestHandler):
    """Answers one request after another on a connection. The application reads each body to its end."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True

    def log_error(self, *_message: Any) -> None:
        """Say nothing of connections that were idle for too long."""

    def run_wsgi(self) -> None:
        """Answer one request with one write, or close the connection where the application says so."""
        headers: list[tuple[str, str]] = []
        status = ""

        def start_response(line: str, given: list[tuple[str, str]], _error: Any = None) -> None:
            nonlocal headers, status
            headers, status = given, line

        try:
            body = b"".join(self.server.app(self.make_environ(), cast("Any", start_response)))
        except ConnectionError:
            self.close_connection = True
            return
        named = {name.lower(): value for name, value in headers}
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if "date" not in named:
            lines.append(f"Date: {self.date_time_string()}")
        if self.command != "HEAD" and len(body) < int(named["content-length"]):
            self.close_connection = True
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + body)


def make_server(host: str, port: int, application: Any) -> BaseWSGIServer:
    """A listening server."""
    return make_werkzeug_server(host, port, application, threaded=True, request_handler=_KeepAliveHandler)
