"""Whether answers are JSON that is valid against a schema (JSON Schema, by default 2020-12).

check = schema_check(checked_schema(text))
check(reference, answer)     # 1.0 or 0.0
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from core.errors import InvalidInput
from core.scoring.records import parse_json
from core.wording import figure

LONGEST = 100_000  # characters of a schema


class InvalidSchema(InvalidInput):
    """A text is no JSON schema that answers can be checked against."""

    title = "The JSON schema cannot be used"


def checked_schema(text: str) -> str:
    """The schema in its one spelling: keys sorted, no spaces. Raises InvalidSchema.

    A $ref leads into the schema itself: nothing is fetched to check an answer.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    if len(text) > LONGEST:
        raise InvalidSchema(f"It is longer than {figure(LONGEST)} characters. Shorten it.")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSchema(f"It is no JSON ({error}). Mend it, or leave it empty.") from None
    if not isinstance(schema, dict):
        raise InvalidSchema('It must be one JSON object, such as {"type": "object"}.')
    for ref in _refs(schema):
        if not ref.startswith("#"):
            raise InvalidSchema(f"“{ref}” leads outside of the schema. Copy what it names into it.")
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema, format_checker=kind.FORMAT_CHECKER)
        _try_out(schema)
    except SchemaError as error:
        where = "/".join(map(str, error.absolute_path)) or "its top"
        raise InvalidSchema(f"It is no JSON schema: at {where}, {error.message}.") from None
    except RecursionError:
        raise InvalidSchema("It refers to itself without end. Mend its $ref.") from None
    return json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def schema_check(schema: str) -> Callable[[str, str], float]:
    """The metric: 1 when an answer is JSON that is valid against this schema, else 0. Text around
    the JSON counts as wrong, a fence of back-ticks aside."""
    validator = _validator(json.loads(schema))

    def check(_reference: str, text: str) -> float:
        try:
            return float(validator.is_valid(parse_json(text)))
        except (ValueError, ArithmeticError, RecursionError):
            return 0.0

    return check


def _validator(schema: dict[str, Any]) -> Any:
    import referencing
    from jsonschema.validators import Draft202012Validator, validator_for

    kind = validator_for(schema, default=Draft202012Validator)
    return kind(schema, registry=referencing.Registry())  # the default one fetches over the network


def _try_out(schema: dict[str, Any]) -> None:
    """Raises InvalidSchema for a $ref that leads nowhere, RecursionError for one without an end."""
    from referencing.exceptions import Unresolvable

    validator = _validator(schema)
    try:
        for ref in _refs(schema):
            validator._resolver.lookup(ref)
        values: tuple[Any, ...] = ({}, [], "", 0, True, None)
        for value in values:
            validator.is_valid(value)
    except Unresolvable as error:
        raise InvalidSchema(f"Its $ref “{error.ref}” leads nowhere. Mend it.") from None


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            yield from _refs(value)
    elif isinstance(part, list):
        for value in part:
            yield from _refs(value)
