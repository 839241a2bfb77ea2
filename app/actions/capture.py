"""From an eye image to a proved code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.station import SignedCapture, SoftwareStation
from circuits.iris.circuit import Circuit
from circuits.iris.prove import CodeProofRun, prove_code
from model.pipeline.encoding import encode_v1
from model.pipeline.image import EyeImage, load_image
from model.pipeline.pipeline import normalize_eye
from protocol.errors import QualityError
from protocol.types import EyeSide, IdentityCommitment, IrisCode, NormalizedIris, PlaneName
from registry_contract.deployment import Deployment

__all__ = [
    "ProvedCapture",
    "attest_capture",
    "compute_code",
    "naming",
    "open_image",
    "prove_capture",
    "unroll_eye",
]


@dataclass(frozen=True)
class ProvedCapture:
    """A signed capture, the code computed from it and the proof of that. The code stays on the device."""

    capture: SignedCapture
    code: IrisCode = field(repr=False)
    run: CodeProofRun


def open_image(path: Path) -> EyeImage:
    """Read an eye image. Raises `InputError` or `QualityError`, naming the file, for one that cannot be used."""
    with naming(path.name):
        return load_image(path)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put a name before the message of a `QualityError`, which knows the picture and not where it came from."""
    try:
        yield
    except QualityError as error:
        raise QualityError(
            f"{what}: {error.message}", measure=error.measure, value=error.value, limit=error.limit, hint=error.hint
        ) from error


def unroll_eye(image: EyeImage, eye_side: EyeSide, captured_at: int | None = None) -> NormalizedIris:
    """Quality, segmentation, normalisation. `captured_at` in Unix seconds; now if not given. Raises `QualityError`."""
    return normalize_eye(image, eye_side=eye_side, captured_at=int(time.time()) if captured_at is None else captured_at)


def attest_capture(
    station: SoftwareStation, iris: NormalizedIris, identity: IdentityCommitment, deployment: Deployment
) -> SignedCapture:
    """Let the station commit to the capture and sign it for this identity and registry."""
    return station.attest(iris, identity, deployment.registry, deployment.chain_id)


def compute_code(capture: SignedCapture) -> IrisCode:
    """The iris code of a capture, by the exact integer reference of the network."""
    return encode_v1(capture.planes[PlaneName.TEXTURE_8X120].plane, capture.planes[PlaneName.MASK_8X120].plane)


def prove_capture(circuit: Circuit, capture: SignedCapture, code: IrisCode) -> ProvedCapture:
    """Prove that `code` is the capture's; the proof was verified when this returns. Raises `ProvingError`."""
    texture, mask = (PlaneName(name) for name in (circuit.facts.texture_plane, circuit.facts.mask_plane))
    run = prove_code(circuit, capture.planes[texture], capture.planes[mask], code)
    return ProvedCapture(capture, code, run)
