"""The relayer's description: OpenAPI 3.1 for programs, one page for people."""

from __future__ import annotations

from typing import Any

__all__ = ["PAGE", "describe"]

VERSION = 1


def describe(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """`schemas`: path -> schema of its request, as the contracts' ABI gives it."""
    paths: dict[str, Any] = {
        path: {
            "post": {
                "summary": f"Submit one of {path[1:]}. The same one again is the same job.",
                "requestBody": {"required": True, "content": {"application/json": {"schema": _versioned(schema)}}},
                "responses": {
                    "200": _answer("It was taken before.", "#/components/schemas/Job"),
                    "202": _answer("Taken: it is in the queue, on the disk.", "#/components/schemas/Job"),
                    **{code: _answer(text, "#/components/schemas/Error") for code, text in _REFUSALS.items()},
                },
            }
        }
        for path, schema in schemas.items()
    }
    paths["/status/{id}"] = {
        "get": {
            "summary": "What became of a job.",
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": _answer("The job.", "#/components/schemas/Job"),
                "404": _answer("No such job.", "#/components/schemas/Error"),
            },
        }
    }
    paths["/health"] = {
        "get": {
            "summary": "Whether the relayer works, and how long its queue is.",
            "responses": {"200": {"description": "It does."}, "503": {"description": "It does not."}},
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "irisproof relayer", "version": str(VERSION)},
        "paths": paths,
        "components": {"schemas": {"Job": _JOB, "Error": _ERROR}},
    }


def _versioned(schema: dict[str, Any]) -> dict[str, Any]:
    return schema | {
        "required": ["version", *schema["required"]],
        "properties": {"version": {"const": VERSION}, **schema["properties"]},
    }


def _answer(text: str, reference: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": reference}}}}


_REFUSALS = {
    "400": "Not of this shape.",
    "409": "Another request for the same vote or member was taken before.",
    "413": "Too large.",
    "415": "Not application/json.",
    "422": "The contract would refuse it, or its proof does not hold. No gas was paid.",
    "429": "Too many requests from this address; see Retry-After.",
    "503": "The queue is full, or the chain does not answer; see Retry-After.",
}

_JOB = {
    "type": "object",
    "required": ["version", "id", "kind", "state"],
    "properties": {
        "version": {"const": VERSION},
        "id": {"type": "string"},
        "kind": {"type": "string"},
        "state": {"enum": ["queued", "signed", "mined", "refused"]},
        "transaction": {"type": ["string", "null"]},
        "block": {"type": ["integer", "null"]},
        "gas_used": {"type": ["integer", "null"]},
        "reason": {"type": ["string", "null"], "description": "The contract's own words, where it refused."},
    },
}

_ERROR = {
    "type": "object",
    "required": ["version", "error", "hint"],
    "properties": {"version": {"const": VERSION}, "error": {"type": "string"}, "hint": {"type": "string"}},
}

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>irisproof relayer</title>
<h1>irisproof relayer</h1>
<p>Submits enrolments and ballots to the registry's chain, for people without an account there. The proof is checked
before any gas is paid; nothing can be changed in it on the way.</p>
<ul>
<li><code>POST /ballots</code>, <code>POST /rankings</code>, <code>POST /enrollments</code>: JSON, one
request each. The same one again is the same job.</li>
<li><code>GET /status/{id}</code>: queued, signed, mined or refused.</li>
<li><code>GET /health</code>, <a href="/openapi.json">openapi.json</a></li>
</ul>
<h2>What is kept</h2>
<p>The call as it stands on the chain for all to see, its transactions and its state. No address, no time of arrival, no
log of requests. To limit requests, a keyed hash of your address stays in memory for at most one minute. The network
between you and this relayer sees that you talk to it, and this relayer sees your address beside your ballot:
to hide it, come through Tor or another proxy.</p></html>
"""
