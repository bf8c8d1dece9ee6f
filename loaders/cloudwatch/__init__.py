"""CloudWatch: what each table and index consumed, was provisioned and was throttled, and what is known."""

from loaders.cloudwatch.estimate import Estimate
from loaders.cloudwatch.load import estimate, load

__all__ = ["Estimate", "estimate", "load"]
