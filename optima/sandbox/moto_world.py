"""Plants the organisation in moto's backends, for the calls that moto answers well. Only this knows moto.

moto keeps its state in this process, so that there is one organisation for each server process.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import get_account_id_from
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.organizations.models import FakeAccount, organizations_backends
from moto.s3.models import s3_backends

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.control_plane import scalable_dimension, scaling_resource_id
from optima.sandbox.organisation import (
    DIMENSIONS,
    Organisation,
    Resource,
    Table,
)

_PARTITION = "aws"
_KEY_SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}]
_ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}]


def plant(organisation: Organisation) -> None:
    """Create accounts, organisational units, tables and scaling policies in moto."""
    mock_random.seed(organisation.config.seed)
    _plant_accounts(organisation)
    for table in sorted(organisation.tables, key=lambda table: table.name):
        _plant_table(table)


def application() -> Any:
    """moto's server, as a WSGI application."""
    return DomainDispatcherApplication(create_backend_app)


def account_of(access_key: str) -> str:
    """The account whose role gave out the key; a key that moto does not know is the management account's."""
    return str(get_account_id_from(access_key))


def plant_objects(bucket: str, objects: Iterable[tuple[str, bytes]]) -> None:
    """Put objects into a bucket of the management account, which is created if need be."""
    backend = s3_backends[MANAGEMENT_ACCOUNT_ID][_PARTITION]
    if bucket not in backend.buckets:
        backend.create_bucket(bucket, "us-east-1")
    for key, body in objects:
        backend.put_object(bucket, key, body)


def _plant_accounts(organisation: Organisation) -> None:
    backend = organizations_backends[MANAGEMENT_ACCOUNT_ID][_PARTITION]
    backend.create_organization(region="us-east-1", FeatureSet="ALL")
    units: dict[tuple[str, ...], str] = {(): backend.list_roots()["Roots"][0]["Id"]}
    for account in organisation.accounts:
        for depth in range(1, len(account.ou) + 1):
            path = account.ou[:depth]
            if path not in units:
                unit = backend.create_organizational_unit(Name=path[-1], ParentId=units[path[:-1]])
                units[path] = unit["OrganizationalUnit"]["Id"]
        if account.id == MANAGEMENT_ACCOUNT_ID:
            planted = backend.get_account_by_id(account.id)
            planted.name, planted.email = account.name, f"{account.name}@example.com"
        else:
            planted = _create_account(backend, account.id, account.name)
        planted.parent_id = units[account.ou]
        planted.status = planted.state = account.state
        planted.create_time = account.joined_at


def _create_account(backend: Any, account_id: str, name: str) -> FakeAccount:
    """As moto's CreateAccount does, with a given id in place of a random one."""
    account = FakeAccount(backend.org, AccountName=name, Email=f"{name}@example.com")
    account.id = account_id
    backend.accounts.append(account)
    organizations_backends.master_accounts[account_id] = (MANAGEMENT_ACCOUNT_ID, _PARTITION)
    return account


def _plant_table(table: Table) -> None:
    backend = dynamodb_backends[table.account_id][table.region]
    backend.create_table(
        name=table.name,
        schema=_KEY_SCHEMA,
        throughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        attr=_ATTRIBUTES,
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST" if table.on_demand else "PROVISIONED",
        sse_specification=None,
        tags=[{"Key": key, "Value": value} for key, value in table.tags.items()],
        deletion_protection_enabled=table.deletion_protection,
        warm_throughput=None,
    )
    if table.ttl_attribute:
        backend.update_time_to_live(table.name, {"Enabled": True, "AttributeName": table.ttl_attribute})
    if table.point_in_time_recovery:
        backend.update_continuous_backups(table.name, {"PointInTimeRecoveryEnabled": True})
    for resource in table.resources:
        _plant_policies(resource)


def _plant_policies(resource: Resource) -> None:
    backend = applicationautoscaling_backends[resource.account_id][resource.region]
    for dimension in DIMENSIONS:
        throughput = resource.throughput(dimension)
        if not throughput.is_autoscaled:
            continue
        body: dict[str, Any] = {
            "TargetValue": throughput.target,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": f"DynamoDB{dimension.capitalize()}CapacityUtilization"
            },
        }
        backend.put_scaling_policy(
            f"{resource.name}-{dimension}",
            "dynamodb",
            scaling_resource_id(resource),
            scalable_dimension(resource, dimension),
            body,
            "TargetTrackingScaling",
        )
