"""Values that cross folders. Frozen, checked at birth, then trusted. Private ones never show up in `repr`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from protocol.errors import EncodingError
from protocol.field import BASE_FIELD, require_base, require_scalar

TEXTURE_ROWS, TEXTURE_COLS = 64, 480
"""Shape of the normalised iris: radius (pupil to limbus) x angle (from 3 o'clock, clockwise in the image)."""


class EyeSide(Enum):
    """Which eye, from the person's own point of view. The value is what goes on chain."""

    LEFT = 1
    RIGHT = 2


class PlaneName(Enum):
    """The planes of a capture (`protocol.md`, objects 1 and 2). The value is what goes into a commitment's label."""

    TEXTURE_8X120 = "texture_8x120"
    MASK_8X120 = "mask_8x120"
    TEXTURE_16X120 = "texture_16x120"
    MASK_16X120 = "mask_16x120"
    TEXTURE_64X480 = "texture_64x480"
    MASK_64X480 = "mask_64x480"

    @property
    def is_mask(self) -> bool:
        return self.value.startswith("mask_")

    @property
    def shape(self) -> tuple[int, int]:
        """(rows along the radius, columns along the angle)."""
        rows, cols = self.value.split("_")[1].split("x")
        return int(rows), int(cols)

    @property
    def cells(self) -> int:
        rows, cols = self.shape
        return rows * cols


@dataclass(frozen=True)
class Plane:
    """One plane of a capture: `cells` row by row, one byte each; texture 1..255, mask 0 or 1."""

    name: PlaneName
    cells: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.cells) != self.name.cells:
            raise EncodingError(f"{self.name.value} has {len(self.cells)} cells, expected {self.name.cells}")
        if self.name.is_mask:
            if max(self.cells) > 1:
                raise EncodingError(f"{self.name.value} holds {max(self.cells)}; a mask cell is 0 or 1")
        elif min(self.cells) < 1:
            raise EncodingError(f"{self.name.value} holds 0; a texture cell is 1..255")


@dataclass(frozen=True)
class QualityFigures:
    """What the pipeline measured on one image; see `model.pipeline.quality` for each definition."""

    focus: float
    iris_diameter_px: float
    pupil_to_iris_ratio: float
    visible_iris_share: float
    off_gaze: float


@dataclass(frozen=True)
class NormalizedIris:
    """The eye unrolled: texture and validity are uint8[64, 480], row by row; validity is 0 or 1.

    Never leaves the device that holds the camera, and never shows up in `repr`.
    """

    texture: bytes = field(repr=False)
    validity: bytes = field(repr=False)
    eye_side: EyeSide
    captured_at: int
    """Unix time, seconds."""
    quality: QualityFigures

    def __post_init__(self) -> None:
        expected = TEXTURE_ROWS * TEXTURE_COLS
        for name, values in (("texture", self.texture), ("validity", self.validity)):
            if len(values) != expected:
                raise EncodingError(f"{name} has {len(values)} cells, expected {expected}")
        if max(self.validity) > 1:
            raise EncodingError(f"validity holds {max(self.validity)}; a cell is 0 or 1")
        if self.captured_at < 0:
            raise EncodingError(f"capture time {self.captured_at} lies before 1970")


@dataclass(frozen=True)
class IrisCode:
    """The iris network's output: `symbols` in {-1, 0, 1}, 0 where masked. Secret: never in `repr`."""

    network: str
    symbols: tuple[int, ...] = field(repr=False)
    mask: Plane = field(repr=False)

    def __post_init__(self) -> None:
        if not set(self.symbols) <= {-1, 0, 1}:
            raise EncodingError("an iris code's symbols are -1, 0 or 1")


@dataclass(frozen=True)
class G1Point:
    """An affine BN254 point, canonical and on the curve. The point at infinity has no place in the protocol."""

    x: int
    y: int

    def __post_init__(self) -> None:
        require_base(self.x, "x coordinate")
        require_base(self.y, "y coordinate")
        if (self.y * self.y - self.x**3 - 3) % BASE_FIELD != 0:
            raise EncodingError("the point is not on the curve y^2 = x^3 + 3")

    def to_bytes(self) -> bytes:
        """64 bytes: x, y, big-endian."""
        return self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")

    @classmethod
    def from_bytes(cls, data: bytes) -> G1Point:
        if len(data) != 64:
            raise EncodingError(f"a point has 64 bytes, not {len(data)}")
        return cls(int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big"))


@dataclass(frozen=True)
class PlaneCommitment:
    """Raw KZG commitment of one salted plane in the Lagrange basis of 2^k (unusable rows zero)."""

    plane: PlaneName
    k: int
    point: G1Point


@dataclass(frozen=True)
class SaltedPlane:
    """A plane and the field elements that hide its commitment. Secret; each plane has salts of its own."""

    plane: Plane
    salts: tuple[int, ...] = field(repr=False)

    def __post_init__(self) -> None:
        for salt in self.salts:
            require_scalar(salt, "salt")

    @property
    def vector(self) -> tuple[int, ...]:
        """What is committed and what the circuit reads: the cells, then the salts."""
        return (*self.plane.cells, *self.salts)


@dataclass(frozen=True)
class CodeProof:
    """An ezkl proof that `code` commits to network(committed texture, committed mask). No public instances.

    The commitments are the head of `proof`, in the order texture, mask, code, 64 bytes each; they include
    the constant of the unusable rows.
    """

    network: str
    proof: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.proof) < 192 or len(self.proof) % 32:
            raise EncodingError(f"a code proof is a whole number of 32-byte words, at least 6; got {len(self.proof)} B")
        for position in range(3):
            G1Point.from_bytes(self.proof[64 * position : 64 * position + 64])

    def _commitment(self, position: int) -> G1Point:
        return G1Point.from_bytes(self.proof[64 * position : 64 * position + 64])

    @property
    def texture(self) -> G1Point:
        return self._commitment(0)

    @property
    def mask(self) -> G1Point:
        return self._commitment(1)

    @property
    def code(self) -> G1Point:
        return self._commitment(2)


@dataclass(frozen=True)
class IdentityCommitment:
    """Leaf of the registry's group: Poseidon of a Semaphore V4 public key; not 0."""

    value: int

    def __post_init__(self) -> None:
        if require_scalar(self.value, "identity commitment") == 0:
            raise EncodingError("identity commitment 0 marks a removed leaf")


@dataclass(frozen=True)
class Nullifier:
    """Spent once per scope; links the acts of one identity within a scope and nothing else."""

    value: int

    def __post_init__(self) -> None:
        require_scalar(self.value, "nullifier")


@dataclass(frozen=True)
class MembershipProof:
    """A Semaphore V4 proof. `message` and `scope` are the values before hashing; `points` is Groth16's A, B, C."""

    merkle_tree_depth: int
    merkle_tree_root: int
    nullifier: Nullifier
    message: int
    scope: int
    points: tuple[int, int, int, int, int, int, int, int]

    def __post_init__(self) -> None:
        if not 1 <= self.merkle_tree_depth <= 32:
            raise EncodingError(f"merkle tree depth {self.merkle_tree_depth} lies outside 1..32")
        require_scalar(self.merkle_tree_root, "merkle tree root")
        for name, value in (("message", self.message), ("scope", self.scope)):
            if not 0 <= value < 1 << 256:
                raise EncodingError(f"{name} is not an unsigned 256-bit integer")
        for coordinate in self.points:
            require_base(coordinate, "proof coordinate")
