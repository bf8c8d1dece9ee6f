"""Talking to AWS: sessions per account, failures in sentences, paging, the CloudWatch reader."""

from loaders.aws.sessions import Access, Sessions

__all__ = ["Access", "Sessions"]
