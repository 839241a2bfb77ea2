"""What the pipeline sees in one eye image: numbers to print, and one picture with every stage drawn."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.actions import open_image
from model.pipeline.encoding import encode_v1
from model.pipeline.examination import Examination, examine
from model.pipeline.eyelids import Eyelid
from model.pipeline.geometry import side_warning
from model.pipeline.normalization import UnrolledIris
from model.pipeline.planes import make_planes
from protocol.errors import ArtifactUnavailable, QualityError
from protocol.types import EyeSide, Plane, PlaneName

Picture = npt.NDArray[np.uint8]

_WIDTH_PX = 960
_INK = {"pupil": (80, 220, 80), "limbus": (60, 180, 255), "lid": (255, 140, 60), "masked": (60, 60, 230)}
"""Blue, green, red."""
_PAPER = (32, 32, 32)
_TEXT = (230, 230, 230)
_COLUMN = 480

__all__ = ["EyeReport", "draw_report", "inspect_file", "report_lines", "write_report_picture"]


@dataclass(frozen=True, eq=False)
class EyeReport:
    """An examined file. `examination` holds the eye itself: it is drawn where the person asked, never printed."""

    name: str
    stated: EyeSide
    examination: Examination = field(repr=False)

    @property
    def refusal(self) -> QualityError | None:
        return self.examination.refusal

    def to_json(self) -> dict[str, Any]:
        """Numbers only: nothing from which the eye, its code or its mask could be rebuilt."""
        seen, measured = self.examination, self.examination.measured
        geometry = measured.geometry if measured else None
        return {
            "file": self.name,
            "accepted": seen.refusal is None,
            "refused_because": seen.refusal.message if seen.refusal else None,
            "width_px": seen.image.width_px,
            "height_px": seen.image.height_px,
            "gates": [
                {
                    "measure": gate.measure,
                    "value": gate.value if math.isfinite(gate.value) else None,
                    "limit": gate.limit,
                    "kind": "at most" if gate.at_most else "at least",
                    "holds": gate.holds,
                }
                for gate in seen.gates
            ],
            "geometry": geometry
            and {
                "off_gaze": geometry.off_gaze,
                "visible_share_30": geometry.visible_share_30,
                "visible_share_90": geometry.visible_share_90,
                "pupil_to_iris_ratio": geometry.pupil_to_iris_ratio,
                "pupil_shift_x_iris_radii": geometry.pupil_shift_x,
                "pupil_shift_y_iris_radii": geometry.pupil_shift_y,
            },
            "side": {
                "stated": self.stated.name.lower(),
                "guess": geometry.side.side.name.lower() if geometry and geometry.side.side else "unknown",
                "confidence": geometry.side.confidence if geometry else None,
            },
            "warning": side_warning(self.stated, geometry.side) if geometry else None,
        }


def inspect_file(path: Path, stated: EyeSide) -> EyeReport:
    """Examine one image. Raises `InputError` for a file that is no image; an eye that is refused is a report."""
    return EyeReport(path.name, stated, examine(open_image(path), eye_side=stated, captured_at=int(time.time())))


def report_lines(report: EyeReport) -> list[str]:
    """For a terminal."""
    seen, measured = report.examination, report.examination.measured
    lines = [f"{report.name}: {seen.image.width_px}x{seen.image.height_px} px"]
    for gate in seen.gates:
        relation = "<=" if gate.at_most else ">="
        lines.append(f"{gate.measure:<32} {gate.value:>8.3g}  {relation} {gate.limit:<6.3g} {_verdict(gate.holds)}")
    if measured is not None:
        geometry, side = measured.geometry, measured.geometry.side
        guess = side.side.name.lower() if side.side else "unknown"
        lines += [
            f"{'visible_share_90':<32} {geometry.visible_share_90:>8.3g}",
            f"{'pupil_shift_iris_radii':<32} {geometry.pupil_shift_x:>+8.3f} right, {geometry.pupil_shift_y:+.3f} down",
            f"{'eye side':<32} stated {report.stated.name.lower()}, guess {guess} ({side.confidence:.0%})",
        ]
        warning = side_warning(report.stated, side)
        lines += [f"warning: {warning}"] if warning else []
    lines.append("accepted" if seen.refusal is None else f"refused: {seen.refusal.message}")
    return lines


def write_report_picture(report: EyeReport, path: Path) -> None:
    """Write `draw_report` as PNG that only its owner can read; an existing file is replaced.

    Raises `ArtifactUnavailable` where it cannot be written.
    """
    encoded, data = cv2.imencode(".png", draw_report(report))
    if not encoded:
        raise ArtifactUnavailable(f"{path.name} cannot be encoded as png")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # The mode is given at the file's making: at no time can others read it.
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data.tobytes())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        reason = (error.strerror or type(error).__name__).lower()
        raise ArtifactUnavailable(f"{path} cannot be written: {reason}", hint="check the folder") from None


def draw_report(report: EyeReport) -> Picture:
    """uint8[H, 960, 3], BGR: the eye with its contours, the same with what is masked, the unrolled iris, the planes
    and the code; of a refused eye the stages that were reached, and the reason."""
    seen = report.examination
    scale = _COLUMN / seen.image.width_px
    plain, marked = (_enlarged(seen.image.pixels, scale) for _ in range(2))
    _draw_contours(plain, seen, scale)
    if seen.segmentation is not None and seen.unrolled is not None:
        _draw_mask(marked, seen, scale)
    verdict = "accepted" if seen.refusal is None else f"refused: {seen.refusal.message}"
    rows = [
        _caption(f"{verdict}"),
        np.concatenate([plain, marked], axis=1),
        _caption("pupil (green), limbus (orange), lids (blue); right: masked (red)"),
    ]
    if seen.unrolled is not None:
        rows += _unrolled_rows(seen.unrolled)
    if seen.iris is not None:
        planes = make_planes(seen.iris)
        rows += _plane_rows(planes[PlaneName.TEXTURE_8X120], planes[PlaneName.MASK_8X120])
    return np.concatenate(rows, axis=0)


def _unrolled_rows(unrolled: UnrolledIris) -> list[Picture]:
    texture = cv2.cvtColor(unrolled.texture, cv2.COLOR_GRAY2BGR)
    tinted = texture.copy()
    tinted[~unrolled.valid] = _INK["masked"]
    size = (_WIDTH_PX, 2 * texture.shape[0])
    return [
        _caption("unrolled iris, 64 x 480: pupil at the top, from 3 o'clock clockwise; below: with its mask"),
        np.asarray(cv2.resize(texture, size, interpolation=cv2.INTER_NEAREST), np.uint8),
        np.asarray(cv2.resize(tinted, size, interpolation=cv2.INTER_NEAREST), np.uint8),
    ]


def _plane_rows(texture: Plane, mask: Plane) -> list[Picture]:
    cells = np.frombuffer(texture.cells, np.uint8).reshape(texture.name.shape)
    code = np.array(encode_v1(texture, mask).symbols, np.int8).reshape(16, 120)
    return [
        _caption("texture plane 8 x 120, and its mask (white: used)"),
        _cells(cells),
        _cells(255 * np.frombuffer(mask.cells, np.uint8).reshape(mask.name.shape)),
        _caption("iris code, 2 kernels x 8 x 120 symbols: white +1, black -1, grey masked"),
        _cells((127 + 127 * code.astype(np.int16)).astype(np.uint8)),
    ]


def _draw_contours(picture: Picture, seen: Examination, scale: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 361)
    if seen.segmentation is not None:
        found = seen.segmentation
        for contour, ink in ((found.pupil, "pupil"), (found.limbus, "limbus")):
            _line(picture, contour.points_px(angles), scale, ink)
        for lid in (found.upper_lid, found.lower_lid):
            if lid is not None:
                _draw_lid(picture, lid, seen, scale)
    elif seen.sighting is not None:
        circle = seen.sighting.limbus
        around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * circle.radius_px
        _line(picture, seen.sighting.pupil.points_px(angles), scale, "pupil")
        _line(picture, around + np.array([circle.x_px, circle.y_px]), scale, "limbus")


def _draw_lid(picture: Picture, lid: Eyelid, seen: Examination, scale: float) -> None:
    assert seen.segmentation is not None
    circle = seen.segmentation.limbus.circle
    x = np.linspace(circle.x_px - 1.1 * circle.radius_px, circle.x_px + 1.1 * circle.radius_px, 80)
    _line(picture, np.stack([x, lid.edge_y_px(x)], axis=1), scale, "lid")


def _draw_mask(picture: Picture, seen: Examination, scale: float) -> None:
    """Texels that are masked, back in their places."""
    assert seen.segmentation is not None
    assert seen.unrolled is not None
    rows, columns = seen.unrolled.valid.shape
    angles = np.arange(columns) * (2 * np.pi / columns)
    inner, outer = (c.points_px(angles) for c in (seen.segmentation.pupil, seen.segmentation.limbus))
    for row in range(rows):
        share = (row + 0.5) / rows
        points = ((1 - share) * inner + share * outer)[~seen.unrolled.valid[row]]
        for x, y in np.round((points + 0.5) * scale - 0.5).astype(int):
            cv2.circle(picture, (int(x), int(y)), 1, _INK["masked"], -1)


def _line(picture: Picture, points_px: npt.NDArray[np.float64], scale: float, ink: str) -> None:
    fixed = np.round(((points_px + 0.5) * scale - 0.5) * 16).astype(np.int32)
    cv2.polylines(picture, [fixed], False, _INK[ink], 1, cv2.LINE_AA, 4)


def _enlarged(pixels: Picture, scale: float) -> Picture:
    size = (_COLUMN, round(pixels.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.cvtColor(cv2.resize(pixels, size, interpolation=way), cv2.COLOR_GRAY2BGR), np.uint8)


def _cells(values: Picture) -> Picture:
    side = _WIDTH_PX // values.shape[1]
    grey = np.repeat(np.repeat(values, side, axis=0), side, axis=1)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def _caption(text: str) -> Picture:
    strip = np.full((26, _WIDTH_PX, 3), _PAPER, np.uint8)
    cv2.putText(strip, text[:118], (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.46, _TEXT, 1, cv2.LINE_AA)
    return strip


def _verdict(holds: bool) -> str:
    return "" if holds else "NO"
