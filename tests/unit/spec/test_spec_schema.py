"""The JSON Schema that editors get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel

from fournines.spec import json_schema


class Memory(BaseModel):
    megabytes: int = 1


class Options(BaseModel):
    cache: Memory = Memory()


def refs(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in cast("dict[str, object]", node).items():
            if key == "$ref":
                yield str(value)
            yield from refs(value)
    elif isinstance(node, list):
        for item in cast("list[object]", node):
            yield from refs(item)


def check_refs(schema: dict[str, Any]) -> None:
    found = {ref.removeprefix("#/$defs/") for ref in refs(schema)}
    assert found
    assert found <= set(schema["$defs"])
    json.dumps(schema)


def test_every_field_is_described() -> None:
    schema = json_schema()
    check_refs(schema)
    assert schema["required"] == ["name", "networks", "hosts"]
    for name, model in {"Spec": schema, **schema["$defs"]}.items():
        assert model["description"], name
        for field, value in model["properties"].items():
            assert value.get("description"), f"{name}.{field}"


def test_editors_complete_network_names() -> None:
    schema = json_schema()
    names = ["management", "tunnel", "storage", "external"]
    assert list(schema["properties"]["networks"]["properties"]) == names
    assert list(schema["$defs"]["Host"]["properties"]["networks"]["properties"]) == names


def test_services_bring_their_options() -> None:
    schema = json_schema({"store": (Options, ("quorum", "external"))})
    check_refs(schema)
    services = schema["properties"]["services"]
    assert services["additionalProperties"] is False
    store = services["properties"]["store"]["properties"]
    assert store["strategy"]["enum"] == ["quorum", "external"]
    assert store["cache"]["$ref"] == "#/$defs/store.Memory"
