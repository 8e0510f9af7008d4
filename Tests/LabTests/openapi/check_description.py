"""Checks a description: that it is OpenAPI 3.1, and that each example is what its schema says and nothing besides.

    check_description.py FILE
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator


def main(path: str) -> int:
    with open(path) as file:
        description = json.load(file)
    problems = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
                for error in OpenAPIV31SpecValidator(description).iter_errors()]
    components = {"components": {"schemas": closed(description["components"]["schemas"])}}
    count = 0
    for place, schema, example in examples(description):
        count += 1
        for error in Draft202012Validator({**components, **closed(schema)}).iter_errors(example):
            problems.append(f"{place}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    for problem in problems:
        print(problem)
    print(f"{count} examples, {len(problems)} problems")
    return 1 if problems else 0


def examples(node, place: str = "") -> Iterator[tuple[str, dict, object]]:
    """Every example with its place and its schema."""
    match node:
        case {"schema": dict(schema)}:
            if "example" in node:
                yield place, schema, node["example"]
            for name, example in node.get("examples", {}).items():
                yield f"{place}/{name}", schema, example["value"]
        case {"type": _, "examples": list(values)} | {"anyOf": _, "examples": list(values)}:
            yield from ((place, node, value) for value in values)
    if isinstance(node, dict):
        for name, child in node.items():
            yield from examples(child, f"{place}/{name}")
    elif isinstance(node, list):
        for number, child in enumerate(node):
            yield from examples(child, f"{place}/{number}")


def closed(schema):
    """The schema without room for fields that it does not describe; what must not be stays as it is."""
    match schema:
        case dict():
            inner = {name: child if name == "not" else closed(child) for name, child in schema.items()}
            is_open = isinstance(schema.get("properties"), dict) and "type" in schema
            return {"additionalProperties": False, **inner} if is_open else inner
        case list():
            return [closed(child) for child in schema]
        case _:
            return schema


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
