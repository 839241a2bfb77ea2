"""What our recipes for python-for-android share: sources that were fetched beforehand, and Rust for Android.

Sources come from `python -m mobile_build.sources`, checked by hash, in folders that the environment names
(P4A_<recipe>_DIR); so no recipe here has an address to download from, and one without its folder stops the build.
"""

from __future__ import annotations

from os import environ

import sh
from pythonforandroid.logger import shprint
from pythonforandroid.recipe import PyProjectRecipe, RustCompiledComponentsRecipe
from pythonforandroid.util import BuildInterruptingException

PAGE_BYTES = 16384
"""Google Play takes no library whose segments are not aligned to 16 KiB pages."""

_PAGES = f"-Wl,-z,max-page-size={PAGE_BYTES}"


class _FetchedSources:
    """Mixed into a recipe: no `url`, a folder."""

    url = None

    def prebuild_arch(self, arch):
        if f"P4A_{self.name.lower()}_DIR" not in environ:
            raise BuildInterruptingException(
                f"the sources of {self.name} {self.version} are not there: "
                "run python -m mobile_build.sources, and set the variables that it prints"
            )
        super().prebuild_arch(arch)


class CWheelRecipe(_FetchedSources, PyProjectRecipe):
    """A package with C extensions, built as its own pyproject says."""

    def get_recipe_env(self, arch, **kwargs):
        env = super().get_recipe_env(arch, **kwargs)
        env["LDFLAGS"] = f"{env.get('LDFLAGS', '')} {_PAGES}".strip()
        return env


class RustWheelRecipe(_FetchedSources, RustCompiledComponentsRecipe):
    """A PyO3 package, built by maturin. `toolchain`: a rustup name with its date or version, never `stable`."""

    toolchain = "1.91.0"
    maturin_args = ""
    hostpython_prerequisites = ["maturin>=1.9,<2"]  # noqa: RUF012 - as python-for-android declares it

    def get_recipe_env(self, arch, **kwargs):
        env = super().get_recipe_env(arch, **kwargs)
        target = self.RUST_ARCH_CODES[arch.arch]
        env["RUSTUP_TOOLCHAIN"] = self.toolchain
        shprint(sh.rustup, "target", "add", target, "--toolchain", self.toolchain)
        self._add_c_tools(env, target)
        # python-for-android 2026.5.9 leaves libpython out of what Rust links; its development branch has it
        for flag in (f"-Clink-arg=-lpython{self.ctx.python_recipe.link_version}", f"-Clink-arg={_PAGES}"):
            if flag not in env["RUSTFLAGS"]:
                env["RUSTFLAGS"] += f" {flag}"
        if self.maturin_args:
            env["MATURIN_PEP517_ARGS"] = self.maturin_args
        return env

    def _add_c_tools(self, env, target):
        """For crates that compile C of their own (OpenSSL, ring, blst)."""
        tools = {
            "CC": f"{target}{self.ctx.ndk_api}-clang",
            "CXX": f"{target}{self.ctx.ndk_api}-clang++",
            "AR": "llvm-ar",
            "RANLIB": "llvm-ranlib",
        }
        for tool, program in tools.items():
            env[f"{tool}_{target.replace('-', '_')}"] = f"{self.ctx.ndk.llvm_prebuilt_dir}/bin/{program}"
