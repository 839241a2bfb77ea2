"""The page's own modules in Node, where no browser is needed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["JsError", "Node"]


class JsError(Exception):
    """What a function of the page threw."""


class Node:
    """One Node process that runs the page's modules (`node.mjs`)."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("node.mjs")
        self._process = subprocess.Popen(
            ["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def call(self, verb: str, **given: Any) -> Any:
        """What the function returns; raises `JsError` for what it throws."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"verb": verb, **given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise JsError(answer["error"])
        return answer.get("value")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
