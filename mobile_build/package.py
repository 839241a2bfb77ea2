"""Reads `buildozer.spec`: the requirements, the permissions, the service."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import InputError

__all__ = ["Package", "Service", "read_package"]

SPEC = Path(__file__).with_name("buildozer.spec")


@dataclass(frozen=True)
class Service:
    """A foreground service: its name, its main program in the staged tree, its type."""

    name: str
    program: str
    kind: str


@dataclass(frozen=True)
class Package:
    """`requirements`: name -> version; None where python-for-android's own is taken as it is."""

    name: str
    version: str
    requirements: dict[str, str | None]
    permissions: tuple[str, ...]
    services: tuple[Service, ...]
    api: int
    min_api: int
    ndk_api: int
    archs: tuple[str, ...]
    bootstrap: str
    recipes: Path


def read_package(spec: Path = SPEC) -> Package:
    """Raises `InputError` for a specification that cannot be read."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None)
    try:
        parser.read_string(spec.read_text())
        app = parser["app"]
        return Package(
            name=f"{app['package.domain']}.{app['package.name']}",
            version=app["version"],
            requirements=dict(_requirement(one) for one in _listed(app["requirements"])),
            permissions=tuple(_listed(app["android.permissions"])),
            services=tuple(_service(one) for one in _listed(app["services"])),
            api=int(app["android.api"]),
            min_api=int(app["android.minapi"]),
            ndk_api=int(app["android.ndk_api"]),
            archs=tuple(_listed(app["android.archs"])),
            bootstrap=app["p4a.bootstrap"],
            recipes=spec.parent / app["p4a.local_recipes"],
        )
    except (KeyError, ValueError, configparser.Error) as error:
        raise InputError(f"{spec.name} cannot be read: {error}") from error


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _requirement(text: str) -> tuple[str, str | None]:
    name, _, version = text.partition("==")
    return name, version or None


def _service(text: str) -> Service:
    name, program, *options = text.split(":")
    kinds = [one.partition("=")[2] for one in options if one.startswith("foregroundServiceType=")]
    if "foreground" not in options or len(kinds) != 1:
        raise ValueError(f"the service {name} is not a foreground service of one type")
    return Service(name, program, kinds[0])
