"""The codes of pictures in a folder, or the gates that refused them. As a program, for a process with another OpenCV:
the folder as argument, JSON on standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from model.pipeline.encoding import encode_v1
from model.pipeline.image import EyeImage
from model.pipeline.pipeline import normalize_eye
from model.pipeline.planes import make_planes
from protocol.errors import QualityError
from protocol.types import EyeSide, IrisCode, PlaneName

__all__ = ["code_of", "encoded"]


def code_of(picture: EyeImage) -> IrisCode:
    """Raises `QualityError`."""
    planes = make_planes(normalize_eye(picture, eye_side=EyeSide.LEFT, captured_at=0))
    return encode_v1(planes[PlaneName.TEXTURE_8X120], planes[PlaneName.MASK_8X120])


def encoded(folder: Path) -> dict[str, list[int] | str]:
    """By the name of each `.npy`: the symbols of the code, or the measure of the gate that refused the picture."""
    found: dict[str, list[int] | str] = {}
    for file in sorted(folder.glob("*.npy")):
        try:
            found[file.stem] = list(code_of(EyeImage(np.load(file))).symbols)
        except QualityError as refusal:
            found[file.stem] = refusal.measure
    return found


if __name__ == "__main__":
    json.dump({"opencv": cv2.__version__, "codes": encoded(Path(sys.argv[1]))}, sys.stdout)
