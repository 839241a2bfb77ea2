"""python-for-android's manifest for our specification, and whether Android's own linker takes it.

`aapt2 link` checks names and values of attributes against the framework's resources: a service type that does not exist
is an error. Debian's `android-framework-res` is of API 29, newer attributes are unknown to it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mobile_build.package import SPEC, Package
from protocol.errors import ArtifactFailed

__all__ = ["link_manifest", "render_manifest"]

FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
_STRINGS = (
    '<resources><string name="app_name">irisproof</string>'
    '<style name="KivySupportCutout" parent="@android:style/Theme.NoTitleBar"/></resources>'
)


def render_manifest(package: Package) -> str:
    """The manifest, as python-for-android's template makes it of the specification."""
    import jinja2  # noqa: PLC0415 - installed with python-for-android, for the checks alone
    import pythonforandroid  # noqa: PLC0415

    folder = Path(pythonforandroid.__file__).parent / "bootstraps" / "_sdl_common" / "build" / "templates"
    template = jinja2.Environment(autoescape=False).from_string((folder / "AndroidManifest.tmpl.xml").read_text())
    text = template.render(
        args=_arguments(package),
        android_api=package.api,
        service_data=[(service.name, service.kind) for service in package.services],
        native_services=[],
        service=False,
        debug=False,
        url_scheme="kivy",
    )
    return re.sub("<manifest ", f'<manifest package="{package.name}" ', text, count=1)


def link_manifest(manifest: str, folder: Path) -> str:
    """Link it in `folder`; returns the linked manifest as `aapt2 dump xmltree` shows it.

    Raises `ArtifactFailed` in aapt2's words where it refuses.
    """
    import pythonforandroid  # noqa: PLC0415

    values, icons = folder / "res" / "values", folder / "res" / "mipmap"
    for place in (values, icons):
        place.mkdir(parents=True)
    (values / "strings.xml").write_text(_STRINGS)
    root = Path(pythonforandroid.__file__).parent
    shutil.copy(root / "bootstraps/common/build/templates/kivy-icon.png", icons / "icon.png")
    (folder / "AndroidManifest.xml").write_text(manifest)
    _aapt2("compile", "--dir", str(folder / "res"), "-o", str(folder / "res.zip"))
    linked = str(folder / "linked.apk")
    where = ["-I", str(FRAMEWORK), "--manifest", str(folder / "AndroidManifest.xml")]
    _aapt2("link", *where, "-o", linked, str(folder / "res.zip"))
    return _aapt2("dump", "xmltree", "--file", "AndroidManifest.xml", linked)


def _arguments(package: Package) -> Any:
    """What python-for-android's build.py reads from its command line."""
    permissions = [
        SimpleNamespace(name=name, maxSdkVersion=None, usesPermissionFlags=None) for name in package.permissions
    ]
    return SimpleNamespace(
        numeric_version="10100",
        version=package.version,
        min_sdk_version=package.min_api,
        permissions=permissions,
        wakelock=False,
        billing_pubkey=False,
        extra_manifest_xml="",
        allow_backup="false",
        backup_rules=None,
        extra_manifest_application_arguments="",
        android_apptheme="@android:style/Theme.NoTitleBar",
        window=True,
        android_used_libs=[],
        meta_data=[],
        android_entrypoint="org.kivy.android.PythonActivity",
        manifest_orientation="portrait",
        activity_launch_mode="singleTask",
        launcher=False,
        home_app=False,
        intent_filters=(SPEC.parent / "intent_filters.xml").read_text(),
        package=package.name,
        service_class_name="",
        add_activity=[],
    )


def _aapt2(*arguments: str) -> str:
    done = subprocess.run(["aapt2", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ArtifactFailed(f"aapt2 {arguments[0]}: {done.stderr.strip()[-600:]}")
    return done.stdout
