"""`python -m mobile_build.sources OUT`: fetch the sources that our recipes compile, each checked by its hash.

Source distributions are those whose SHA-256 the project's lock files list; pip checks them. ezkl publishes none, so its
release's tag is cloned and must be the commit written here.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import ArtifactAbsent, ArtifactFailed, InputError, IrisproofError
from protocol.pins import root_dir

__all__ = ["EZKL_COMMIT", "SOURCES", "Source", "fetch"]

EZKL_COMMIT = ""
"""The commit of ezkl's tag v23.0.5, 40 hex digits. Nobody has recorded it yet: there was no way to the repository where
this was written. Whoever builds first compares the tag with what they trust, and writes it here."""

_EZKL = "https://github.com/zkonduit/ezkl"


@dataclass(frozen=True)
class Source:
    """`repository`: cloned at the tag of the version; empty for a source distribution."""

    name: str
    repository: str = ""


SOURCES = (
    Source("ezkl", _EZKL),
    *(
        Source(name)
        for name in (
            "bitarray",
            "ckzg",
            "cytoolz",
            "groth16py",
            "pydantic-core",
            "python-bidi",
            "regex",
            "zksnake",
        )
    ),
)


def fetch(source: Source, out: Path) -> Path:
    """The folder of its sources in `out`.

    Raises `InputError` for a folder that is there, `ArtifactAbsent` where a commit is not recorded or no lock file
    lists the package, `ArtifactFailed` where what came is not what was pinned.
    """
    folder = out / source.name
    if folder.exists():
        raise InputError(f"{folder} is there already", hint="remove it, or choose another folder")
    locked = _locked(source.name)
    out.mkdir(parents=True, exist_ok=True)
    if source.repository:
        _clone(source, locked.split("==")[1].split()[0], folder)
    else:
        _unpack(_download(source.name, locked, out), folder)
    return folder


def _locked(name: str) -> str:
    """The lines of a lock file about one package: its version and its hashes."""
    for lock in ("runtime", "window"):
        text = (root_dir() / "requirements" / f"{lock}.txt").read_text()
        found = re.search(rf"^{re.escape(name)}==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        if found is not None:
            return re.sub(r"^\s+#.*\n", "", found[0], flags=re.MULTILINE)
    raise ArtifactAbsent(f"no lock file lists {name}", hint="run: make lock")


def _download(name: str, locked: str, out: Path) -> Path:
    """By pip, which compares the hash with those of the lock file."""
    lock = out / f"{name}.txt"
    lock.write_text(locked)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", f"--no-binary={name}"]
    command = [sys.executable, "-m", "pip", "download", *options, "-d", str(out), "-r", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lock.unlink()
    if done.returncode:
        raise ArtifactFailed(
            f"the sources of {name} could not be fetched: {done.stderr.strip()[-300:]}",
            hint="pip builds a package's metadata first: are Rust and a network here?",
        )
    stem = name.replace("-", "[-_]")
    (archive,) = (path for path in out.glob("*.tar.gz") if re.match(rf"{stem}-\d", path.name))
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(folder.with_name(f".{folder.name}"), filter="data")
    (inside,) = folder.with_name(f".{folder.name}").iterdir()
    inside.rename(folder)
    folder.with_name(f".{folder.name}").rmdir()
    archive.unlink()


def _clone(source: Source, version: str, folder: Path) -> None:
    if not EZKL_COMMIT:
        raise ArtifactAbsent(
            f"no commit of {source.name} {version} is recorded",
            hint="compare the tag with what you trust, and write its commit into mobile_build/sources.py",
        )
    clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", f"v{version}", source.repository, str(folder)]
    if subprocess.run(clone, check=False).returncode:
        raise ArtifactFailed(f"{source.repository} could not be cloned", hint="is there a network?")
    found = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    if found.stdout.strip() != EZKL_COMMIT:
        raise ArtifactFailed(
            f"the tag v{version} of {source.name} is {found.stdout.strip()[:16]}…, not the recorded commit"
        )


def main() -> int:
    """Exit status: 0 fetched, 1 not. Prints what to set for python-for-android, one variable a line."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m mobile_build.sources OUT\n")
        return 1
    try:
        for source in SOURCES:
            sys.stdout.write(f"P4A_{source.name}_DIR={fetch(source, Path(sys.argv[1])).resolve()}\n")
    except IrisproofError as error:
        sys.stderr.write(f"mobile_build.sources: {error.message} ({error.hint})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
