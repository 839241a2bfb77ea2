// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {Committee} from "../src/Committee.sol";
import {CodeEvidence, Enrollment, Verdict} from "../src/Types.sol";
import {IrisRegistry} from "../src/IrisRegistry.sol";
import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {IRegistryErrors} from "../src/interfaces/IRegistryErrors.sol";
import {Bn254, G1Point} from "../src/libraries/Bn254.sol";
import {CaptureLadder} from "../src/libraries/CaptureLadder.sol";
import {RegistryFixture} from "./RegistryFixture.sol";
import {StubCodeVerifier} from "./Stubs.sol";

/// @dev Every check of `enroll` but the proof itself, which runs with real proofs in pytest.
contract IrisRegistryEnrollTest is RegistryFixture {
    function test_Enroll_MakesAMemberWithARecord() public {
        Enrollment memory e = good();
        vm.prank(address(0xCAFE));
        uint64 recordId = registry.enroll(e);
        vm.assertEq(recordId, 1);
        vm.assertEq(registry.recordIdOf(42), 1);
        vm.assertEq(registry.size(), 1);
        vm.assertEq(registry.depth(), 0);
        vm.assertEq(registry.root(), 42);
        vm.assertTrue(registry.hasMember(modelId, 42));
        vm.assertTrue(registry.nonceUsed(station, e.capture.nonce));
        vm.assertEq(registry.membersOf(station), 1);
        IIrisRegistry.Record memory r = registry.recordOf(42);
        vm.assertEq(r.commitmentsRoot, e.capture.commitmentsRoot);
        vm.assertEq(r.identityCommitment, 42);
        vm.assertEq(r.station, station);
        vm.assertEq(uint256(r.enrolledAt), NOW);
        vm.assertEq(uint256(r.rotatedAt), 0);
        vm.assertEq(uint256(r.eyeSide), 1);
        vm.assertTrue(r.status == IIrisRegistry.Status.Active);
        vm.assertEq(registry.codeOwner(modelId, commitmentOf(103)), 1);
    }

    function test_RecordOf_RevertWhen_NotEnrolled() public {
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__IdentityNotEnrolled.selector, 42));
        registry.recordOf(42);
    }

    // 1

    function test_Enroll_RevertWhen_TheModelsAreNotTheLiveOnes() public {
        Enrollment memory e = good();
        expectModels(e, 2);
        registry.enroll(e);
        e.codes[0].modelId = 0;
        expectModels(e, 0);
        registry.enroll(e);
        Enrollment memory twice = good();
        twice.codes = new CodeEvidence[](2);
        (twice.codes[0], twice.codes[1]) = (good().codes[0], good().codes[0]);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelsWrong.selector, ids(1, 1), 1, 0));
        registry.enroll(twice);
        twice.codes = new CodeEvidence[](0);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelsWrong.selector, new uint32[](0), 1, 0));
        registry.enroll(twice);
    }

    function expectModels(Enrollment memory e, uint32 id) private {
        e.codes[0].modelId = id;
        uint32[] memory given = new uint32[](1);
        given[0] = id;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ModelsWrong.selector, given, 1, 0));
    }

    function ids(uint32 a, uint32 b) private pure returns (uint32[] memory given) {
        given = new uint32[](2);
        (given[0], given[1]) = (a, b);
    }

    // 2

    function testFuzz_Enroll_RevertWhen_IdentityNotCanonical(uint256 identity) public {
        identity = within(identity, Bn254.SCALAR_FIELD, type(uint256).max);
        Enrollment memory e = enrollmentOf(identity, 101, 102, 103);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__IdentityNotCanonical.selector, identity));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_IdentityIsZero() public {
        Enrollment memory e = enrollmentOf(0, 101, 102, 103);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__IdentityNotCanonical.selector, 0));
        registry.enroll(e);
    }

    function test_Enroll_TakesTheLargestIdentity() public {
        registry.enroll(enrollmentOf(Bn254.SCALAR_FIELD - 1, 101, 102, 103));
    }

    /// @dev The other eye of the same person is another iris: the committee would call it unique.
    function test_Enroll_RevertWhen_TheOtherEyeComesAfterTheFirst() public {
        registry.enroll(good());
        Enrollment memory e = enrollmentOf(43, 201, 202, 203);
        e.capture.eyeSide = 2;
        sign(e, STATION_KEY);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__EyeSideNotTaken.selector, 2, 1));
        registry.enroll(e);
    }

    function testFuzz_Enroll_RevertWhen_EyeSideNotTheRegistrys(uint8 side) public {
        vm.assume(side != 1);
        Enrollment memory e = good();
        e.capture.eyeSide = side;
        sign(e, STATION_KEY);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__EyeSideNotTaken.selector, side, 1));
        registry.enroll(e);
    }

    // 3

    function test_Enroll_AgeBoundaries() public {
        Enrollment memory e = good();
        e.capture.capturedAt = uint64(NOW + 5 minutes + 1);
        sign(e, STATION_KEY);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__CapturedInFuture.selector, e.capture.capturedAt, block.timestamp
            )
        );
        registry.enroll(e);
        e.capture.capturedAt = uint64(NOW - 1 days - 1);
        sign(e, STATION_KEY);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__AttestationExpired.selector, e.capture.capturedAt, NOW - 1, block.timestamp
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
        Enrollment memory e = good();
        e.capture.capturedAt = type(uint64).max;
        sign(e, STATION_KEY);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__CapturedInFuture.selector, type(uint64).max, block.timestamp
            )
        );
        registry.enroll(e);
    }

    // 4

    function testFuzz_Enroll_RevertWhen_AnySignedFieldDiffers(uint256 field, uint256 flip) public {
        Enrollment memory e = good();
        bytes32 signedDigest = registry.captureDigest(e.capture);
        field = within(field, 0, 2);
        flip = within(flip, 1, 1 days);
        if (field == 0) e.capture.commitmentsRoot = bytes32(uint256(e.capture.commitmentsRoot) ^ flip);
        if (field == 1) e.capture.identityCommitment += flip;
        if (field == 2) e.capture.capturedAt -= uint64(flip);
        vm.assertTrue(registry.captureDigest(e.capture) != signedDigest);
        expectUnknownStation(e);
        registry.enroll(e);
    }

    /// @dev A registry of right eyes: what the station signed of a left one does not become one of a right.
    function test_Enroll_RevertWhen_EyeSideDiffersFromTheSigned() public {
        ISemaphoreVerifier semaphore = ISemaphoreVerifier(address(membership));
        registry = new IrisRegistry(stations, models, committee, semaphore, REATTEST_S, WAIT_S, 2);
        Enrollment memory e = good();
        e.capture.eyeSide = 2;
        expectUnknownStation(e);
        registry.enroll(e);
        sign(e, STATION_KEY);
        registry.enroll(e);
    }

    function test_Constructor_RevertWhen_TheEyeIsNone() public {
        ISemaphoreVerifier semaphore = ISemaphoreVerifier(address(membership));
        for (uint8 eye = 0; eye < 4; eye += 3) {
            expect(abi.encodeWithSelector(IRegistryErrors.Registry__EyeSideUnknown.selector, eye));
            new IrisRegistry(stations, models, committee, semaphore, REATTEST_S, WAIT_S, eye);
        }
    }

    function test_Enroll_RevertWhen_NonceDiffersFromTheSigned() public {
        Enrollment memory e = good();
        e.capture.nonce = bytes32(uint256(1));
        expectUnknownStation(e);
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_SignedForAnotherChain() public {
        Enrollment memory e = good();
        vm.chainId(999);
        expectUnknownStation(e);
        registry.enroll(e);
    }

    function testFuzz_Enroll_RevertWhen_StationUnknown(uint256 key) public {
        key = within(key, 1, 1 << 200);
        vm.assume(key != STATION_KEY && key != OTHER_STATION_KEY);
        Enrollment memory e = good();
        sign(e, key);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationUnknown.selector, vm.addr(key)));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_StationRevoked() public {
        Enrollment memory e = good();
        stations.revokeStation(station);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationRevoked.selector, station, NOW));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_SignatureHasHighS() public {
        Enrollment memory e = good();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(STATION_KEY, registry.captureDigest(e.capture));
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 high = bytes32(n - uint256(s));
        e.stationSignature = abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationSignatureInvalid.selector, 3, high));
        registry.enroll(e);
    }

    function testFuzz_Enroll_RevertWhen_SignatureHasAnotherLength(uint8 length) public {
        vm.assume(length != 65 && length != 84);
        Enrollment memory e = good();
        e.stationSignature = new bytes(length);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationSignatureLengthWrong.selector, length));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_NonceUsed() public {
        Enrollment memory e = good();
        registry.enroll(e);
        Enrollment memory other = enrollmentOf(43, 104, 105, 106);
        other.capture.nonce = e.capture.nonce;
        sign(other, STATION_KEY);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__NonceUsed.selector, station, e.capture.nonce));
        registry.enroll(other);
    }

    function test_Enroll_TakesTheSameNonceFromAnotherStation() public {
        stations.addStation(vm.addr(77));
        Enrollment memory e = good();
        registry.enroll(e);
        Enrollment memory other = enrollmentOf(43, 104, 105, 106);
        other.capture.nonce = e.capture.nonce;
        sign(other, 77);
        vm.assertEq(registry.enroll(other), 2);
    }

    // 5

    function testFuzz_Enroll_RevertWhen_ProofHasAnotherLength(uint256 length) public {
        length = within(length, 0, 1024);
        vm.assume(length != 256);
        Enrollment memory e = good();
        e.codes[0].proof = new bytes(length);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__ProofLengthWrong.selector, length, 256));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_ACoordinateIsNotCanonical() public {
        for (uint256 word = 0; word < 6; ++word) {
            Enrollment memory e = good();
            uint256 alias_ = wordOf(e.codes[0].proof, word) + Bn254.BASE_FIELD;
            setWord(e.codes[0].proof, word, alias_);
            expect(abi.encodeWithSelector(IRegistryErrors.Registry__CoordinateNotCanonical.selector, word / 2, alias_));
            registry.enroll(e);
        }
    }

    function testFuzz_Enroll_RevertWhen_ACommitmentIsOffTheCurve(uint256 word, uint256 value) public {
        word = within(word, 0, 5);
        value = within(value, 0, Bn254.BASE_FIELD - 1);
        Enrollment memory e = good();
        setWord(e.codes[0].proof, word, value);
        G1Point memory p = G1Point(wordOf(e.codes[0].proof, word & ~uint256(1)), wordOf(e.codes[0].proof, word | 1));
        vm.assume(!Bn254.isOnCurve(p));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__PointNotOnCurve.selector, word / 2, p.x, p.y));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_ACommitmentIsBlank() public {
        G1Point memory blinding = multiple(5);
        for (uint256 position = 0; position < 2; ++position) {
            Enrollment memory e = good();
            // Even if the station signed the point at infinity.
            bytes32 textureLeaf = CaptureLadder.leafOf(TEXTURE_PLANE, 13, position == 0 ? G1Point(0, 0) : multiple(101));
            bytes32 maskLeaf = CaptureLadder.leafOf(MASK_PLANE, 13, position == 1 ? G1Point(0, 0) : multiple(102));
            (e.codes[0].texturePath[0], e.codes[0].maskPath[0]) = (maskLeaf, textureLeaf);
            e.capture.commitmentsRoot = pair(textureLeaf, maskLeaf);
            sign(e, STATION_KEY);
            setWord(e.codes[0].proof, 2 * position, blinding.x);
            setWord(e.codes[0].proof, 2 * position + 1, blinding.y);
            expect(abi.encodeWithSelector(IRegistryErrors.Registry__CommitmentIsBlank.selector, position));
            registry.enroll(e);
        }
    }

    function testFuzz_Enroll_RevertWhen_ACommitmentIsNotTheSigned(uint256 texture, uint256 mask) public {
        texture = within(texture, 1, 1 << 128);
        mask = within(mask, 1, 1 << 128);
        vm.assume(texture != 101 && mask != 102);
        Enrollment memory e = good();
        bytes memory proof = e.codes[0].proof;
        e.codes[0].proof = enrollmentOf(42, texture, 102, 103).codes[0].proof;
        G1Point memory other = multiple(texture);
        expect(notAttested(TEXTURE_PLANE, other));
        registry.enroll(e);
        e.codes[0].proof = enrollmentOf(42, 101, mask, 103).codes[0].proof;
        other = multiple(mask);
        expect(notAttested(MASK_PLANE, other));
        registry.enroll(e);
        e.codes[0].proof = proof;
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_TextureAndMaskAreSwapped() public {
        Enrollment memory e = good();
        e.codes[0].proof = enrollmentOf(42, 102, 101, 103).codes[0].proof;
        (e.codes[0].texturePath, e.codes[0].maskPath) = (e.codes[0].maskPath, e.codes[0].texturePath);
        expect(notAttested(TEXTURE_PLANE, multiple(102)));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_SignedForAnotherSizeOrPlane() public {
        Enrollment memory e = good();
        resignWith(e, CaptureLadder.leafOf(TEXTURE_PLANE, 14, multiple(101)));
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
        resignWith(e, CaptureLadder.leafOf(keccak256("texture_16x120"), 13, multiple(101)));
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_APathIsWrong() public {
        Enrollment memory e = good();
        bytes32[] memory path = e.codes[0].texturePath;
        e.codes[0].texturePath = new bytes32[](0);
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
        e.codes[0].texturePath = new bytes32[](2);
        e.codes[0].texturePath[0] = path[0];
        expect(notAttested(TEXTURE_PLANE, multiple(101)));
        registry.enroll(e);
        e.codes[0].texturePath = path;
        e.codes[0].maskPath[0] ^= bytes32(uint256(1));
        expect(notAttested(MASK_PLANE, multiple(102)));
        registry.enroll(e);
    }

    // 6

    function test_Enroll_RevertWhen_VerifierDoesNotSayTrue() public {
        Enrollment memory e = good();
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
        Enrollment memory e = good();
        bytes32 registered = address(verifier).codehash;
        vm.etch(address(verifier), hex"600160005260206000f3"); // returns 1, whatever it is asked
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__VerifierCodeMismatch.selector,
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
        Enrollment memory e = enrollmentOf(43, 104, 105, 103);
        G1Point memory code = multiple(103);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__CodeAlreadyEnrolled.selector, keccak256(abi.encode(code.x, code.y)), 1
            )
        );
        registry.enroll(e);
        e = enrollmentOf(42, 104, 105, 106);
        e.capture.nonce = bytes32(uint256(9));
        sign(e, STATION_KEY);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__IdentityAlreadyEnrolled.selector, 42));
        registry.enroll(e);
    }

    // 8

    function test_Enroll_RevertWhen_TheVerdictIsAboutAnother() public {
        Verdict memory v = verdictOf(UNIQUE, commitmentOf(103), 42, modelId, 0);
        v.codeCommitment = commitmentOf(104);
        expectAnother(v);
        v = verdictOf(UNIQUE, commitmentOf(103), 43, modelId, 0);
        expectAnother(v);
        v = verdictOf(UNIQUE, commitmentOf(103), 42, 2, 0);
        expectAnother(v);
        v = verdictOf(UNIQUE, commitmentOf(103), 42, modelId, 1);
        expectAnother(v);
    }

    function expectAnother(Verdict memory v) private {
        Enrollment memory e = good();
        e.codes[0].verdict = signVerdict(v);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__VerdictAboutAnother.selector,
                v.codeCommitment,
                v.identityCommitment,
                v.modelId,
                v.recordId
            )
        );
        registry.enroll(e);
    }

    function testFuzz_Enroll_RevertWhen_TheVerdictIsNotUnique(uint8 kind) public {
        vm.assume(kind != UNIQUE);
        Enrollment memory e = good();
        e.codes[0].verdict = signVerdict(verdictOf(kind, commitmentOf(103), 42, modelId, 0));
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictKindWrong.selector, kind, UNIQUE));
        registry.enroll(e);
    }

    function testFuzz_Enroll_RevertWhen_TheVerdictHasAnotherLength(uint16 length) public {
        length = uint16(within(length, 0, 1000));
        vm.assume(length != 451);
        Enrollment memory e = good();
        e.codes[0].verdict = new bytes(length);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictLengthWrong.selector, length, 451));
        registry.enroll(e);
    }

    function test_Enroll_VerdictTimeBoundaries() public {
        Enrollment memory e = good();
        Verdict memory v = verdictOf(UNIQUE, commitmentOf(103), 42, modelId, 0);
        v.expiresAt = uint64(NOW - 1);
        e.codes[0].verdict = signVerdict(v);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictExpired.selector, NOW - 1, NOW));
        registry.enroll(e);
        v.expiresAt = uint64(NOW + 7 days + 1);
        e.codes[0].verdict = signVerdict(v);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__VerdictLivesTooLong.selector, NOW + 7 days + 1, NOW + 7 days
            )
        );
        registry.enroll(e);
        v.expiresAt = uint64(NOW);
        e.codes[0].verdict = signVerdict(v);
        registry.enroll(e);
        v = verdictOf(UNIQUE, commitmentOf(106), 43, modelId, 0);
        v.expiresAt = uint64(NOW + 7 days);
        e = enrollmentOf(43, 104, 105, 106);
        e.codes[0].verdict = signVerdict(v);
        registry.enroll(e);
    }

    function testFuzz_Enroll_RevertWhen_OneNodeDidNotSign(uint256 node, uint256 key) public {
        (node, key) = (within(node, 0, 2), within(key, 1, 1 << 200));
        vm.assume(key != NODE_KEY + node);
        Enrollment memory e = good();
        Verdict memory v = verdictOf(UNIQUE, commitmentOf(103), 42, modelId, 0);
        bytes32 digest = registry.verdictDigest(v);
        bytes memory signed = abi.encode(v);
        for (uint256 i = 0; i < 3; ++i) {
            (uint8 v_, bytes32 r, bytes32 s) = vm.sign(i == node ? key : NODE_KEY + i, digest);
            signed = bytes.concat(signed, abi.encodePacked(r, s, v_));
        }
        e.codes[0].verdict = signed;
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__CommitteeSignatureInvalid.selector, node, vm.addr(key), nodes()[node]
            )
        );
        registry.enroll(e);
    }

    function test_Enroll_RevertWhen_TheVerdictIsForAnotherRegistryOrChain() public {
        IrisRegistry mine = registry;
        registry = registryWith(committee);
        bytes memory foreign = good().codes[0].verdict;
        registry = mine;
        Enrollment memory e = good();
        e.codes[0].verdict = foreign;
        expectCommitteeRefusal(e);
        vm.chainId(999);
        e.codes[0].verdict = good().codes[0].verdict;
        vm.chainId(31337);
        expectCommitteeRefusal(e);
    }

    /// @dev A signature over other data recovers some address that is no node's.
    function expectCommitteeRefusal(Enrollment memory e) private {
        (bool success, bytes memory reason) = address(registry).call(abi.encodeCall(registry.enroll, (e)));
        vm.assertFalse(success);
        vm.assertTrue(bytes4(reason) == IRegistryErrors.Registry__CommitteeSignatureInvalid.selector);
    }

    function test_Enroll_RevertWhen_TheCommitteeWasReplaced() public {
        Enrollment memory e = good();
        committee.replaceCommittee([vm.addr(1), vm.addr(2), vm.addr(3)]);
        expectCommitteeRefusal(e);
    }

    function testFuzz_Enroll_RevertWhen_AVerdictIsGivenWithoutACommittee(bytes calldata verdict) public {
        vm.assume(verdict.length > 0);
        registry = registryWith(Committee(address(0)));
        Enrollment memory e = good();
        e.codes[0].verdict = verdict;
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__VerdictNotSupported.selector, verdict.length));
        registry.enroll(e);
        e.codes[0].verdict = "";
        registry.enroll(e);
    }

    function test_Constructor_RevertWhen_ThereIsNoCommitteeOnAChainThatIsNotLocal() public {
        vm.chainId(1337);
        registryWith(Committee(address(0)));
        vm.chainId(1);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__CommitteeAbsent.selector));
        registryWith(Committee(address(0)));
        registryWith(committee);
    }

    function expectRejection(Enrollment memory e, StubCodeVerifier.Answer answer, bytes memory reason) private {
        verifier.set(answer);
        expect(
            abi.encodeWithSelector(
                IRegistryErrors.Registry__CodeProofRejected.selector, address(verifier), modelId, reason
            )
        );
        registry.enroll(e);
    }

    /// @dev A signature over other data recovers some address that nobody listed.
    function expectUnknownStation(Enrollment memory e) private {
        bytes memory s = e.stationSignature;
        (bytes32 r, bytes32 s_, uint8 v) = (bytes32(wordOf(s, 0)), bytes32(wordOf(s, 1)), uint8(s[64]));
        address recovered = ecrecover(registry.captureDigest(e.capture), v, r, s_);
        expect(abi.encodeWithSelector(IRegistryErrors.Registry__StationUnknown.selector, recovered));
    }

    function resignWith(Enrollment memory e, bytes32 textureLeaf) private view {
        e.codes[0].maskPath[0] = textureLeaf;
        e.capture.commitmentsRoot = pair(textureLeaf, e.codes[0].texturePath[0]);
        sign(e, STATION_KEY);
    }

    function notAttested(bytes32 plane, G1Point memory point) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IRegistryErrors.Registry__CommitmentNotAttested.selector, plane, 13, point.x, point.y
            );
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
