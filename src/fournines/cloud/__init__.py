"""Spec -> Cloud: every host, daemon, endpoint and failure domain, and what needs what. Frozen plain data."""

from __future__ import annotations

from fournines.cloud.find import find_cloud
from fournines.cloud.model import Cloud
from fournines.cloud.offers import Offer, json_schema_of
from fournines.cloud.resolve import load, load_with_places, resolve

__all__ = ["Cloud", "Offer", "find_cloud", "json_schema_of", "load", "load_with_places", "resolve"]
