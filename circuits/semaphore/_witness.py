"""The circuit's witness calculator: circom's WebAssembly, run by wasmtime.

The module is compiled once per process (0.2 s on two cores) and not kept on disk. A compiled module is native code that
wasmtime runs without a check; a hash beside it would be as easy to exchange as the file itself, so a cache would make
the build folder's permissions part of the prover's security for a fifth of a second.

Source of the interface: circom_runtime `witness_calculator.js`, circom 2.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import wasmtime

from protocol.errors import ProvingError
from protocol.field import SCALAR_FIELD
from protocol.pins import read_pinned

__all__ = ["Witness", "calculate"]

_ELEMENT_BYTES = 32
_WORD = 1 << 32


class Witness:
    """All wires of the circuit, 32 bytes little-endian each. Holds the identity secret: no `repr`, no file."""

    __slots__ = ("_wires",)

    def __init__(self, wires: bytes) -> None:
        self._wires = wires

    def public_signals(self, count: int) -> list[int]:
        """Wires 1..count: the circuit's outputs and public inputs, in the verifier's order."""
        return [
            int.from_bytes(self._wires[_ELEMENT_BYTES * wire : _ELEMENT_BYTES * (wire + 1)], "little")
            for wire in range(1, count + 1)
        ]

    def to_wtns(self) -> bytes:
        """circom's `.wtns` file, version 2."""
        count = len(self._wires) // _ELEMENT_BYTES
        header = struct.pack("<I", _ELEMENT_BYTES) + SCALAR_FIELD.to_bytes(_ELEMENT_BYTES, "little")
        header += struct.pack("<I", count)
        parts = [b"wtns", struct.pack("<II", 2, 2)]
        for kind, section in ((1, header), (2, self._wires)):
            parts += [struct.pack("<IQ", kind, len(section)), section]
        return b"".join(parts)


def calculate(inputs: Mapping[str, Sequence[int]]) -> Witness:
    """Run the depth-24 Semaphore circuit on its named inputs, with all its assertions on.

    Raises `ProvingError` if the circuit refuses the inputs (a secret of l or more, say), or a name or number of
    elements is not the circuit's. The message never holds a value.
    """
    try:
        return _Run().calculate(inputs)
    except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
        raise ProvingError(f"the membership circuit stopped: {type(error).__name__}") from None


@cache
def _module() -> tuple[wasmtime.Engine, wasmtime.Module]:
    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, read_pinned("semaphore_24_wasm"))


class _Run:
    """One instance of the calculator; it holds state, so each witness gets its own."""

    def __init__(self) -> None:
        engine, module = _module()
        self._store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        code = wasmtime.FuncType([wasmtime.ValType.i32()], [])
        nothing = wasmtime.FuncType([], [])
        linker.define(self._store, "runtime", "exceptionHandler", wasmtime.Func(self._store, code, _refused))
        for name in ("printErrorMessage", "writeBufferMessage", "showSharedRWMemory"):
            linker.define(self._store, "runtime", name, wasmtime.Func(self._store, nothing, lambda: None))
        self._exports = linker.instantiate(self._store, module).exports(self._store)

    def calculate(self, inputs: Mapping[str, Sequence[int]]) -> Witness:
        self._call("init", 1)  # 1: check the circuit's assertions
        for name, values in inputs.items():
            self._set(name, values)
        given, wanted = sum(len(values) for values in inputs.values()), self._call("getInputSize")
        if given != wanted:
            raise ProvingError(f"the membership circuit takes {wanted} elements, {given} were given")
        return Witness(self._wires())

    def _wires(self) -> bytes:
        # some 6,000 wires: what is looked up once here halves the time of a witness
        store, shared, memory = self._store, self._shared(), self._memory()
        get_witness: Any = self._exports["getWitness"]
        wires = bytearray()
        for wire in range(self._call("getWitnessSize")):
            get_witness(store, wire)
            wires += memory.read(store, shared, shared + _ELEMENT_BYTES)
        return bytes(wires)

    def _set(self, name: str, values: Sequence[int]) -> None:
        digest = _fnv1a(name)
        high, low = _signed(digest >> 32), _signed(digest % _WORD)
        wanted = self._call("getInputSignalSize", high, low)
        if wanted != len(values):
            raise ProvingError(f"signal {name} takes {max(wanted, 0)} elements, {len(values)} were given")
        for index, value in enumerate(values):
            if not 0 <= value < SCALAR_FIELD:
                raise ProvingError(f"signal {name} was given a value that is not canonical")
            self._memory().write(self._store, value.to_bytes(_ELEMENT_BYTES, "little"), self._shared())
            self._call("setInputSignal", high, low, index)

    def _call(self, name: str, *arguments: int) -> int:
        result = self._exports[name](self._store, *arguments)  # type: ignore[operator]  # every export used is a function
        return int(result or 0)

    def _memory(self) -> wasmtime.Memory:
        return self._exports["memory"]  # type: ignore[return-value]

    def _shared(self) -> int:
        """Where the calculator exchanges one element with its host."""
        return self._call("getSharedRWMemoryStart")


_REASONS = {
    1: "signal not found",
    2: "too many signals set",
    3: "signal already set",
    4: "an assertion failed",
    5: "not enough memory",
    6: "signal array access out of range",
}


def _refused(code: int) -> None:
    raise ProvingError(f"the membership circuit refused its inputs: {_REASONS.get(code, f'error {code}')}")


def _fnv1a(name: str) -> int:
    """64-bit FNV-1a: circom's names for signals."""
    digest = 0xCBF29CE484222325
    for byte in name.encode():
        digest = (digest ^ byte) * 0x100000001B3 % (1 << 64)
    return digest


def _signed(word: int) -> int:
    """An unsigned 32-bit word as WebAssembly's i32."""
    return word - _WORD if word >> 31 else word
