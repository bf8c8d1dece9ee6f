"""Billing exports: what AWS charged for DynamoDB, line by line."""

from loaders.billing.load import load

__all__ = ["load"]
