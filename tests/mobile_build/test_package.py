"""The specification of the Android package, its recipes, its manifest and the wheels that it takes."""

from __future__ import annotations

import dataclasses
import re
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from buildozer import Buildozer
from pythonforandroid import recipe as p4a
from pythonforandroid.archs import ArchAarch_64, Archx86_64
from pythonforandroid.bootstrap import Bootstrap
from pythonforandroid.build import Context
from pythonforandroid.graph import get_recipe_order_and_bootstrap
from pythonforandroid.util import BuildInterruptingException

from mobile_build.manifest import FRAMEWORK, link_manifest, render_manifest
from mobile_build.package import SPEC, read_package
from mobile_build.sources import SOURCES
from mobile_build.stage import Staged, read_allow_list
from mobile_build.wheels import download, library_alignments, require_pages
from protocol.errors import ArtifactFailed, InputError
from protocol.pins import root_dir
from tests.mobile_build.tools import missing, need_program

pytestmark = pytest.mark.xdist_group("mobile")

PACKAGE = read_package()
OURS = sorted(path.name for path in PACKAGE.recipes.iterdir() if path.is_dir() and path.name[0] != "_")
DOCUMENT = (root_dir() / "docs" / "phone.md").read_text()


def _context() -> Context:
    getattr(p4a.Recipe, "recipes", {}).clear()
    context = Context()
    context.local_recipes = str(PACKAGE.recipes)
    return context


def _resolve(names: list[str], bootstrap: str | None = PACKAGE.bootstrap) -> tuple[list[str], list[str]]:
    """(recipes in their order, what is left to pip)."""
    context = _context()
    found = Bootstrap.get_bootstrap(bootstrap, context) if bootstrap else None
    order, pure, _ = get_recipe_order_and_bootstrap(context, names, found)
    return order, pure


def _pinned() -> dict[str, str]:
    text = "".join((root_dir() / "requirements" / f"{name}.txt").read_text() for name in ("runtime", "window", "dev"))
    return dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", text, re.MULTILINE))


def test_buildozer_reads_the_specification() -> None:
    with mock.patch.object(Buildozer, "set_target"):
        buildozer = Buildozer(filename=str(SPEC))
        buildozer.check_configuration_tokens()
    wanted = buildozer.config.getlist("app", "requirements", "")
    assert [one.partition("==")[0] for one in wanted] == list(PACKAGE.requirements)
    assert buildozer.config.getlist("app", "android.permissions", "") == list(PACKAGE.permissions)


def test_graph_resolves_and_nothing_of_ours_is_left_to_pip() -> None:
    order, pure = _resolve(list(PACKAGE.requirements))
    assert {"python3", "hostpython3", "sdl2", "kivy", "pyjnius", *OURS} <= set(order)
    assert not set(OURS) & set(pure)
    assert order.index("openssl") < order.index("python3") < order.index("ezkl")


def test_two_bootstraps_in_one_package_are_refused() -> None:
    with pytest.raises(BuildInterruptingException):
        _resolve(["python3", "kivy", "sdl2", "sdl3"], None)


def test_every_requirement_can_be_had_and_its_libraries_fit_the_pages(tmp_path: Path) -> None:
    """python-for-android lets an unknown name through, and looks for it on the phone."""
    need_program("readelf")
    _, pure = _resolve(list(PACKAGE.requirements))
    wanted = {name: PACKAGE.requirements.get(name) for name in pure} | {"aiohttp": PACKAGE.requirements["aiohttp"]}
    wheels = download(wanted, PACKAGE.ndk_api, tmp_path)
    assert len(wheels) == len(wanted)
    require_pages(wheels)
    (wasmtime,) = (wheel for wheel in wheels if wheel.name.startswith("wasmtime"))
    assert f"android_{PACKAGE.ndk_api}" in wasmtime.name
    assert set(library_alignments(wasmtime).values()) == {16384}


@pytest.mark.parametrize("name", ["onnxruntime", "ezkl"])
def test_requirement_without_a_wheel_for_android_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactFailed, match="no wheel for Android"):
        download({name: None}, PACKAGE.ndk_api, tmp_path)


def test_wheel_for_another_system_that_pip_takes_at_a_lower_level_is_refused(tmp_path: Path) -> None:
    (wheel,) = download({"wasmtime": PACKAGE.requirements["wasmtime"]}, 24, tmp_path)
    with pytest.raises(ArtifactFailed, match="another system"):
        require_pages([wheel])


def test_library_with_small_pages_is_refused(tmp_path: Path) -> None:
    """Of this machine: it has pages of 4 KiB."""
    need_program("readelf")
    library = next(Path("/usr/lib").glob("*/libc.so.6"))
    with zipfile.ZipFile(tmp_path / "small-1-py3-none-any.whl", "w") as archive:
        archive.write(library, "small/libc.so")
    with pytest.raises(ArtifactFailed, match="aligned to 4096 bytes"):
        require_pages([tmp_path / "small-1-py3-none-any.whl"])
    with tarfile.open(tmp_path / "bundle", "w:gz") as bundle:
        bundle.add(library, "site-packages/small.so")
    with zipfile.ZipFile(tmp_path / "app.apk", "w") as archive:
        archive.write(tmp_path / "bundle", "lib/arm64-v8a/libpybundle.so")
    with pytest.raises(ArtifactFailed, match=r"libpybundle.so/site-packages/small.so .* 4096 bytes"):
        require_pages([tmp_path / "app.apk"])
    with zipfile.ZipFile(tmp_path / "odd.apk", "w") as archive:
        archive.writestr("lib/arm64-v8a/libodd.so", b"no library")
    with pytest.raises(ArtifactFailed, match="it is no library"):
        require_pages([tmp_path / "odd.apk"])


def test_versions_are_the_pinned_ones_but_for_those_that_the_document_names() -> None:
    pinned = _pinned()
    for name, version in PACKAGE.requirements.items():
        if name in pinned and version != pinned[name]:
            assert f"| {name} | {version or 'as python-for-android has it'} | {pinned[name]} |" in DOCUMENT, name


def test_allow_list_and_specification_name_the_same_packages() -> None:
    assert set(read_allow_list().installed.values()) <= set(PACKAGE.requirements)


def test_recipes_build_the_versions_that_the_specification_names() -> None:
    context = _context()
    for name in OURS:
        recipe = p4a.Recipe.get_recipe(name, context)
        assert recipe.version == PACKAGE.requirements[name]
        assert recipe.name == name
        assert recipe.url is None
    assert {source.name for source in SOURCES} == set(OURS) - {"aiohttp"}


def _build_environment(name: str, arch_class: Any, tmp_path: Path) -> dict[str, str]:
    """A recipe's environment; the NDK, rustup and the target's Python are stand-ins, what is ours runs."""
    context = _context()
    context._ndk_api, context.ndk_dir = PACKAGE.ndk_api, "/ndk"
    context.setup_dirs(str(tmp_path))
    context.bootstrap = SimpleNamespace(name="sdl2", distribution=SimpleNamespace(name="d"))
    context.ndk = SimpleNamespace(
        llvm_prebuilt_dir="/ndk/llvm",
        sysroot="/ndk/sysroot",
        sysroot_include_dir="/ndk/sysroot/usr/include",
        host_tag="linux-x86_64",
    )
    build = tmp_path / "python"
    (build / "android-build" / "build" / "lib.linux-x-3.14").mkdir(parents=True)
    context.python_recipe = SimpleNamespace(
        get_build_dir=lambda _: str(build), link_version="3.14", version="3.14.2", name="python3"
    )
    recipe = p4a.Recipe.get_recipe(name, context)
    usual = {"PATH": "/usr/bin", "LDFLAGS": "-L/somewhere"}
    with (
        mock.patch("pythonforandroid.recipe.shprint"),
        mock.patch(f"{type(recipe).__mro__[1].__module__}.shprint"),
        mock.patch("sh.rustup", create=True),
        mock.patch.object(p4a.PyProjectRecipe, "get_recipe_env", return_value=dict(usual)),
        mock.patch.object(type(recipe), "python_major_minor_version", "3.14", create=True),
    ):
        environment: dict[str, str] = recipe.get_recipe_env(arch_class(context))
    return environment


@pytest.mark.parametrize(
    ("arch_class", "target"), [(ArchAarch_64, "aarch64-linux-android"), (Archx86_64, "x86_64-linux-android")]
)
@pytest.mark.parametrize("name", ["ezkl", "groth16py", "zksnake", "pydantic-core", "python-bidi"])
def test_rust_recipe_aims_at_the_phone(name: str, arch_class: Any, target: str, tmp_path: Path) -> None:
    environment = _build_environment(name, arch_class, tmp_path)
    upper, lower = target.upper().replace("-", "_"), target.replace("-", "_")
    clang = f"/ndk/llvm/bin/{target}{PACKAGE.ndk_api}-clang"
    assert environment["CARGO_BUILD_TARGET"] == target
    assert environment[f"CARGO_TARGET_{upper}_LINKER"] == environment[f"CC_{lower}"] == clang
    assert environment[f"AR_{lower}"] == "/ndk/llvm/bin/llvm-ar"
    assert "-Clink-arg=-Wl,-z,max-page-size=16384" in environment["RUSTFLAGS"]
    assert environment["RUSTFLAGS"].count("-lpython3.14") == 1
    assert environment["PYO3_CROSS_LIB_DIR"].endswith("lib.linux-x-3.14")
    assert re.fullmatch(r"nightly-\d{4}-\d\d-\d\d|\d+\.\d+\.\d+", environment["RUSTUP_TOOLCHAIN"])


def test_ezkl_is_built_without_its_evm_part(tmp_path: Path) -> None:
    features = (
        _build_environment("ezkl", ArchAarch_64, tmp_path)["MATURIN_PEP517_ARGS"].split("--features ")[1].split(",")
    )
    assert {"python-bindings", "ezkl", "no-update", "no-banner"} <= set(features)
    assert not {"eth", "solidity-verifier", "ios-bindings"} & set(features)


@pytest.mark.parametrize("name", ["bitarray", "ckzg", "cytoolz", "regex"])
def test_c_recipe_keeps_the_pages(name: str, tmp_path: Path) -> None:
    assert _build_environment(name, ArchAarch_64, tmp_path)["LDFLAGS"] == "-L/somewhere -Wl,-z,max-page-size=16384"


def test_recipe_without_its_fetched_sources_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("P4A_ezkl_DIR", raising=False)
    recipe = p4a.Recipe.get_recipe("ezkl", _context())
    with pytest.raises(BuildInterruptingException, match=r"mobile_build\.sources"):
        recipe.prebuild_arch(SimpleNamespace(arch="arm64-v8a"))


def test_permissions_are_the_documented_ones() -> None:
    documented = re.findall(r"^\| `(android\.permission\.[A-Z_]+)` \|", DOCUMENT, re.MULTILINE)
    assert documented == sorted(PACKAGE.permissions)


def test_manifest_is_linked_and_asks_for_nothing_else(tmp_path: Path) -> None:
    need_program("aapt2")
    if not FRAMEWORK.exists():
        missing("no android-framework-res: run make mobile-system as root")
    linked = link_manifest(render_manifest(PACKAGE), tmp_path)
    asked = re.findall(r'E: uses-permission.*\n\s+A: [^\n]*name[^\n]*="([A-Za-z._]+)"', linked)
    assert sorted(asked) == sorted(PACKAGE.permissions)
    assert re.search(r"foregroundServiceType\(0x[0-9a-f]+\)=0x0*1\b", linked), "dataSync is 1"
    assert 'scheme(0x01010027)="irisproof"' in linked
    assert re.search(r"allowBackup\(0x[0-9a-f]+\)=false", linked)
    assert re.search(rf"minSdkVersion\(0x[0-9a-f]+\)={PACKAGE.min_api}\b", linked)
    assert re.search(r'process\(0x[0-9a-f]+\)=":service_Prover"', linked), "the prover has a process of its own"


def test_wrong_type_of_service_is_refused_by_the_linker(tmp_path: Path) -> None:
    need_program("aapt2")
    service = dataclasses.replace(PACKAGE.services[0], kind="dataSink")
    wrong = dataclasses.replace(PACKAGE, services=(service,))
    with pytest.raises(ArtifactFailed, match="dataSink"):
        link_manifest(render_manifest(wrong), tmp_path)


def test_service_s_program_is_staged(staged: Staged) -> None:
    (service,) = PACKAGE.services
    assert (staged.folder / service.program).is_file()
    started_by = (root_dir() / "app" / "phone" / "start.py").read_text()
    assert f"{PACKAGE.name}.Service{service.name}" in started_by


def test_specification_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    text = SPEC.read_text().replace("foregroundServiceType=dataSync", "sticky")
    (tmp_path / "buildozer.spec").write_text(text)
    with pytest.raises(InputError, match="not a foreground service of one type"):
        read_package(tmp_path / "buildozer.spec")
