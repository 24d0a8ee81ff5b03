"""Heat: a stack of one random word, made by an engine."""

from __future__ import annotations

from typing import Any

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want

_TEMPLATE = {
    "heat_template_version": "2021-04-16",
    "resources": {"word": {"type": "OS::Heat::RandomString"}},
    "outputs": {"word": {"value": {"get_attr": ["word", "value"]}}},
}


class Heat(Trip):
    name = "heat"

    def clean(self, at: Client) -> None:
        for stack in at.sdk.orchestration.stacks(name=NAME):
            at.sdk.orchestration.delete_stack(stack)
        at.wait(lambda: not list(at.sdk.orchestration.stacks(name=NAME)), "a stack to be deleted")

    def go(self, at: Client) -> str:
        heat = at.sdk.orchestration
        stack = heat.create_stack(name=NAME, template=_TEMPLATE, timeout_mins=2)
        at.wait(lambda: self._made(at, stack.id), "a stack to be made")
        outputs: list[Any] = heat.get_stack(stack.id).outputs or []
        want(outputs and outputs[0].get("output_value"), "a stack without its output")
        self.clean(at)
        return "a stack"

    def _made(self, at: Client, stack: str) -> bool:
        seen = at.sdk.orchestration.get_stack(stack)
        want("FAILED" not in seen.status, f"{seen.status}: {seen.status_reason}")
        return seen.status == "CREATE_COMPLETE"
