"""Pydantic's errors in our words, with the place in the file and the names that are possible there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fournines.spec.document import Loc, Node, place, trail
from fournines.spec.problems import Problem, show

_NOUNS = {"roles": "role", "networks": "network", "strategy": "strategy", "kind": "provider"}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping (`key: value` lines)",
    "model_type": "a mapping (`key: value` lines)",
    "model_attributes_type": "a mapping (`key: value` lines)",
    "ip_v4_address": "an IPv4 address",
    "ip_v4_network": "an IPv4 network such as 10.71.0.0/24 (no host bits set)",
    "string_unicode": "text without stray surrogates",
}


def explain(error: ValidationError, root: Node, schema: Mapping[str, Any], base: Loc = ()) -> Iterator[Problem]:
    """One problem for each error of a model validated from what `root` holds at `base`; the schema is the file's."""
    for details in error.errors(include_url=False):
        yield _problem(details, root, schema, base)


def _problem(details: ErrorDetails, root: Node, schema: Mapping[str, Any], base: Loc) -> Problem:
    kind, loc, value = details["type"], details["loc"], cast("object", details["input"])
    on_key = bool(loc) and loc[-1] == "[key]"
    if on_key:
        loc = loc[:-1]
    full = (*base, *loc)
    # The document has no key for pydantic's choice between models: `provider.user`, not `provider.ssh.user`.
    where = _dotted((*trail(root, full[:-1]), *full[-1:]))
    if kind == "missing":
        written = trail(root, full) == full
        return Problem(place(root, full if written else full[:-1], key=True), f"{where} is required")
    if kind == "extra_forbidden":
        mark = place(root, full, key=True)
        return Problem(mark, f"unknown key {show(where)}", str(loc[-1]), keys(schema, full[:-1]))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = re.findall(r"'(\w+)'", str(details.get("ctx", {}).get("expected_tags", ""))) or ["lab", "ssh"]
        tag = cast("dict[str, object]", value).get("kind") if isinstance(value, dict) else None
        mark = place(root, (*full, "kind"))
        if isinstance(tag, str):
            return Problem(mark, f"{where}.kind: unknown kind {show(tag)}", tag, tags)
        return Problem(mark, f"{where}.kind is required: {' or '.join(tags)}")
    mark = place(root, full, key=on_key)
    if kind == "literal_error" and isinstance(value, str):
        noun = next((_NOUNS[part] for part in reversed(loc) if part in _NOUNS), "value")
        possible = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
        return Problem(mark, f"{where}: unknown {noun} {show(value)}", value, possible)
    return Problem(mark, f"{where}: {_sentence(details, value)}")


def _sentence(details: ErrorDetails, value: object) -> str:
    kind, ctx = details["type"], details.get("ctx", {})
    but = f", not {show(value)}" if isinstance(value, str) else ""
    if kind == "value_error":
        return f"{ctx.get('error')}{but}"
    if kind == "too_short":
        return "must not be empty"
    if value is None:
        return f"has no value; it must be {_EXPECTED.get(kind, 'given')}"
    if kind in _EXPECTED:
        return f"must be {_EXPECTED[kind]}{but}"
    message = " ".join(details["msg"].split())
    _, should, rest = message.partition(" should ")
    return f"must {rest}{but}" if should else f"{message}{but}"


def _dotted(loc: Loc) -> str:
    """`hosts.c1.roles[0]` for ("hosts", "c1", "roles", 0)."""
    text = ""
    for part in loc:
        plain = part if isinstance(part, int) or re.fullmatch(r"[\w-]+", part, re.ASCII) else show(part)
        text += f"[{part}]" if isinstance(part, int) else f".{plain}" if text else f"{plain}"
    return text


def keys(schema: Mapping[str, Any], loc: Loc) -> list[str]:
    """The keys that a JSON Schema names at a place."""
    nodes = [_resolved(schema, schema)]
    for part in loc:
        nodes = [
            _resolved(schema, child) for node in _branches(schema, nodes) for child in _children(node, part)
        ] or nodes
    return sorted({key for node in _branches(schema, nodes) for key in node.get("properties", {})})


def _branches(schema: Mapping[str, Any], nodes: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for node in nodes:
        found += [node, *(_resolved(schema, branch) for key in ("anyOf", "oneOf") for branch in node.get(key, ()))]
    return found


def _children(node: Mapping[str, Any], part: str | int) -> Iterator[Mapping[str, Any]]:
    if part in node.get("discriminator", {}).get("mapping", {}):
        yield {"$ref": node["discriminator"]["mapping"][part]}
    elif part in node.get("properties", {}):
        yield node["properties"][part]
    elif isinstance(part, int) and isinstance(node.get("items"), dict):
        yield node["items"]
    elif isinstance(node.get("additionalProperties"), dict):
        yield node["additionalProperties"]


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(10):
        if "$ref" not in node:
            break
        node = schema.get("$defs", {}).get(str(node["$ref"]).rsplit("/", 1)[-1], {})
    return node
