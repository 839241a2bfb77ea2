"""Building and loading contracts; forge's own tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from protocol.errors import ArtifactAbsent, ArtifactFailed, ArtifactUnavailable
from registry_contract import contracts, forge
from registry_contract.contracts import build_contracts, load_contract
from registry_contract.forge import foundry_binary, require_success, run_forge

MAX_CONTRACT_BYTES = 24_576  # EIP-170
MAX_INITCODE_BYTES = 49_152  # EIP-3860
DEPLOYED = (
    "IrisRegistry",
    "StationRegistry",
    "ModelRegistry",
    "Committee",
    "IrisPolls",
    "Personhood",
    "WorldIdFacade",
    "TimelockController",
    "IrisVerifierV1",
    "PoseidonT3",
    "SemaphoreVerifier",
)


def test_forge_tests_pass() -> None:
    run = run_forge(["test"])
    assert run.returncode == 0, run.stdout[-4000:]
    assert " 0 failed" in run.stdout


def test_solidity_sources_are_formatted() -> None:
    run = run_forge(["fmt", "--check"])
    assert run.returncode == 0, run.stdout[-4000:]


def test_forge_runs_free_of_the_environments_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDRY_SRC", "elsewhere")
    monkeypatch.setenv("FOUNDRY_OPTIMIZER", "false")
    shown = run_forge(["config"]).stdout
    assert 'src = "registry_contract/src"' in shown
    assert "optimizer = true" in shown


@pytest.mark.parametrize("name", DEPLOYED)
def test_every_deployed_contract_fits_the_chains_limits(name: str) -> None:
    artifact = load_contract(name)
    assert 0 < len(artifact.runtime) // 2 <= MAX_CONTRACT_BYTES
    assert len(artifact.creation) // 2 <= MAX_INITCODE_BYTES


def test_building_again_with_the_same_sources_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    build_contracts()
    monkeypatch.setattr(contracts, "run_forge", lambda _: pytest.fail("forge was started"))
    assert build_contracts() is False


def test_building_with_other_sources_starts_the_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(contracts, "_STAMP", tmp_path / "stamp")
    monkeypatch.setattr(contracts, "run_forge", lambda arguments: subprocess.CompletedProcess(arguments, 0, "", ""))
    assert build_contracts() is True
    assert build_contracts() is False
    (tmp_path / "stamp").write_text("of other sources")
    assert build_contracts() is True


def test_a_failed_build_leaves_no_stamp_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    output = "Compiling\nError (7920): Identifier not found.\nmore"
    monkeypatch.setattr(contracts, "_STAMP", tmp_path / "stamp")
    monkeypatch.setattr(contracts, "run_forge", lambda arguments: subprocess.CompletedProcess(arguments, 1, output, ""))
    with pytest.raises(ArtifactFailed, match=r"building the contracts failed: Error \(7920\)"):
        build_contracts()
    assert not (tmp_path / "stamp").exists()


def test_the_source_digest_follows_every_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("foundry.toml", "solc-shim", "package-lock.json", "src/A.sol"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a")
    monkeypatch.setattr(contracts, "_FOLDER", tmp_path)
    monkeypatch.setattr(contracts, "_SOURCES", tmp_path / "src")
    monkeypatch.setattr(contracts, "root_dir", lambda: tmp_path)
    seen = {contracts._source_digest()}
    for name in ("foundry.toml", "solc-shim", "package-lock.json", "src/A.sol", "src/B.sol"):
        (tmp_path / name).write_text("b")
        seen.add(contracts._source_digest())
    assert len(seen) == 6


def test_a_contract_that_does_not_exist_is_absent() -> None:
    with pytest.raises(ArtifactAbsent, match="no contract Nothing"):
        load_contract("Nothing")


def test_a_contract_without_its_library_is_not_linked() -> None:
    with pytest.raises(ArtifactFailed, match="IrisRegistry needs the library PoseidonT3"):
        load_contract("IrisRegistry").linked_creation({})


def test_linking_puts_the_librarys_address_in_every_place() -> None:
    artifact = load_contract("IrisRegistry")
    address = "0x" + "ab" * 20
    code = artifact.linked_creation({"PoseidonT3": address})
    assert artifact.links["PoseidonT3"]
    assert code.count(bytes.fromhex("ab" * 20)) >= len(artifact.links["PoseidonT3"])


def test_a_platform_without_foundry_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(ArtifactUnavailable, match=r"no anvil for .* on riscv64"):
        foundry_binary("anvil")


def test_foundry_that_is_not_installed_is_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(forge, "root_dir", lambda: tmp_path)
    with pytest.raises(ArtifactAbsent, match="anvil is not installed") as caught:
        foundry_binary("anvil")
    assert caught.value.hint == "run: npm ci"


def test_node_that_is_not_installed_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ArtifactUnavailable, match="node is not installed"):
        run_forge(["build"])


def test_a_failed_run_without_output_is_still_a_failure() -> None:
    with pytest.raises(ArtifactFailed, match="something failed: no output"):
        require_success(subprocess.CompletedProcess([], 1, "", ""), "something")


def test_the_compiler_shim_refuses_what_it_cannot_do() -> None:
    shim = Path(contracts.__file__).with_name("solc-shim")
    run = subprocess.run([str(shim), "--bin"], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "cannot do --bin" in run.stderr
