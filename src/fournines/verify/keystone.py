"""Keystone: a token issued and found valid; a project."""

from __future__ import annotations

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want


class Keystone(Trip):
    name = "keystone"

    def clean(self, at: Client) -> None:
        for project in at.sdk.identity.projects(name=NAME):
            at.sdk.identity.delete_project(project)

    def go(self, at: Client) -> str:
        identity = at.sdk.identity
        # Each request may reach another Keystone, which must know the key of the first.
        answer = identity.get("/auth/tokens", headers={"X-Subject-Token": at.sdk.auth_token})
        want(answer.status_code == 200, f"status {answer.status_code} to the question whether a new token is valid")
        made = identity.create_project(name=NAME, description="made and deleted by nines verify", is_enabled=False)
        want(identity.get_project(made.id).name == NAME, "not the project that was made")
        identity.delete_project(made, ignore_missing=False)
        want(not list(identity.projects(name=NAME)), "a deleted project is still there")
        return "a token found valid; a project"
