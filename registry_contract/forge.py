"""Run forge on the contracts, without a network: `python -m registry_contract.forge test`, `... fmt --check`.

forge and anvil come from npm as platform packages; the compiler is the npm package `solc` behind `solc-shim`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from protocol.errors import ArtifactAbsent, ArtifactFailed, ArtifactUnavailable
from protocol.pins import root_dir

__all__ = ["foundry_binary", "run_forge"]

_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def foundry_binary(name: str) -> Path:
    """Path of `anvil` or `forge` in node_modules.

    Raises `ArtifactUnavailable` where no package exists for this platform, `ArtifactAbsent` where it is not installed.
    """
    try:
        target = f"{_SYSTEMS[sys.platform]}-{_MACHINES[platform.machine().lower()]}"
    except KeyError:
        raise ArtifactUnavailable(f"there is no {name} for {sys.platform} on {platform.machine()}") from None
    suffix = ".exe" if sys.platform == "win32" else ""
    path = root_dir() / "node_modules" / "@foundry-rs" / f"{name}-{target}" / "bin" / f"{name}{suffix}"
    if not path.is_file():
        raise ArtifactAbsent(f"{name} is not installed", hint="run: npm ci")
    return path


def run_forge(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run forge at the checkout's root with the project's configuration; stdout and stderr are captured as one.

    The environment's own FOUNDRY_* and DAPP_* settings are kept out: they would silently change what is built.
    Raises `ArtifactAbsent` where npm packages are missing and `ArtifactUnavailable` where node is.
    """
    forge = foundry_binary("forge")
    if shutil.which("node") is None:
        raise ArtifactUnavailable("node is not installed, and the Solidity compiler runs on it", hint="install Node 20")
    if not (root_dir() / "node_modules" / "solc").is_dir():
        raise ArtifactAbsent("the Solidity compiler is not installed", hint="run: npm ci")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FOUNDRY_", "DAPP_"))}
    environment["FOUNDRY_CONFIG"] = str(root_dir() / "registry_contract" / "foundry.toml")
    environment["FOUNDRY_DISABLE_NIGHTLY_WARNING"] = "1"
    environment["HOME"] = str(root_dir() / "registry_contract" / "cache")  # where forge keeps caches of its own
    command = [str(forge), *arguments, "--root", str(root_dir())]
    return subprocess.run(
        command,
        cwd=root_dir(),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def require_success(run: subprocess.CompletedProcess[str], what: str) -> None:
    """Raise `ArtifactFailed` with the first line that says "error" unless `run` ended well."""
    if run.returncode == 0:
        return
    lines = [line.strip() for line in run.stdout.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()] or lines or ["no output"]
    raise ArtifactFailed(f"{what} failed: {errors[0]}", hint="run: python -m registry_contract.forge build")


if __name__ == "__main__":
    completed = run_forge(sys.argv[1:])
    sys.stdout.write(completed.stdout)
    sys.exit(completed.returncode)
