"""Wheels for Android: which of them there are, and whether their libraries fit phones with pages of 16 KiB.

`python -m mobile_build.wheels PACKAGE...` checks wheels and finished APKs.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from protocol.errors import ArtifactFailed

__all__ = ["download", "library_alignments", "require_pages"]

PAGE_BYTES = 16384
_LOAD = re.compile(r"^\s+LOAD\s.*\s(0x[0-9a-f]+)$", re.MULTILINE)
"""`readelf -lW`: a segment that is loaded, with its alignment at the end of the line."""
_LIBRARY = re.compile(r"\.so(\.|$)")
_GZIP = b"\x1f\x8b"


def download(requirements: Mapping[str, str | None], ndk_api: int, folder: Path) -> list[Path]:
    """Wheels without code of their own, or with code for Android on 64-bit ARM, one a requirement.

    Raises `ArtifactFailed` in pip's words where a requirement has none. For wasmtime below API 26 pip would take a
    wheel that holds a Windows library: `require_pages` refuses it.
    """
    wanted = [name if version is None else f"{name}=={version}" for name, version in requirements.items()]
    done = subprocess.run([*_pip(ndk_api), "-d", str(folder), *wanted], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = [line for line in done.stderr.splitlines() if line.startswith("ERROR")][-1:]
        raise ArtifactFailed(f"no wheel for Android: {' '.join(reason) or done.stderr[-300:]}")
    return sorted(folder.glob("*.whl"))


def library_alignments(wheel: Path) -> dict[str, int]:
    """Library in a wheel or an APK -> the least alignment of its loaded segments, in bytes. python-for-android's bundle
    of packages, which calls itself a library and is an archive, is looked into.

    Raises `ArtifactFailed` for a library of another system than Linux or Android.
    """
    found: dict[str, int] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith((".dll", ".pyd", ".dylib")):
                raise ArtifactFailed(f"{wheel.name} holds {name}, a library of another system")
            if _LIBRARY.search(name):
                found |= {inner: _alignment(inner, data) for inner, data in _libraries(name, archive.read(name))}
    return found


def _libraries(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if data[:2] != _GZIP:
        yield name, data
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as bundle:
        for member in bundle:
            if member.isfile() and _LIBRARY.search(member.name):
                file = bundle.extractfile(member)
                assert file is not None
                yield f"{name}/{member.name}", file.read()


def require_pages(wheels: Sequence[Path]) -> None:
    """Raises `ArtifactFailed` unless every library in them is aligned to 16 KiB."""
    for wheel in wheels:
        for name, alignment in library_alignments(wheel).items():
            if alignment < PAGE_BYTES:
                raise ArtifactFailed(f"{name} in {wheel.name} is aligned to {alignment} bytes, not {PAGE_BYTES}")


def main() -> int:
    """Exit status: 0 where every library in the named packages (wheels, APKs) has the pages, 1 where not."""
    try:
        require_pages([Path(name) for name in sys.argv[1:]])
    except ArtifactFailed as error:
        sys.stderr.write(f"mobile_build.wheels: {error.message}\n")
        return 1
    return 0


def _alignment(name: str, data: bytes) -> int:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run(["readelf", "-lW", file.name], capture_output=True, text=True, check=False)
    loads = [int(alignment, 16) for alignment in _LOAD.findall(done.stdout)]
    if not loads:
        raise ArtifactFailed(f"{name} has no segments to load: it is no library")
    return min(loads)


def _pip(ndk_api: int) -> list[str]:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    tags = ["--platform", f"android_{ndk_api}_arm64_v8a", "--python-version", "3.14", "--implementation", "cp"]
    return [*pip, *tags, "--only-binary=:all:", "--no-deps"]


if __name__ == "__main__":
    sys.exit(main())
