// Semaphore's own JavaScript packages, driven by test_semaphore_js.py: one JSON request on stdin, one JSON answer on stdout.
import { readFileSync, writeSync } from "node:fs"
import { Group } from "@semaphore-protocol/group"
import { Identity } from "@semaphore-protocol/identity"
import { generateProof, verifyProof } from "@semaphore-protocol/proof"

const request = JSON.parse(readFileSync(0, "utf8"))
const identityOf = (hex) => new Identity(Buffer.from(hex, "hex"))

const actions = {
    identities: () =>
        request.secrets.map((hex) => {
            const identity = identityOf(hex)
            return { commitment: identity.commitment.toString(), scalar: identity.secretScalar.toString() }
        }),
    root: () => new Group(request.leaves.map(BigInt)).root.toString(),
    prove: () => {
        const group = new Group(request.leaves.map(BigInt))
        const { wasm, zkey, depth } = request
        return generateProof(identityOf(request.secret), group, request.message, request.scope, depth, { wasm, zkey })
    },
    verify: () => verifyProof(request.proof)
}

const text = JSON.stringify(await actions[request.action]())
for (let sent = 0; sent < text.length; ) sent += writeSync(1, text.slice(sent))
process.exit(0) // snarkjs keeps worker threads
