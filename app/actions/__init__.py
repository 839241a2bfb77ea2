"""One function a user action. The command line and, later, the window call the same ones.

Only here is the order of things known. A module holds the actions of one stage.
"""

from app.actions.artifacts import (
    build_iris_circuit,
    check_srs_files,
    derive_srs_files,
    fetch_srs_files,
    model_description,
    ready_circuit,
    verifier_size,
)
from app.actions.capture import (
    ProvedCapture,
    attest_capture,
    compute_code,
    naming,
    open_image,
    prove_capture,
    unroll_eye,
    write_synthetic_eye,
)
from app.actions.enrollment import deploy_registry, enroll, enrollment_of
from app.actions.voting import cast_vote, prepare_ballot, snapshot_group

__all__ = [
    "ProvedCapture",
    "attest_capture",
    "build_iris_circuit",
    "cast_vote",
    "check_srs_files",
    "compute_code",
    "deploy_registry",
    "derive_srs_files",
    "enroll",
    "enrollment_of",
    "fetch_srs_files",
    "model_description",
    "naming",
    "open_image",
    "prepare_ballot",
    "prove_capture",
    "ready_circuit",
    "snapshot_group",
    "unroll_eye",
    "verifier_size",
    "write_synthetic_eye",
]
