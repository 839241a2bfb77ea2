"""What ships on a phone: enough to run, nothing that is not needed, and none of what must not ship."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from circuits.iris.circuit import load_circuit
from mobile_build.imports import Imports, imports_of, reachable, sources_of
from mobile_build.stage import Staged, read_allow_list, stage
from protocol.errors import ArtifactAbsent, InputError
from tests.mobile_build.tools import NOT_ON_A_PHONE

pytestmark = pytest.mark.xdist_group("staged")

LIST = read_allow_list()
MAX_MB = {"code": 1.5, "artifacts": 40.0, "fonts": 6.0}
"""Of one network's tree. Said in docs/phone.md."""


@pytest.fixture(scope="module")
def found(staged: Staged) -> dict[str, Imports]:
    return reachable(sources_of(staged.folder), LIST.entries, LIST.packages)


def test_staged_tree_imports_only_what_is_staged(found: dict[str, Imports], staged: Staged) -> None:
    sources = sources_of(staged.folder)
    missing = {(name, one) for name, imports in found.items() for one in imports.ours if one not in sources}
    assert not missing
    others = {one for imports in found.values() for one in imports.others}
    assert others == set(LIST.installed), "allow_list.toml: [installed] is what the staged modules import"


def test_import_of_what_is_not_staged_is_noticed(staged: Staged, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(staged.folder / "app", tree / "app")
    shutil.copytree(staged.folder / "protocol", tree / "protocol")
    (tree / "app" / "coach.py").open("a").write(
        "\ndef later():\n    import torch\n    from uniqueness.server import x\n"
    )
    sources = sources_of(tree)
    found = reachable(sources, LIST.entries, LIST.packages)
    assert "torch" in found["app.coach"].others
    assert "uniqueness.server" in found["app.coach"].ours - set(sources)


def test_import_reader_knows_what_counts(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("")
    (tmp_path / "app" / "one.py").write_text(
        "from typing import TYPE_CHECKING\nimport numpy.linalg\n"
        "if TYPE_CHECKING:\n    import seen_by_mypy_only\n"
        "try:\n    import keyring\nexcept ImportError:\n    import fallback\n"
        "try:\n    import needed\nexcept ValueError:\n    pass\n"
        "def later():\n    from app import two\n    import app.three\n"
    )
    (tmp_path / "app" / "two.py").write_text("")
    read = imports_of(sources_of(tmp_path), "app.one", frozenset({"app"}))
    assert read.others == {"numpy", "fallback", "needed"}
    assert read.ours == {"app", "app.two", "app.three"}
    assert read.optional == {"keyring"}


def test_nothing_is_staged_that_nothing_needs(found: dict[str, Imports], staged: Staged) -> None:
    assert set(sources_of(staged.folder)) - {"main", "service.prover"} == set(found)


def test_every_action_of_the_window_is_staged(found: dict[str, Imports]) -> None:
    assert {"app.actions.joining", "app.actions.balloting", "app.actions.keeping"} <= set(found)
    assert "app.actions.artifacts" not in found


@pytest.mark.parametrize(
    "absent",
    [
        "**/*.sol",
        "**/training/**",
        "**/export/**",
        "**/evaluation/**",
        "**/synthetic/**",
        "uniqueness/server.py",
        "uniqueness/store.py",
        "uniqueness/*engine.py",
        "uniqueness/checked/**",
        "app/committee/node.py",
        "app/relay/server.py",
        "app/audit/**",
        "app/cli/**",
        "benchmarks/**",
        "tests/**",
        "mobile_build/**",
        "**/development_*.srs",
    ],
)
def test_what_must_not_ship_does_not(staged: Staged, absent: str) -> None:
    assert not [path for path in staged.folder.glob(absent) if path.is_file()]


def test_contracts_ship_as_interfaces_without_code(staged: Staged) -> None:
    paths = sorted((staged.folder / "registry_contract" / "out").rglob("*.json"))
    assert [path.stem for path in paths] == sorted(LIST.abis)
    for path in paths:
        artifact = json.loads(path.read_text())
        assert artifact["abi"]
        assert artifact["bytecode"]["object"] == artifact["deployedBytecode"]["object"] == "0x"


def test_every_contract_that_staged_code_names_has_its_interface(found: dict[str, Imports], staged: Staged) -> None:
    sources = sources_of(staged.folder)
    named = {
        node.args[0].value
        for name in found
        for node in ast.walk(ast.parse(sources[name].read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "load_contract"
        and isinstance(node.args[0], ast.Constant)
    }
    assert named
    assert named <= set(LIST.abis)


def test_size_is_within_what_the_document_says(staged: Staged) -> None:
    sizes = {"code": staged.code_bytes, "artifacts": staged.artifact_bytes, "fonts": staged.font_bytes}
    sys.stdout.write(f"\nstaged: {staged.total_bytes / 1e6:.1f} MB: {sizes}\n")
    assert staged.total_bytes == sum(path.stat().st_size for path in staged.folder.rglob("*") if path.is_file())
    for name, size in sizes.items():
        assert 0.5 < size / 1e6 < MAX_MB[name], name


def test_asserts_of_staged_code_have_no_effects(staged: Staged) -> None:
    """python-for-android compiles with -OO, which leaves them out."""
    harmless = {"isinstance", "len", "type", "set", "all", "any"}
    for path in staged.folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assert):
                calls = {ast.unparse(one.func) for one in ast.walk(node.test) if isinstance(one, ast.Call)}
                assert calls <= harmless, f"{path.name}:{node.lineno}"


_IMPORT_ALL = """
import importlib, importlib.abc, json, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is not on a phone", name=name)
BLOCKED = set(json.loads(sys.argv[1]))
sys.meta_path = [Blocked(), *(one for one in sys.meta_path if "editable" not in type(one).__module__ + repr(one))]
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
from app.actions.circuit import ready_circuit
from app.actions.facts import proof_facts
from registry_contract.contracts import load_contract
print(json.dumps({
    "files": [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] in json.loads(sys.argv[3]) and m.__file__],
    "loaded": sorted({name.split(".")[0] for name in sys.modules}),
    "circuit": str(ready_circuit().folder),
    "version": dict(proof_facts(None))["version"],
    "abi": len(load_contract("IrisRegistry").abi),
}))
"""


def test_staged_modules_import_with_nothing_but_the_tree(found: dict[str, Imports], staged: Staged) -> None:
    """All but the window, which `test_phone_like` opens, and what needs a JVM, which `test_java` runs."""
    apart = ("app.main", "app.screens", "app.phone.start", "app.phone.keys")
    names = [name for name in sorted(found) if not name.startswith(apart)]
    arguments = [json.dumps(part) for part in (NOT_ON_A_PHONE, names, sorted(LIST.packages))]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(staged.folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-OO", "-c", _IMPORT_ALL, *arguments],
        cwd=staged.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert all(Path(file).is_relative_to(staged.folder) for file in report["files"])
    assert not set(report["loaded"]) & set(NOT_ON_A_PHONE)
    assert Path(report["circuit"]).is_relative_to(staged.folder)
    assert report["version"] == "0.1.0"
    assert report["abi"] > 20


def test_folder_that_is_there_is_not_written_into(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is there already"):
        stage(tmp_path)


def test_phone_proves_without_the_verifier_s_source_and_a_builder_does_not(
    staged: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRISPROOF_HOME", str(staged.folder / "build"))
    with pytest.raises(ArtifactAbsent, match=r"verifier\.sol"):
        load_circuit("iris_v1")
