"""Writes tests/vectors/open_iris.json with open-iris itself. Its pins (numpy 1.24, OpenCV 4.7, pydantic 1) do not go
together with this project's, so it runs in an environment of its own, from the folder of this repository:

    python3.11 -m venv /tmp/open-iris && /tmp/open-iris/bin/pip install open-iris==1.11.2
    /tmp/open-iris/bin/python tests/model/evaluation/make_open_iris_vectors.py
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import iris
import numpy as np
from iris.nodes.iris_response_refinement.fragile_bits_refinement import FragileBitRefinement

sys.path.insert(0, str(Path(__file__).parent))
from textures import SEEDS, texture_and_mask  # type: ignore[import-not-found]

VECTORS = Path(__file__).parents[2] / "vectors" / "open_iris.json"


def open_iris_symbols(texture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """int8[64, 256] in {-1, 0, 1}, in the order of `model.evaluation.open_iris.encode_texture`; the
    nodes and parameters are those of its pipeline.yaml."""
    bank = iris.ConvFilterBank(maskisduplicated=False)
    normalized = iris.NormalizedIris(normalized_image=texture, normalized_mask=mask)
    response = bank.run(normalized)
    firm = FragileBitRefinement(
        value_threshold=(0.0001, 0.275, 0.08726646259971647), fragile_type="polar", maskisduplicated=False
    ).run(response)
    template = iris.IrisEncoder().run(firm)
    parts = [
        (2 * code[..., part].astype(np.int8) - 1) * seen[..., part]
        for code, seen in zip(template.iris_codes, template.mask_codes, strict=True)
        for part in (0, 1)
    ]
    return np.concatenate(parts).astype(np.int8)


def main() -> None:
    bank = iris.ConvFilterBank()
    kernels = [np.asarray(f.kernel_values) for f in bank.params.filters]
    rows = []
    for seed in SEEDS:
        texture, mask = texture_and_mask(seed)
        symbols = open_iris_symbols(texture, mask)
        rows.append(
            {
                "seed": seed,
                "texture_sha256": hashlib.sha256(texture.tobytes() + mask.tobytes()).hexdigest(),
                "visible": int((symbols != 0).sum()),
                "positive_hex": np.packbits(symbols > 0).tobytes().hex(),
                "masked_hex": np.packbits(symbols == 0).tobytes().hex(),
            }
        )
    content = {
        "version": 1,
        "made_by": f"open-iris {iris.__version__}, tests/model/evaluation/make_open_iris_vectors.py",
        "kernels": [[[[int(v.real), int(v.imag)] for v in row] for row in kernel[:3]] for kernel in kernels],
        "textures": rows,
    }
    VECTORS.write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()
