// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IrisRegistry} from "../src/IrisRegistry.sol";
import {Capture, Verdict} from "../src/Types.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @dev What stations and committee sign, held to the vectors that Python made.
contract SignedVectorsTest is RegistryFixture {
    /// @dev The domain follows the contract's address and the chain: put the same code where the vector says.
    function registryOf(string memory vectors, string memory part) private returns (IrisRegistry) {
        address where = vm.parseJsonAddress(vectors, string.concat(part, ".registry"));
        vm.etch(where, address(registry).code);
        vm.chainId(vm.parseJsonUint(vectors, string.concat(part, ".chain_id")));
        return IrisRegistry(where);
    }

    function test_Capture_DigestAndStationAgree() public {
        string memory vectors = vm.readFile("tests/vectors/attestation.json");
        Capture memory capture = Capture({
            commitmentsRoot: vm.parseJsonBytes32(vectors, ".ladder.root"),
            eyeSide: uint8(vm.parseJsonUint(vectors, ".attestation.eye_side")),
            identityCommitment: uint256(vm.parseJsonBytes32(vectors, ".attestation.identity_commitment")),
            capturedAt: uint64(vm.parseJsonUint(vectors, ".attestation.captured_at")),
            nonce: vm.parseJsonBytes32(vectors, ".attestation.nonce")
        });
        bytes32 digest = registryOf(vectors, ".attestation").captureDigest(capture);
        vm.assertEq(digest, vm.parseJsonBytes32(vectors, ".attestation.digest"));
        bytes memory signature = vm.parseJsonBytes(vectors, ".attestation.signature");
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        vm.assertEq(ecrecover(digest, uint8(signature[64]), r, s), vm.parseJsonAddress(vectors, ".attestation.station"));
    }

    function test_Verdict_EncodingDigestAndNodesAgree() public {
        string memory vectors = vm.readFile("tests/vectors/verdict.json");
        bytes memory signed = vm.parseJsonBytes(vectors, ".verdict.encoded");
        vm.assertEq(signed.length, 451);
        Verdict memory verdict = Verdict({
            kind: uint8(vm.parseJsonUint(vectors, ".verdict.kind")),
            codeCommitment: vm.parseJsonBytes32(vectors, ".verdict.code_commitment"),
            identityCommitment: uint256(vm.parseJsonBytes32(vectors, ".verdict.identity_commitment")),
            modelId: uint32(vm.parseJsonUint(vectors, ".verdict.model_id")),
            databaseSize: uint64(vm.parseJsonUint(vectors, ".verdict.database_size")),
            logRoot: vm.parseJsonBytes32(vectors, ".verdict.log_root"),
            recordId: uint64(vm.parseJsonUint(vectors, ".verdict.record_id")),
            expiresAt: uint64(vm.parseJsonUint(vectors, ".verdict.expires_at"))
        });
        vm.assertEq(keccak256(this.head(signed)), keccak256(abi.encode(verdict)));
        bytes32 digest = registryOf(vectors, ".verdict").verdictDigest(verdict);
        vm.assertEq(digest, vm.parseJsonBytes32(vectors, ".verdict.digest"));
        committee.replaceCommittee(
            [
                vm.parseJsonAddress(vectors, ".verdict.nodes[0]"),
                vm.parseJsonAddress(vectors, ".verdict.nodes[1]"),
                vm.parseJsonAddress(vectors, ".verdict.nodes[2]")
            ]
        );
        committee.requireSigned(digest, this.tail(signed));
    }

    function head(bytes calldata signed) external pure returns (bytes memory) {
        return signed[:256];
    }

    function tail(bytes calldata signed) external pure returns (bytes memory) {
        return signed[256:];
    }
}
