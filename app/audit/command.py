"""What the command line needs of an audit: read the deployment file, run, write the reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.audit.page import render_page
from app.audit.run import AuditRequest, AuditResult, Progress, run_audit
from app.endpoints import Endpoints
from circuits.artifacts import write_atomic
from protocol.errors import InputError
from registry_contract.deployment import Deployment
from registry_contract.public_log import http_rpc

__all__ = ["audit_deployment", "write_reports"]


def audit_deployment(file: Path, rpc_url: str | None, options: Mapping[str, Any], progress: Progress) -> AuditResult:
    """Audit the deployment of a file: the one that `irisproof deploy` writes, or a registry file, which names a node
    too. `options` are fields of `AuditRequest`.

    Raises `InputError` for a file that cannot be read or no node, `EncodingError` for a file of another form.
    """
    try:
        text = file.read_text()
        fields = json.loads(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise InputError(f"the deployment file {file} cannot be read: {reason}") from error
    if isinstance(fields, dict) and "deployment" in fields:
        endpoints = Endpoints.from_dict(fields)
        deployment, url = endpoints.deployment, rpc_url or endpoints.rpc_url
    else:
        deployment, url = Deployment.from_json(text), rpc_url or ""
    if not url:
        raise InputError("no node is named to read the chain from", hint="give --rpc-url")
    return run_audit(AuditRequest(deployment, **options), http_rpc(url), progress)


def write_reports(folder: Path, content: dict[str, Any]) -> tuple[Path, Path]:
    """Write audit.json and audit.html, each whole or not at all. Raises `ArtifactUnavailable`, `InputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be made: {error.strerror}") from error
    as_json, as_page = folder / "audit.json", folder / "audit.html"
    write_atomic(as_json, (json.dumps(content, indent=1) + "\n").encode())
    write_atomic(as_page, render_page(content).encode())
    return as_json, as_page
