"""Serves the organisation: in this process until interrupted, or from a child while it is needed."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from optima.sandbox.config import DEFAULT_BILLING_FORMATS, MANAGEMENT_ACCOUNT_ID, SandboxConfig
from optima.sandbox.faults import Fault

_HOST = "127.0.0.1"
# What the extra "demo" brings, as far as it is imported by name.
_EXTRA_MODULES = {"flask", "moto", "werkzeug"}
# What the server is told by; optima.sandbox.control says how.
FAULTS, EVENTS = "/.sandbox/faults", "/.sandbox/events"


class SandboxError(Exception):
    """The sandbox cannot be served; the message says why and what to do."""


@dataclass(frozen=True)
class Sandbox:
    """A served organisation: where it is, and when its clock stands still (naive UTC)."""

    url: str
    end: datetime
    management_account_id: str = MANAGEMENT_ACCOUNT_ID

    def environment(self) -> dict[str, str]:
        """Variables with which any AWS SDK of a child process talks to the sandbox, and to nothing else.

        Variables that take precedence over these (AWS_PROFILE, AWS_ENDPOINT_URL_S3 …) must be taken out.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIASANDBOX000000000",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_SESSION_TOKEN": "sandbox",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def set_faults(self, *faults: Fault) -> None:
        """Let these faults happen from now on, and no others; without any, none. Counting begins anew.

        Raises:
            SandboxError: the sandbox is not served any longer.
        """
        self._tell("PUT", FAULTS, [fault.as_json() for fault in faults])

    def faults_injected(self) -> dict[str, int]:
        """How many calls each kind of fault has hit since the faults were set.

        Raises:
            SandboxError: the sandbox is not served any longer.
        """
        injected: dict[str, int] = self._tell("GET", FAULTS)["injected"]
        return injected

    def leave(self, account_id: str) -> None:
        """Take a member out of the organisation; its role goes with it.

        Raises:
            SandboxError: there is no such member.
        """
        self._tell("POST", EVENTS, {"event": "leave", "account_id": account_id})

    def join(self, account_id: str) -> None:
        """Take an account into the organisation: one that has left as it was, another one without tables.

        Raises:
            SandboxError: it belongs to the organisation.
        """
        self._tell("POST", EVENTS, {"event": "join", "account_id": account_id})

    def delete_table(self, account_id: str, region: str, name: str) -> None:
        """Delete a table. Its metrics and its lines of the bill stay, as they do on AWS.

        Raises:
            SandboxError: there is no such table.
        """
        self._tell_of_table("delete_table", account_id, region, name)

    def restore_table(self, account_id: str, region: str, name: str) -> None:
        """Let a deleted table be there again, as it was.

        Raises:
            SandboxError: no such table was deleted.
        """
        self._tell_of_table("restore_table", account_id, region, name)

    def _tell_of_table(self, event: str, account_id: str, region: str, name: str) -> None:
        table = {"account_id": account_id, "region": region, "name": name}
        self._tell("POST", EVENTS, {"event": event, **table})

    def _tell(self, method: str, path: str, request: object = None) -> Any:
        body = None if request is None else json.dumps(request).encode()
        try:
            with urlopen(Request(self.url + path, body, method=method), timeout=10) as answer:
                return json.load(answer)
        except HTTPError as refused:
            raise SandboxError(json.load(refused)["error"]) from refused
        except OSError as error:
            raise SandboxError(f"the sandbox at {self.url} does not answer: {error}") from error


@contextmanager
def running(config: SandboxConfig) -> Iterator[Sandbox]:
    """Serve `config` from a child process on a free port, and end it on leaving.

    A process of its own keeps the server off the interpreter lock of whoever loads from it. It ends too when
    this process dies, because it watches a pipe that closes then.

    Raises SandboxError when the server does not come up.
    """
    config = replace(config, end=config.clock)  # parent and child must not disagree about today
    command = [sys.executable, "-P", "-m", "optima.sandbox", json.dumps(_as_json(config))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            line = child.stdout.readline().decode().strip()
            if not line.startswith("http://"):
                raise SandboxError(line or "the sandbox's server ended before it could serve")
            yield Sandbox(line, config.clock)
        finally:
            child.stdin.close()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()


def serve_forever(config: SandboxConfig, port: int = 0, *, announce: Any = print) -> None:
    """Serve `config` in this process until it is interrupted; `announce` is told the Sandbox once it answers.

    Raises SandboxError without moto, and OSError when the port is taken.
    """
    server = _bind(config, port)
    announce(Sandbox(f"http://{_HOST}:{server.port}", config.clock))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def serve_until_closed(config: SandboxConfig, requests: BinaryIO) -> None:
    """Serve in this process until `requests` (the parent's end of a pipe) closes; print the URL first.

    An interrupt from the terminal is the parent's business. What anything else prints goes to standard error,
    because nobody reads the pipe any longer once the URL is known.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = _bind(config, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://{_HOST}:{server.port}\n")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests.read()


def config_from_json(text: str) -> SandboxConfig:
    """The inverse of how `running` hands its configuration to the child."""
    values: Mapping[str, Any] = json.loads(text)
    instants = {name: datetime.fromisoformat(values[name]) for name in ("end", "founded") if values[name]}
    faults = tuple(Fault(**fields) for fields in values.get("faults", ()))
    formats = tuple(values.get("billing_formats", DEFAULT_BILLING_FORMATS))
    return SandboxConfig(**{**values, **instants, "faults": faults, "billing_formats": formats})


def _as_json(config: SandboxConfig) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in asdict(config).items()
    }


def _bind(config: SandboxConfig, port: int) -> Any:
    """A listening server. moto is imported here, and nowhere before."""
    try:
        from optima.sandbox.application import create_application
        from optima.sandbox.serving import make_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA_MODULES:
            raise
        raise SandboxError(
            f"the sandbox needs {error.name}, which is not installed: pip install 'dynamodb-optima[demo]'"
        ) from error
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return make_server(_HOST, port, create_application(config))
