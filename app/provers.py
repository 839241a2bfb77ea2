"""The two provers that a bundle does without: ezkl, whose licence nobody named, and groth16py, which is GPL-3.0.

A checkout has them from pip. A bundle has neither: a person fetches them, with consent, as pip does
(`download_provers`), or gives the files (`install_wheel`), and only the wheels that `requirements/runtime.txt` pins are
taken. A wheel is a zip: it is unpacked into a folder of its own, beside the derived files, that stands on `sys.path`.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from protocol.errors import ArtifactAbsent, ArtifactUnavailable, InputError
from protocol.pins import root_dir

__all__ = [
    "FOLDER_VARIABLE",
    "Prover",
    "download_provers",
    "install_wheel",
    "missing_provers",
    "provers",
    "use_provers",
]

FOLDER_VARIABLE = "IRISPROOF_PROVERS"
"""Names the folder in the environment; the prover's process gets no other word of where it was started."""
_NO_LICENCE = "none named"
LICENCES = {"ezkl": _NO_LICENCE, "groth16py": "GPL-3.0"}
_MAX_BYTES = 400 << 20
"""Unpacked; the larger one has 40 MB."""
_PATIENCE_S = 600.0


@dataclass(frozen=True)
class Prover:
    """A package, and the SHA-256 of each wheel that may be taken for it."""

    name: str
    version: str
    sha256: frozenset[str] = field(repr=False)

    @property
    def licence(self) -> str:
        return LICENCES[self.name]

    @property
    def has_licence(self) -> bool:
        return self.licence != _NO_LICENCE

    @property
    def is_installed(self) -> bool:
        return find_spec(self.name) is not None


def provers() -> tuple[Prover, ...]:
    """As they are pinned. Raises `ArtifactAbsent` where the list of pins is not there."""
    try:
        pinned = (root_dir() / "requirements" / "runtime.txt").read_text()
    except FileNotFoundError:
        raise ArtifactAbsent("requirements/runtime.txt is missing", hint="install irisproof again") from None
    return tuple(_read_pin(name, pinned) for name in LICENCES)


def _read_pin(name: str, pinned: str) -> Prover:
    entry = re.search(rf"^{name}==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{{64}})+)", pinned, re.MULTILINE)
    if entry is None:
        raise ArtifactAbsent(f"requirements/runtime.txt pins no {name}", hint="install irisproof again")
    return Prover(name, entry[1], frozenset(re.findall(r"sha256:([0-9a-f]{64})", entry[2])))


def missing_provers() -> tuple[Prover, ...]:
    """Those that cannot be loaded; none in a checkout."""
    return tuple(prover for prover in provers() if not prover.is_installed)


def use_provers() -> None:
    """Let this process and those that it starts load what was installed by `install_wheel`."""
    os.environ.setdefault(FOLDER_VARIABLE, str(_folder()))
    for prover in provers():
        place = str(_place(prover))
        if place not in sys.path and Path(place).is_dir():
            sys.path.append(place)
    importlib.invalidate_caches()


def install_wheel(path: Path) -> Prover:
    """Take a wheel that was downloaded by any means, if it is a pinned one. It is unpacked whole or not at all.

    Raises `InputError` for another file, `ArtifactUnavailable` where it cannot be unpacked.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {(error.strerror or type(error).__name__).lower()}") from None
    found = hashlib.sha256(data).hexdigest()
    prover = next((prover for prover in provers() if found in prover.sha256), None)
    if prover is None:
        wanted = " or ".join(f"{one.name} {one.version}" for one in provers())
        raise InputError(
            f"{path.name} is no pinned wheel of {wanted}: its SHA-256 is {found[:16]}…",
            hint="download that version's wheel for this system from PyPI",
        )
    _unpack(data, _place(prover))
    use_provers()
    return prover


def download_provers(progress: Callable[[str], None] = lambda _: None) -> tuple[Prover, ...]:
    """Fetch what is missing from PyPI, or from the index that pip's configuration names, with pip's check of the
    hashes, and install it. Returns what was installed.

    Raises `ArtifactUnavailable` where nothing can be fetched.
    """
    missing = missing_provers()
    if not missing:
        return ()
    with tempfile.TemporaryDirectory(prefix="irisproof-wheels-") as name:
        folder = Path(name)
        progress("downloading " + " and ".join(f"{prover.name} {prover.version}" for prover in missing))
        _run_pip(folder, missing)
        for path in sorted(folder.glob("*.whl")):
            progress(f"unpacking {path.name}")
            install_wheel(path)
    return missing


def _run_pip(folder: Path, wanted: Sequence[Prover]) -> None:
    lines = [
        f"{one.name}=={one.version} " + " ".join(f"--hash=sha256:{h}" for h in sorted(one.sha256)) for one in wanted
    ]
    listed = folder / "wanted.txt"
    listed.write_text("\n".join(lines) + "\n")
    options = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "--requirement", str(listed)]
    hint = "check the connection, or download the wheels yourself and run: irisproof provers install FILE..."
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ArtifactUnavailable(f"the provers were not there after {_PATIENCE_S:.0f} s", hint=hint) from None
    if run.returncode != 0:
        said = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
        reason = (said or run.stderr.splitlines() or ["pip said nothing"])[-1].removeprefix("ERROR: ")
        raise ArtifactUnavailable(f"the provers could not be downloaded: {reason[:200]}", hint=hint)


def _unpack(data: bytes, place: Path) -> None:
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unpacked = Path(tempfile.mkdtemp(dir=place.parent, prefix=".unpacking-"))
    except OSError as error:
        raise ArtifactUnavailable(f"{place.parent} cannot be written: {error.strerror}") from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            if sum(entry.file_size for entry in wheel.infolist()) > _MAX_BYTES:
                raise ArtifactUnavailable(f"{place.name} is larger than {_MAX_BYTES >> 20} MiB")
            wheel.extractall(unpacked)
        shutil.rmtree(place, ignore_errors=True)
        unpacked.replace(place)
    except (OSError, zipfile.BadZipFile) as error:
        raise ArtifactUnavailable(f"{place.name} cannot be unpacked: {error}", hint="free some space") from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _folder() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("IRISPROOF_HOME")
    return (Path(home).expanduser().absolute() if home else root_dir() / "build") / "provers"


def _place(prover: Prover) -> Path:
    return _folder() / f"{prover.name}-{prover.version}"
