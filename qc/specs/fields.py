"""Which keys a pydantic type allows at a place: asked only when a key is unknown."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema

from qc.specs.wording import Loc

_Node = dict[str, Any]


def fields_at(adapter: TypeAdapter[Any], loc: Loc) -> dict[str, str]:
    """Field name → description, sorted, inside the mapping at `loc`. Empty when the type does not name its fields."""
    try:
        root = adapter.json_schema()
    except PydanticInvalidForJsonSchema:
        return {}
    definitions: _Node = root.get("$defs", {})
    nodes = _branches(root, definitions)
    for part in loc:
        inside = [child for node in nodes for child in _children(node, part)]
        if inside:
            nodes = [branch for child in inside for branch in _branches(child, definitions)]
        else:  # the label of a union branch
            named = [n for n in nodes if n.get("title") == part]
            nodes = named or nodes
    found = {name: inside.get("description", "") for n in nodes for name, inside in n.get("properties", {}).items()}
    return dict(sorted(found.items()))


def _branches(node: _Node, definitions: _Node) -> list[_Node]:
    """The node itself, or what it refers to and chooses between."""
    if "$ref" in node:
        return _branches(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    choices = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    return [branch for choice in choices for branch in _branches(choice, definitions)] if choices else [node]


def _children(node: _Node, part: str | int) -> list[_Node]:
    if isinstance(part, int):
        inside = [node.get("items")]
    elif part in node.get("properties", {}):
        inside = [node["properties"][part]]
    else:  # a mapping whose keys must look a certain way has patternProperties
        inside = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return [child for child in inside if isinstance(child, dict)]
