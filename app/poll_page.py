"""The poll page: static files that read one deployment's polls from a node, in a visitor's browser.

`poll_page/` holds the page. What it must be told stands in `config.json`, made here: where the node and the contracts
are, and from the contracts' ABI what to ask and how to read the answers. Nothing in it is secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector

from app.endpoints import read_endpoints
from app.web import serve
from circuits.artifacts import write_atomic
from protocol.errors import ArtifactAbsent, EncodingError, InputError
from protocol.pins import read_pinned, root_dir
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment

__all__ = [
    "PAGE_CONFIG_VERSION",
    "PageConfig",
    "dapp_files",
    "page_files",
    "read_page_config",
    "security_policy",
    "serve_page",
    "static_response",
    "write_page",
]

PAGE_CONFIG_VERSION = 1

_FOLDER = "poll_page"
_FILES = (
    "style.css",
    "words.json",
    *(f"js/{n}.js" for n in ("abi", "link", "main", "polls", "qr", "rpc", "runoff", "text", "view", "words")),
)
_QR_LIBRARY = "vendor/lean-qr.js"
_FUNCTIONS = ("pollCount", "pollOf", "tally")
_EVENTS = {
    "PollCreated": "IrisPolls",
    "PollFinalized": "IrisPolls",
    "RankingCast": "IrisPolls",
    "MemberRemoved": "IrisRegistry",
}
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_POLICY_MARK = "@CONTENT_SECURITY_POLICY@"


@dataclass(frozen=True)
class PageConfig:
    """What a page is made for. `rpc_url` is told to every visitor; browsers ask it, and it must let them (CORS)."""

    rpc_url: str
    deployment: Deployment
    refresh_s: float = 4.0

    def __post_init__(self) -> None:
        _require_public_url(self.rpc_url)
        if not 0.2 <= self.refresh_s <= 3600:
            raise InputError(f"the page would ask every {self.refresh_s:g} s; it takes 0.2 to 3,600")

    @property
    def rpc_origin(self) -> str:
        """The only place besides its own host that the page may talk to."""
        parts = urlsplit(self.rpc_url)
        return f"{parts.scheme}://{parts.netloc}"

    def to_dict(self) -> dict[str, Any]:
        polls = load_contract("IrisPolls").abi
        functions = {name: _entry(polls, "function", name) for name in _FUNCTIONS}
        events = {name: _entry(load_contract(contract).abi, "event", name) for name, contract in _EVENTS.items()}
        return {
            "version": PAGE_CONFIG_VERSION,
            "rpc_url": self.rpc_url,
            "refresh_s": self.refresh_s,
            "chain_id": self.deployment.chain_id,
            "block": self.deployment.block,
            "polls": self.deployment.polls,
            "registry": self.deployment.registry,
            "functions": {
                name: {
                    "selector": "0x" + bytes(function_abi_to_4byte_selector(abi)).hex(),  # type: ignore[arg-type]
                    "outputs": [_parameter(part) for part in abi["outputs"]],
                }
                for name, abi in functions.items()
            },
            "events": {
                name: {
                    "topic": "0x" + bytes(event_abi_to_log_topic(abi)).hex(),  # type: ignore[arg-type]
                    "inputs": [_parameter(part) for part in abi["inputs"]],
                }
                for name, abi in events.items()
            },
        }


def read_page_config(registry: Path, rpc_url: str | None, refresh_s: float) -> PageConfig:
    """From a registry file, or from what `irisproof deploy` wrote, which names no node. A given `rpc_url` goes first.

    Raises `InputError` for a file that cannot be read or where no node is named, `EncodingError` for another form.
    """
    try:
        text = registry.read_text()
    except OSError as error:
        raise InputError(
            f"the registry file {registry} cannot be read: {error.strerror}",
            hint="irisproof devnet and irisproof deploy write one",
        ) from error
    try:
        data = json.loads(text)
    except ValueError as error:
        raise EncodingError(f"{registry} is no registry file") from error
    if isinstance(data, dict) and "deployment" in data:
        endpoints = read_endpoints(registry)
        return PageConfig(rpc_url or endpoints.rpc_url, endpoints.deployment, refresh_s)
    if rpc_url is None:
        raise InputError(f"{registry} names no node", hint="say which one visitors' browsers ask: --rpc-url URL")
    return PageConfig(rpc_url, Deployment.from_json(text), refresh_s)


def page_files(config: PageConfig) -> dict[str, bytes]:
    """All files of the page, by their paths in its folder. Raises `ArtifactError` where one is not there."""
    files = {name: _own(name) for name in _FILES}
    html = _own("index.html").decode()
    files["index.html"] = html.replace(_POLICY_MARK, security_policy(config.rpc_origin)).encode()
    files["config.json"] = (json.dumps(config.to_dict(), indent=1) + "\n").encode()
    files[_QR_LIBRARY] = read_pinned("lean_qr")
    files["vendor/lean-qr.LICENSE.txt"] = read_pinned("lean_qr_licence")
    return files


def dapp_files() -> dict[str, bytes]:
    """The example dApp's page, by paths as its server has them; it draws with the poll page's own parts."""
    files = {name: _own(name) for name in _FILES}
    files["index.html"] = _own("dapp/index.html")
    files["dapp.js"] = _own("dapp/dapp.js")
    return files | {_QR_LIBRARY: read_pinned("lean_qr")}


def write_page(config: PageConfig, folder: Path) -> list[Path]:
    """Write the page's files, each whole or not at all; others in the folder stay. Returns their paths."""
    files = page_files(config)
    written = []
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
        write_atomic(path, content)
        written.append(path)
    return written


def serve_page(config: PageConfig, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page to this machine alone, until Ctrl-C or SIGTERM. `port` 0 is any free one."""
    files = page_files(config)
    policy = security_policy(config.rpc_origin) + "; frame-ancestors 'none'"

    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"] or "index.html"
        if name not in files:
            raise web.HTTPNotFound
        return static_response(name, files[name], policy)

    application = web.Application()
    application.router.add_get("/{name:.*}", answer)
    serve(application, "127.0.0.1", port, ready)


def security_policy(*places: str) -> str:
    """The page's Content-Security-Policy: its own scripts and styles, no HTML made at run time, talk to `places`."""
    allowed = " ".join(("'self'", *places))
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src {allowed}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def static_response(name: str, content: bytes, policy: str) -> web.Response:
    """One file, with the headers that a host should give it."""
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    kind = _TYPES.get(Path(name).suffix, "text/plain")
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)


def _own(name: str) -> bytes:
    try:
        return (root_dir() / _FOLDER / name).read_bytes()
    except OSError as error:
        raise ArtifactAbsent(f"{_FOLDER}/{name} cannot be read: {error.strerror}") from error


def _require_public_url(url: str) -> None:
    """It goes into a policy and to every visitor: a plain http or https address, and no name or password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError("the node's URL is no address") from error
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" ;,'\"<>\\")
    if parts.scheme not in ("http", "https") or not host or not is_plain:
        raise InputError("the node's URL is no http or https address")
    if "@" in parts.netloc:
        raise InputError(
            "the node's URL holds a name or password, which every visitor would see", hint="use another node"
        )


def _entry(abi: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = [entry for entry in abi if entry["type"] == kind and entry.get("name") == name]
    return found


def _parameter(part: dict[str, Any]) -> dict[str, Any]:
    """Name and type, without the compiler's own names for structs."""
    kept: dict[str, Any] = {"name": part["name"], "type": part["type"]}
    if part.get("indexed"):
        kept["indexed"] = True
    if "components" in part:
        kept["components"] = [_parameter(component) for component in part["components"]]
    return kept
