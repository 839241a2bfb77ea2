"""One function a user action. The command line and the window call the same ones.

Only here is the order of things known. A module holds the actions of one stage; it is loaded when one of its actions is
first asked for, because a chain's client or a prover takes longer to load than a vault to open.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.actions.answering import ANSWER_VERSION, RequestView, answer_request, deliver_answer, view_request
    from app.actions.artifacts import (
        build_iris_circuit,
        check_srs_files,
        derive_srs_files,
        fetch_srs_files,
        model_description,
        verifier_size,
    )
    from app.actions.balloting import PollView, cast_ballot, check_receipt, list_polls, settle_outbox, view_poll
    from app.actions.capture import (
        ProvedCapture,
        attest_capture,
        compute_code,
        naming,
        open_image,
        prove_capture,
        unroll_eye,
    )
    from app.actions.circuit import circuit_of_key, ready_circuit
    from app.actions.enrollment import deploy_registry, enroll, enrollment_of
    from app.actions.facts import has_words, proof_facts, registry_eyes, stages_of
    from app.actions.joining import (
        Membership,
        WaitingRecovery,
        begin_enrollment,
        begin_recovery,
        begin_upgrades,
        job_secrets,
        membership,
        record_of,
        resume_jobs,
        retry_job,
        settle_job,
    )
    from app.actions.keeping import (
        BackupFacts,
        back_up,
        begin_words,
        change_passphrase,
        confirm_words,
        create_vault,
        delete_everything,
        forget_device,
        needs_backup,
        rehearse_backup,
        remember_on_device,
        restore_vault,
        unlock_on_device,
        unlock_vault,
        vault_path,
    )
    from app.actions.leaving import cancel_recovery, complete_recovery, leave_registry
    from app.actions.links import open_link
    from app.actions.provers import download_provers, missing_provers, wanted_provers
    from app.actions.synthetic import write_synthetic_eye
    from app.actions.uniqueness import ask_committee, ask_erased, with_verdict
    from app.actions.values import (
        WORD_COUNT,
        AutoLock,
        Job,
        Passphrase,
        RecoveryWords,
        Session,
        Vault,
        data_folder,
        open_session,
        read_endpoints,
    )
    from app.actions.voting import cast_vote, open_poll, prepare_ballot, snapshot_group
    from app.actions.watching import coach_eye, import_url, open_camera

__all__ = [
    "ANSWER_VERSION",
    "WORD_COUNT",
    "AutoLock",
    "BackupFacts",
    "Job",
    "Membership",
    "Passphrase",
    "PollView",
    "ProvedCapture",
    "RecoveryWords",
    "RequestView",
    "Session",
    "Vault",
    "WaitingRecovery",
    "answer_request",
    "ask_committee",
    "ask_erased",
    "attest_capture",
    "back_up",
    "begin_enrollment",
    "begin_recovery",
    "begin_upgrades",
    "begin_words",
    "build_iris_circuit",
    "cancel_recovery",
    "cast_ballot",
    "cast_vote",
    "change_passphrase",
    "check_receipt",
    "check_srs_files",
    "circuit_of_key",
    "coach_eye",
    "complete_recovery",
    "compute_code",
    "confirm_words",
    "create_vault",
    "data_folder",
    "delete_everything",
    "deliver_answer",
    "deploy_registry",
    "derive_srs_files",
    "download_provers",
    "enroll",
    "enrollment_of",
    "fetch_srs_files",
    "forget_device",
    "has_words",
    "import_url",
    "job_secrets",
    "leave_registry",
    "list_polls",
    "membership",
    "missing_provers",
    "model_description",
    "naming",
    "needs_backup",
    "open_camera",
    "open_image",
    "open_link",
    "open_poll",
    "open_session",
    "prepare_ballot",
    "proof_facts",
    "prove_capture",
    "read_endpoints",
    "ready_circuit",
    "record_of",
    "registry_eyes",
    "rehearse_backup",
    "remember_on_device",
    "restore_vault",
    "resume_jobs",
    "retry_job",
    "settle_job",
    "settle_outbox",
    "snapshot_group",
    "stages_of",
    "unlock_on_device",
    "unlock_vault",
    "unroll_eye",
    "vault_path",
    "verifier_size",
    "view_poll",
    "view_request",
    "wanted_provers",
    "with_verdict",
    "write_synthetic_eye",
]

_MODULES = {
    "answering": "ANSWER_VERSION RequestView answer_request deliver_answer view_request",
    "artifacts": (
        "build_iris_circuit check_srs_files derive_srs_files fetch_srs_files model_description verifier_size"
    ),
    "balloting": "PollView cast_ballot check_receipt list_polls settle_outbox view_poll",
    "capture": ("ProvedCapture attest_capture compute_code naming open_image prove_capture unroll_eye"),
    "circuit": "circuit_of_key ready_circuit",
    "enrollment": "deploy_registry enroll enrollment_of",
    "joining": (
        "Membership WaitingRecovery begin_enrollment begin_recovery begin_upgrades job_secrets membership record_of "
        "resume_jobs retry_job settle_job"
    ),
    "keeping": (
        "BackupFacts back_up begin_words change_passphrase confirm_words create_vault delete_everything "
        "forget_device needs_backup rehearse_backup remember_on_device restore_vault unlock_on_device "
        "unlock_vault vault_path"
    ),
    "leaving": "cancel_recovery complete_recovery leave_registry",
    "provers": "download_provers missing_provers wanted_provers",
    "synthetic": "write_synthetic_eye",
    "uniqueness": "ask_committee ask_erased with_verdict",
    "voting": "cast_vote open_poll prepare_ballot snapshot_group",
    "facts": "has_words proof_facts registry_eyes stages_of",
    "links": "open_link",
    "values": (
        "WORD_COUNT AutoLock Job Passphrase RecoveryWords Session Vault data_folder open_session read_endpoints"
    ),
    "watching": "coach_eye import_url open_camera",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
