"""Contract arguments as JSON, by the contract's own ABI: what the compiler says is what the relayer takes.

Numbers are decimal strings, bytes and addresses 0x-hex in lower case, structs objects, arrays arrays. One value has one
form: leading zeros, unknown and missing names are refused.
"""

from __future__ import annotations

import re
from typing import Any

from protocol.errors import EncodingError

__all__ = ["from_json", "schema_of", "to_json"]

_ARRAY = re.compile(r"(.*)\[(\d*)\]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")

Parameter = dict[str, Any]


def from_json(parameters: list[Parameter], data: Any, where: str = "the request") -> dict[str, Any]:
    """Values by name, as web3 takes them. Raises `EncodingError`, naming the place, for anything but the one form."""
    if not isinstance(data, dict):
        raise EncodingError(f"{where} is no object")
    names = [str(parameter["name"]) for parameter in parameters]
    if set(data) != set(names):
        wrong = sorted(set(names) ^ set(map(str, data)))
        raise EncodingError(f"{where} has missing or unknown names: {', '.join(name[:40] for name in wrong[:4])}")
    return {name: _value(parameter, data[name], name) for name, parameter in zip(names, parameters, strict=True)}


def to_json(parameters: list[Parameter], values: dict[str, Any]) -> dict[str, Any]:
    """The one form of `values`."""
    return {str(p["name"]): _written(p, values[p["name"]]) for p in parameters}


def schema_of(parameters: list[Parameter]) -> dict[str, Any]:
    """The JSON schema of what `from_json` takes."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [str(p["name"]) for p in parameters],
        "properties": {str(p["name"]): _schema(p) for p in parameters},
    }


def _value(parameter: Parameter, data: Any, where: str) -> Any:
    kind = str(parameter["type"])
    if array := _ARRAY.fullmatch(kind):
        return _array(parameter, array, data, where)
    if kind == "tuple":
        return from_json(parameter["components"], data, where)
    if not isinstance(data, str):
        raise EncodingError(f"{where} is no string")
    if kind.startswith("uint"):
        return _number(int(kind[4:]), data, where)
    if kind == "string":
        return data
    if kind.startswith("bytes") or kind == "address":
        return _bytes(kind, data, where)
    raise EncodingError(f"{where} is of type {kind}, which has no form here")


def _array(parameter: Parameter, array: re.Match[str], data: Any, where: str) -> list[Any]:
    if not isinstance(data, list):
        raise EncodingError(f"{where} is no array")
    if array[2] and len(data) != int(array[2]):
        raise EncodingError(f"{where} has {len(data)} entries, not {array[2]}")
    element = {**parameter, "type": array[1]}
    return [_value(element, entry, f"{where}[{index}]") for index, entry in enumerate(data)]


def _number(bits: int, data: str, where: str) -> int:
    if not _DECIMAL.fullmatch(data):
        raise EncodingError(f"{where} is no decimal number")
    number = int(data)
    if number >> bits:
        raise EncodingError(f"{where} has more than {bits} bits")
    return number


def _bytes(kind: str, data: str, where: str) -> bytes:
    if not _HEX.fullmatch(data):
        raise EncodingError(f"{where} is not 0x and pairs of lower-case hex digits")
    raw = bytes.fromhex(data[2:])
    wanted = 20 if kind == "address" else int(kind[5:] or 0)
    if wanted and len(raw) != wanted:
        raise EncodingError(f"{where} has {len(raw)} bytes, not {wanted}")
    return raw


def _written(parameter: Parameter, value: Any) -> Any:
    kind = str(parameter["type"])
    if array := _ARRAY.fullmatch(kind):
        element = {**parameter, "type": array[1]}
        return [_written(element, entry) for entry in value]
    if kind == "tuple":
        return to_json(parameter["components"], value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value).lower() if kind == "address" else str(value)


def _schema(parameter: Parameter) -> dict[str, Any]:
    kind = str(parameter["type"])
    if array := _ARRAY.fullmatch(kind):
        schema: dict[str, Any] = {"type": "array", "items": _schema({**parameter, "type": array[1]})}
        return schema | ({"minItems": int(array[2]), "maxItems": int(array[2])} if array[2] else {})
    if kind == "tuple":
        return schema_of(parameter["components"])
    if kind.startswith("uint"):
        return {"type": "string", "pattern": f"^({_DECIMAL.pattern})$", "description": f"{kind}, decimal"}
    if kind == "string":
        return {"type": "string"}
    return {"type": "string", "pattern": f"^{_HEX.pattern}$", "description": f"{kind}, lower-case hex"}
