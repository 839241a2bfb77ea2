"""The one module that imports ezkl. It runs as a process of its own and does one job from standard input.

ezkl carries no licence and reads an unauthenticated cache under HOME; its interpreter may crash at exit after the
async calls. So: pip-installed only, a fresh empty HOME for each job, `os._exit` at the end, and nothing of ours is
imported here, which keeps the prover's memory small. Private inputs arrive on standard input and live in memory files
only; they never touch a disk, an argument or the environment.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import ezkl

Job = dict[str, Any]


def _memory_file(name: str, data: bytes = b"") -> str:
    """A path to an anonymous file in memory, open as long as this process lives."""
    descriptor = os.memfd_create(name)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return f"/proc/self/fd/{descriptor}"


def _settings(job: Job) -> Job:
    arguments = ezkl.PyRunArgs()
    for name, value in job["run_args"].items():
        setattr(arguments, name, tuple(value) if isinstance(value, list) else value)
    ezkl.gen_settings(job["onnx"], job["settings"], py_run_args=arguments)
    return {}


def _compile_and_set_up(job: Job) -> Job:
    ezkl.compile_circuit(job["onnx"], job["compiled"], job["settings"])
    ezkl.setup(job["compiled"], job["vk"], job["pk"], job["srs"])
    return {}


def _commit(job: Job) -> Job:
    points = ezkl.kzg_commit(job["felts"], job["vk"], job["settings"], job["srs"])
    return {"points": [[point.x, point.y] for point in points]}


def _solidity(job: Job) -> Job:
    async def write() -> None:
        await ezkl.create_evm_verifier(job["vk"], job["settings"], job["solidity"], job["abi"], job["srs"])

    try:  # it writes the contract first, then wants to download a compiler for the ABI, which we do not need
        asyncio.run(write())
    except RuntimeError:
        if not os.path.exists(job["solidity"]):  # noqa: PTH110 (no pathlib here: fewer imports, less memory)
            raise
    return {}


def _witness(felts: list[list[str]], compiled: str) -> tuple[str, list[str]]:
    """The path of the witness, in memory, and the output vector. Without the key: the prover commits by itself."""
    data = _memory_file("planes", json.dumps({"input_data": felts}).encode())
    path = _memory_file("witness")
    return path, ezkl.gen_witness(data, compiled, path)["outputs"][0]


def _evaluate(job: Job) -> Job:
    return {"outputs": [_witness(felts, job["compiled"])[1] for felts in job["inputs"]]}


def _prove(job: Job) -> Job:
    started_s = time.process_time()
    witness, outputs = _witness(job["felts"], job["compiled"])
    if outputs != job["expected"]:
        raise RuntimeError("the witness is not the expected code")
    ezkl.prove(witness, job["compiled"], job["pk"], (proof := _memory_file("proof")), job["srs"])
    cpu_s = time.process_time() - started_s
    if not ezkl.verify(proof, job["settings"], job["vk"], job["srs"]):
        raise RuntimeError("the proof does not verify")
    with open(proof) as file:  # noqa: PTH123
        made = json.load(file)
    return {"proof": made["hex_proof"], "instances": made["instances"], "cpu_s": cpu_s, "peak_kib": _peak_kib()}


def _peak_kib() -> int:
    """This program's peak memory. Not `getrusage`, whose figure counts what the caller used before the exec."""
    with open("/proc/self/status") as file:  # noqa: PTH123
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def _holds(proof: bytes, job: Job) -> bool:
    file: Job = {
        "protocol": None,
        "instances": [[]],
        "proof": list(proof),
        "hex_proof": "0x" + proof.hex(),
        "split": None,
        "pretty_public_inputs": None,
        "timestamp": None,
        "transcript_type": "EVM",
    }
    path = _memory_file("proof", json.dumps(file).encode())
    try:
        return bool(ezkl.verify(path, job["settings"], job["vk"], job["srs"]))
    finally:
        os.close(int(path.rsplit("/", 1)[1]))


def _verify(job: Job) -> Job:
    """All in one process: starting one costs more than ten verifications. Answers with the places that fail."""
    for name in ("settings", "vk", "srs"):
        os.stat(job[name])  # noqa: PTH116 - a key that is not there would make every proof look false
    failed = []
    for place, proof in enumerate(job["proofs"]):
        try:
            holds = _holds(bytes.fromhex(proof), job)
        except BaseException:  # ezkl's panics are no Exception; a proof that cannot be read does not hold
            holds = False
        if not holds:
            failed.append(place)
    return {"failed": failed}


def _throwaway_srs(job: Job) -> Job:
    """ezkl's own development SRS, of any size: for benchmarks of circuits that are not ours."""
    ezkl.gen_srs(job["srs"], job["k"])
    return {}


def _published_srs(job: Job) -> Job:
    async def fetch() -> None:
        await ezkl.get_srs(logrows=job["k"], srs_path=job["srs"])

    asyncio.run(fetch())
    return {}


_JOBS: dict[str, Callable[[Job], Job]] = {
    "settings": _settings,
    "set_up": _compile_and_set_up,
    "commit": _commit,
    "solidity": _solidity,
    "evaluate": _evaluate,
    "prove": _prove,
    "verify": _verify,
    "throwaway_srs": _throwaway_srs,
    "published_srs": _published_srs,
}


def _die_with_parent() -> None:
    """A prover without its caller serves nobody; Linux can end it even after `kill -9` of the caller."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def answer_to_job(job: Job) -> Job:
    """`{"result": ...}`, or `{"error": words}`, which may quote the inputs."""
    try:
        return {"result": _JOBS[job.pop("job")](job)}
    except BaseException as error:  # ezkl's panics are no Exception
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Read one job as JSON, do it, write the result as JSON; whatever ezkl prints goes to standard error."""
    _die_with_parent()
    answer_to = os.dup(1)
    os.dup2(2, 1)
    answer = answer_to_job(json.load(sys.stdin))
    with os.fdopen(answer_to, "w") as file:
        json.dump(answer, file)
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
