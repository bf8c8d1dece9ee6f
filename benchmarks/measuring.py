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
    return _run(command, environment, None)[0]


def own_measure(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command that prints the processor seconds and the seconds that count of it.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    usage, printed = _run(command, environment, subprocess.PIPE)
    cpu_seconds, wall_seconds = (float(word) for word in printed.split())
    return Usage(cpu_seconds, wall_seconds, usage.peak_bytes)


def own_report(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, Usage]:
    """Run a command and return what it printed, and what it took.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    usage, printed = _run(command, environment, subprocess.PIPE)
    return printed, usage


def _run(command: Sequence[str], environment: Mapping[str, str], stdout: int | None) -> tuple[Usage, str]:
    began = time.perf_counter()
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=stdout, text=True) as process:
        printed = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * _RSS_UNIT), printed
