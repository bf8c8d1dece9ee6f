"""Starting, serving and ending; what is put in front of every call."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from optima.sandbox import Fault, Sandbox, SandboxConfig, SandboxError, running, serve_forever, server
from optima.sandbox.front import Front, StartResponse
from optima.sandbox.injection import Faults
from optima.sandbox.metrics import points
from optima.sandbox.planting import build
from optima.sandbox.sts import RoleSessions
from optima.sandbox.wire import Call, Environ, ServiceError
from tests.sandbox.served import END, SHOP, clients_of


def carts_last_hour(seed: int) -> list[float]:
    """What the organisation of a seed has, computed in this process."""
    organisation = build(SandboxConfig(end=END, tables=10, seed=seed))
    stop = organisation.clock_minute
    carts = organisation.resource_by_key[SHOP, "us-east-1", "carts"]
    return points(organisation, carts, "ConsumedReadCapacityUnits", "Sum", 1, stop - 60, stop).values.tolist()


def test_the_server_has_the_seed_it_was_given_and_ends_with_its_context() -> None:
    with running(SandboxConfig(end=END, tables=10, seed=2)) as served:
        client = clients_of(served)
        answer = client("cloudwatch", SHOP).get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "q",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/DynamoDB",
                            "MetricName": "ConsumedReadCapacityUnits",
                            "Dimensions": [{"Name": "TableName", "Value": "carts"}],
                        },
                        "Period": 60,
                        "Stat": "Sum",
                    },
                }
            ],
            StartTime=END - timedelta(hours=1),
            EndTime=END,
            ScanBy="TimestampAscending",
        )
    assert answer["MetricDataResults"][0]["Values"] == carts_last_hour(seed=2) != carts_last_hour(seed=3)
    with pytest.raises(EndpointConnectionError):
        client("sts").get_caller_identity()


def test_an_organisation_without_tables_and_without_an_export(empty: Sandbox) -> None:
    client = clients_of(empty)
    assert client("dynamodb", SHOP).list_tables()["TableNames"] == []
    assert client("bcm-data-exports").list_exports()["Exports"] == []
    assert client("s3").list_buckets()["Buckets"] == []


def test_the_server_dies_with_its_parent() -> None:
    script = (
        "import time\n"
        "from optima.sandbox import SandboxConfig, running\n"
        "with running(SandboxConfig(tables=0)) as sandbox:\n"
        "    print(sandbox.url, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        parent.send_signal(signal.SIGKILL)
    sts = boto3.client("sts", endpoint_url=url, config=Config(retries={"max_attempts": 0}))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            sts.get_caller_identity()
        except EndpointConnectionError:
            return
        except ConnectionClosedError:
            continue  # accepted, but no longer answered
        time.sleep(0.1)
    pytest.fail("the server outlives the process that started it")


def test_the_environment_talks_to_the_sandbox_alone(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    assert environment["AWS_ENDPOINT_URL"] == sandbox.url
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    printed = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert printed.stdout.strip() == sandbox.management_account_id == "123456789012"


def test_a_configuration_survives_the_way_to_the_child() -> None:
    config = SandboxConfig(
        tables=3,
        end=END,
        founded=END - timedelta(days=1),
        billing_export=False,
        faults=(Fault("throttle", rate=0.2), Fault("skew", seconds=-120.0)),
    )
    assert server.config_from_json(json.dumps(asdict(config), default=str)) == config


def test_a_missing_moto_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "optima.sandbox.application", raising=False)
    monkeypatch.delitem(sys.modules, "optima.sandbox.moto_world", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "moto"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "moto", None)
    with pytest.raises(
        SandboxError, match=r"needs moto.*, which is not installed: pip install 'dynamodb-optima\[demo\]'"
    ):
        serve_forever(SandboxConfig(tables=0))


def test_importing_the_package_imports_neither_moto_nor_numpy() -> None:
    script = (
        "import sys, optima.sandbox; print(sorted({'moto', 'numpy', 'boto3', 'pyarrow'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
    )


def test_a_call_without_a_signature_is_refused(sandbox: Sandbox) -> None:
    unsigned = boto3.client(
        "organizations", endpoint_url=sandbox.url, config=Config(signature_version=UNSIGNED)
    )
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        unsigned.list_accounts()


def post(front: Front) -> tuple[str, bytes]:
    """Status and body of a call of DynamoDB's ListTables."""
    environ = {
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=AKIA/20261101/us-east-1/dynamodb/aws4_request",
        "HTTP_X_AMZ_TARGET": "DynamoDB_20120810.ListTables",
        "PATH_INFO": "/",
        "wsgi.input": io.BytesIO(),
    }
    status: list[str] = []
    body = b"".join(front(environ, lambda line, _headers: status.append(line)))
    return status[0], body


def front_with(**settings: Any) -> Front:
    """In front of an application that answers everything with one word."""

    def behind(_environ: Environ, start: StartResponse) -> list[bytes]:
        start("200 OK", [])
        return [b"moto"]

    faults = Faults(RoleSessions(), seed=1)
    defaults = {"handlers": {}, "checks": (), "faults": faults}
    return Front(behind=behind, account_of=lambda _key: SHOP, **{**defaults, **settings})


def test_a_check_sees_every_call_and_may_refuse_it() -> None:
    seen: list[Call] = []

    def throttle(call: Call) -> None:
        seen.append(call)
        if len(seen) % 3 == 0:
            raise ServiceError("ThrottlingException", "Rate exceeded")

    front = front_with(checks=[throttle])
    answers = [post(front) for _ in range(6)]
    assert [status for status, _ in answers] == ["200 OK", "200 OK", "400 Bad Request"] * 2
    assert json.loads(answers[2][1]) == {"__type": "ThrottlingException", "message": "Rate exceeded"}
    assert {(call.service, call.operation, call.region, call.account_id) for call in seen} == {
        ("dynamodb", "ListTables", "us-east-1", SHOP)
    }


def test_latency_is_added_to_every_call() -> None:
    front = front_with(latency_seconds=0.05)
    started = time.monotonic()
    assert [post(front)[1] for _ in range(3)] == [b"moto"] * 3
    assert time.monotonic() - started >= 0.15
