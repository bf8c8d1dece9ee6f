"""The child process of `running`: configuration as argument, URL on standard output, ends with its input."""

from __future__ import annotations

import sys

from optima.sandbox.server import SandboxError, config_from_json, serve_until_closed

if __name__ == "__main__":
    try:
        serve_until_closed(config_from_json(sys.argv[1]), sys.stdin.buffer)
    except SandboxError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)
