// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {Bn254, G1Point} from "../src/libraries/Bn254.sol";
import {CaptureLadder} from "../src/libraries/CaptureLadder.sol";
import {RegistryFixture} from "./RegistryFixture.sol";
import {StubCodeVerifier} from "./Stubs.sol";

/// @dev Every check of `enroll` but the proof itself, which runs with real proofs in pytest.
contract IrisRegistryEnrollTest is RegistryFixture {
    function test_Enroll_MakesAMemberWithARecord() public {
        IIrisRegistry.Enrollment memory e = good();
        vm.prank(address(0xCAFE));
        uint256 index = registry.enroll(e);
        vm.assertEq(index, 0);
        vm.assertEq(registry.size(), 1);
        vm.assertEq(registry.depth(), 0);
        vm.assertEq(registry.root(), 42);
        vm.assertTrue(registry.hasMember(0, 42));
        vm.assertTrue(registry.nonceUsed(station, e.capture.nonce));
        IIrisRegistry.Record memory r = registry.recordOf(42);
        vm.assertEq(r.commitmentsRoot, e.capture.commitmentsRoot);
        vm.assertEq(r.station, station);
        vm.assertEq(uint256(r.enrolledAt), NOW);
        vm.assertEq(uint256(r.eyeSide), 1);
        vm.assertEq(uint256(r.modelId), modelId);
        G1Point memory code = multiple(103);
        vm.assertEq(r.codeCommitment, keccak256(abi.encode(code.x, code.y)));
    }

    function test_RecordOf_RevertWhen_NotEnrolled() public {
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__IdentityNotEnrolled.selector, 42));
        registry.recordOf(42);
    }

    // 1

    function test_Enroll_RevertWhen_ModelUnknownOrRetired() public {
        IIrisRegistry.Enrollment memory e = good();
        e.modelId = 2;
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ModelUnknown.selector, 2));
        registry.enroll(e);
        e.modelId = modelId;
        registry.retireModel(modelId);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ModelRetired.selector, modelId, NOW));
        registry.enroll(e);
    }

    // 2

    function testFuzz_Enroll_RevertWhen_IdentityNotCanonical(uint256 identity) public {
        identity = within(identity, Bn254.SCALAR_FIELD, type(uint256).max);
        IIrisRegistry.Enrollment memory e = enrollmentOf(identity, 101, 102, 103);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__IdentityNotCanonical.selector, identity));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_IdentityIsZero() public {
        IIrisRegistry.Enrollment memory e = enrollmentOf(0, 101, 102, 103);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__IdentityNotCanonical.selector, 0));
        registry.enroll(e);
    }

    function test_Enroll_TakesTheLargestIdentity() public {
        registry.enroll(enrollmentOf(Bn254.SCALAR_FIELD - 1, 101, 102, 103));
    }

    function testFuzz_Enroll_RevertWhen_EyeSideUnknown(uint8 side) public {
        vm.assume(side != 1 && side != 2);
        IIrisRegistry.Enrollment memory e = good();
        e.capture.eyeSide = side;
        sign(e, STATION_KEY);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__EyeSideUnknown.selector, side));
        registry.enroll(e);
    }

    // 3

    function test_Enroll_AgeBoundaries() public {
        IIrisRegistry.Enrollment memory e = good();
        e.capture.capturedAt = uint64(NOW + 5 minutes + 1);
        sign(e, STATION_KEY);
        expect(
            abi.encodeWithSelector(
                IIrisRegistry.Registry__CapturedInFuture.selector, e.capture.capturedAt, block.timestamp
            )
        );
        registry.enroll(e);
        e.capture.capturedAt = uint64(NOW - 1 days - 1);
        sign(e, STATION_KEY);
        expect(
            abi.encodeWithSelector(
                IIrisRegistry.Registry__AttestationExpired.selector, e.capture.capturedAt, NOW - 1, block.timestamp
            )
        );
        registry.enroll(e);
        e.capture.capturedAt = uint64(NOW - 1 days);
        sign(e, STATION_KEY);
        registry.enroll(e);
        e = enrollmentOf(43, 104, 105, 106);
        e.capture.capturedAt = uint64(NOW + 5 minutes);
        sign(e, STATION_KEY);
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_CapturedAtTheEndOfTime() public {
        IIrisRegistry.Enrollment memory e = good();
        e.capture.capturedAt = type(uint64).max;
        sign(e, STATION_KEY);
        expect(
            abi.encodeWithSelector(IIrisRegistry.Registry__CapturedInFuture.selector, type(uint64).max, block.timestamp)
        );
        registry.enroll(e);
    }

    // 4

    function testFuzz_Enroll_RevertWhen_AnySignedFieldDiffers(uint256 field, uint256 flip) public {
        IIrisRegistry.Enrollment memory e = good();
        bytes32 signedDigest = registry.captureDigest(e.capture);
        field = within(field, 0, 3);
        flip = within(flip, 1, 1 days);
        if (field == 0) e.capture.commitmentsRoot = bytes32(uint256(e.capture.commitmentsRoot) ^ flip);
        if (field == 1) e.capture.eyeSide = 2;
        if (field == 2) e.capture.identityCommitment += flip;
        if (field == 3) e.capture.capturedAt -= uint64(flip);
        vm.assertTrue(registry.captureDigest(e.capture) != signedDigest);
        expectUnknownStation(e);
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_NonceDiffersFromTheSigned() public {
        IIrisRegistry.Enrollment memory e = good();
        e.capture.nonce = bytes32(uint256(1));
        expectUnknownStation(e);
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_SignedForAnotherChain() public {
        IIrisRegistry.Enrollment memory e = good();
        vm.chainId(999);
        expectUnknownStation(e);
        registry.enroll(e);
    }

    function testFuzz_Enroll_RevertWhen_StationUnknown(uint256 key) public {
        key = within(key, 1, 1 << 200);
        vm.assume(key != STATION_KEY);
        IIrisRegistry.Enrollment memory e = good();
        sign(e, key);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationUnknown.selector, vm.addr(key)));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_StationRevoked() public {
        IIrisRegistry.Enrollment memory e = good();
        registry.revokeStation(station);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationRevoked.selector, station, NOW));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_SignatureHasHighS() public {
        IIrisRegistry.Enrollment memory e = good();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(STATION_KEY, registry.captureDigest(e.capture));
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 high = bytes32(n - uint256(s));
        e.stationSignature = abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27));
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationSignatureInvalid.selector, 3, high));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_SignatureHasAnotherLength() public {
        IIrisRegistry.Enrollment memory e = good();
        e.stationSignature = bytes.concat(e.stationSignature, hex"00");
        expect(
            abi.encodeWithSelector(IIrisRegistry.Registry__StationSignatureInvalid.selector, 2, bytes32(uint256(66)))
        );
        registry.enroll(e);
        e.stationSignature = new bytes(64);
        expect(
            abi.encodeWithSelector(IIrisRegistry.Registry__StationSignatureInvalid.selector, 2, bytes32(uint256(64)))
        );
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_NonceUsed() public {
        IIrisRegistry.Enrollment memory e = good();
        registry.enroll(e);
        IIrisRegistry.Enrollment memory other = enrollmentOf(43, 104, 105, 106);
        other.capture.nonce = e.capture.nonce;
        sign(other, STATION_KEY);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__NonceUsed.selector, station, e.capture.nonce));
        registry.enroll(other);
    }

    function test_Enroll_TakesTheSameNonceFromAnotherStation() public {
        registry.addStation(vm.addr(77));
        IIrisRegistry.Enrollment memory e = good();
        registry.enroll(e);
        IIrisRegistry.Enrollment memory other = enrollmentOf(43, 104, 105, 106);
        other.capture.nonce = e.capture.nonce;
        sign(other, 77);
        vm.assertEq(registry.enroll(other), 1);
    }

    // 5

    function testFuzz_Enroll_RevertWhen_ProofHasAnotherLength(uint256 length) public {
        length = within(length, 0, 1024);
        vm.assume(length != 256);
        IIrisRegistry.Enrollment memory e = good();
        e.proof = new bytes(length);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__ProofLengthWrong.selector, length, 256));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_ACoordinateIsNotCanonical() public {
        for (uint256 word = 0; word < 6; ++word) {
            IIrisRegistry.Enrollment memory e = good();
            uint256 alias_ = wordOf(e.proof, word) + Bn254.BASE_FIELD;
            setWord(e.proof, word, alias_);
            expect(abi.encodeWithSelector(IIrisRegistry.Registry__CoordinateNotCanonical.selector, word / 2, alias_));
            registry.enroll(e);
        }
    }

    function testFuzz_Enroll_RevertWhen_ACommitmentIsOffTheCurve(uint256 word, uint256 value) public {
        word = within(word, 0, 5);
        value = within(value, 0, Bn254.BASE_FIELD - 1);
        IIrisRegistry.Enrollment memory e = good();
        setWord(e.proof, word, value);
        G1Point memory p = G1Point(wordOf(e.proof, word & ~uint256(1)), wordOf(e.proof, word | 1));
        vm.assume(!Bn254.isOnCurve(p));
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__PointNotOnCurve.selector, word / 2, p.x, p.y));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_ACommitmentIsBlank() public {
        G1Point memory blinding = multiple(5);
        for (uint256 position = 0; position < 2; ++position) {
            IIrisRegistry.Enrollment memory e = good();
            // Even if the station signed the point at infinity.
            bytes32 textureLeaf = CaptureLadder.leafOf(TEXTURE_PLANE, 13, position == 0 ? G1Point(0, 0) : multiple(101));
            bytes32 maskLeaf = CaptureLadder.leafOf(MASK_PLANE, 13, position == 1 ? G1Point(0, 0) : multiple(102));
            (e.texturePath[0], e.maskPath[0]) = (maskLeaf, textureLeaf);
            e.capture.commitmentsRoot = pair(textureLeaf, maskLeaf);
            sign(e, STATION_KEY);
            setWord(e.proof, 2 * position, blinding.x);
            setWord(e.proof, 2 * position + 1, blinding.y);
            expect(abi.encodeWithSelector(IIrisRegistry.Registry__CommitmentIsBlank.selector, position));
            registry.enroll(e);
        }
    }

    function testFuzz_Enroll_RevertWhen_ACommitmentIsNotTheSigned(uint256 texture, uint256 mask) public {
        texture = within(texture, 1, 1 << 128);
        mask = within(mask, 1, 1 << 128);
        vm.assume(texture != 101 && mask != 102);
        IIrisRegistry.Enrollment memory e = good();
        bytes memory proof = e.proof;
        e.proof = enrollmentOf(42, texture, 102, 103).proof;
        G1Point memory other = multiple(texture);
        expect(notAttested(TEXTURE_PLANE, other));
        registry.enroll(e);
        e.proof = enrollmentOf(42, 101, mask, 103).proof;
        other = multiple(mask);
        expect(notAttested(MASK_PLANE, other));
        registry.enroll(e);
        e.proof = proof;
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_TextureAndMaskAreSwapped() public {
        IIrisRegistry.Enrollment memory e = good();
        e.proof = enrollmentOf(42, 102, 101, 103).proof;
        (e.texturePath, e.maskPath) = (e.maskPath, e.texturePath);
        expect(notAttested(TEXTURE_PLANE, multiple(102)));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_SignedForAnotherSizeOrPlane() public {
        IIrisRegistry.Enrollment memory e = good();
        resignWith(e, CaptureLadder.leafOf(TEXTURE_PLANE, 14, multiple(101)));
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
        resignWith(e, CaptureLadder.leafOf(keccak256("texture_16x120"), 13, multiple(101)));
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_APathIsWrong() public {
        IIrisRegistry.Enrollment memory e = good();
        bytes32[] memory path = e.texturePath;
        e.texturePath = new bytes32[](0);
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
        e.texturePath = new bytes32[](2);
        e.texturePath[0] = path[0];
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
        e.texturePath = path;
        e.maskPath[0] ^= bytes32(uint256(1));
        expect(notAttested(MASK_PLANE, multiple(102)));
        registry.enroll(e);
    }

    // 6

    function test_Enroll_RevertWhen_VerifierDoesNotSayTrue() public {
        IIrisRegistry.Enrollment memory e = good();
        expectRejection(e, StubCodeVerifier.Answer.False, abi.encode(0));
        expectRejection(e, StubCodeVerifier.Answer.Two, abi.encode(2));
        expectRejection(e, StubCodeVerifier.Answer.Nothing, "");
        expectRejection(e, StubCodeVerifier.Answer.RevertsWithTrue, abi.encode(1));
        bytes memory reason = abi.encodeWithSelector(StubCodeVerifier.StubRefuses.selector, 7);
        expectRejection(e, StubCodeVerifier.Answer.Reverts, reason);
        verifier.set(StubCodeVerifier.Answer.True);
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_VerifierCodeChanged() public {
        IIrisRegistry.Enrollment memory e = good();
        bytes32 registered = address(verifier).codehash;
        vm.etch(address(verifier), hex"600160005260206000f3"); // returns 1, whatever it is asked
        expect(
            abi.encodeWithSelector(
                IIrisRegistry.Registry__VerifierCodeMismatch.selector,
                address(verifier),
                address(verifier).codehash,
                registered
            )
        );
        registry.enroll(e);
    }

    // 7

    function test_Enroll_RevertWhen_CodeOrIdentityEnrolledBefore() public {
        registry.enroll(good());
        IIrisRegistry.Enrollment memory e = enrollmentOf(43, 104, 105, 103);
        G1Point memory code = multiple(103);
        expect(
            abi.encodeWithSelector(
                IIrisRegistry.Registry__CodeAlreadyEnrolled.selector, keccak256(abi.encode(code.x, code.y)), 42
            )
        );
        registry.enroll(e);
        e = enrollmentOf(42, 104, 105, 106);
        e.capture.nonce = bytes32(uint256(9));
        sign(e, STATION_KEY);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__IdentityAlreadyEnrolled.selector, 42));
        registry.enroll(e);
    }

    // 8

    function testFuzz_Enroll_RevertWhen_AVerdictIsGiven(bytes calldata verdict) public {
        vm.assume(verdict.length > 0);
        IIrisRegistry.Enrollment memory e = good();
        e.verdict = verdict;
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__VerdictNotSupported.selector, verdict.length));
        registry.enroll(e);
    }

    function expectRejection(IIrisRegistry.Enrollment memory e, StubCodeVerifier.Answer answer, bytes memory reason)
        private
    {
        verifier.set(answer);
        expect(
            abi.encodeWithSelector(
                IIrisRegistry.Registry__CodeProofRejected.selector, address(verifier), modelId, reason
            )
        );
        registry.enroll(e);
    }

    /// @dev A signature over other data recovers some address that nobody listed.
    function expectUnknownStation(IIrisRegistry.Enrollment memory e) private {
        bytes memory s = e.stationSignature;
        (bytes32 r, bytes32 s_, uint8 v) = (bytes32(wordOf(s, 0)), bytes32(wordOf(s, 1)), uint8(s[64]));
        address recovered = ecrecover(registry.captureDigest(e.capture), v, r, s_);
        expect(abi.encodeWithSelector(IIrisRegistry.Registry__StationUnknown.selector, recovered));
    }

    function resignWith(IIrisRegistry.Enrollment memory e, bytes32 textureLeaf) private view {
        e.maskPath[0] = textureLeaf;
        e.capture.commitmentsRoot = pair(textureLeaf, e.texturePath[0]);
        sign(e, STATION_KEY);
    }

    function notAttested(bytes32 plane, G1Point memory point) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(IIrisRegistry.Registry__CommitmentNotAttested.selector, plane, 13, point.x, point.y);
    }

    function wordOf(bytes memory data, uint256 word) private pure returns (uint256 value) {
        assembly {
            value := mload(add(add(data, 32), mul(32, word)))
        }
    }

    function setWord(bytes memory data, uint256 word, uint256 value) private pure {
        assembly {
            mstore(add(add(data, 32), mul(32, word)), value)
        }
    }
}
