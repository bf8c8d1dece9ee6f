"""What a child process takes: processor time, time, memory. A child, so that nothing else is counted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# ru_maxrss is in kilobytes, except on macOS, where it is in bytes.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Usage:
    """What a process took until it ended."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        peak = self.peak_bytes / 2**30
        return f"{self.cpu_seconds:8.1f} CPU s {self.wall_seconds:8.1f} s {peak:8.2f} GB at most"


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **environment})
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * _RSS_UNIT)
