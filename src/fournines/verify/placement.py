"""Placement: a resource provider."""

from __future__ import annotations

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want


class Placement(Trip):
    name = "placement"

    def clean(self, at: Client) -> None:
        for provider in at.sdk.placement.resource_providers(name=NAME):
            at.sdk.placement.delete_resource_provider(provider)

    def go(self, at: Client) -> str:
        placement = at.sdk.placement
        made = placement.create_resource_provider(name=NAME)
        want(placement.get_resource_provider(made.id).name == NAME, "not the resource provider that was made")
        placement.delete_resource_provider(made, ignore_missing=False)
        want(not list(placement.resource_providers(name=NAME)), "a deleted resource provider is still there")
        return "a resource provider"
