// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {Committee} from "../src/Committee.sol";
import {IrisPolls} from "../src/IrisPolls.sol";
import {IrisRegistry} from "../src/IrisRegistry.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {StationRegistry} from "../src/StationRegistry.sol";
import {CodeEvidence, Enrollment, SemaphoreProof} from "../src/Types.sol";
import {IIrisPolls} from "../src/interfaces/IIrisPolls.sol";
import {IIrisRegistry} from "../src/interfaces/IIrisRegistry.sol";
import {IRegistryGroup} from "../src/interfaces/IRegistryGroup.sol";
import {RegistryFixture} from "./RegistryFixture.sol";
import {ShadowTree} from "./ShadowTree.sol";
import {StubSemaphoreVerifier} from "./Stubs.sol";

/// @dev A few persons who do everything in any order, with good evidence and bad, while models come and go, stations are
///      revoked and polls are opened. Beside the contracts it keeps its own book: the persons, their identities, and for
///      every poll which leaves its snapshot had.
///
///      A person votes in a poll with an identity only where that identity's leaf is in the poll's snapshot, as Semaphore's
///      circuit has it; the nullifier is the identity's own. So a second vote of a person in a poll means that two of their
///      identities were in one snapshot.
contract Society is RegistryFixture {
    uint256 private constant PERSONS = 4;

    IrisPolls public polls;
    ShadowTree[3] public trees; // by model id; 0 unused

    struct Person {
        uint64 recordId;
        uint256 texture;
    }

    bool public badEvidenceTaken;
    uint256 public stationsListed = 1;
    mapping(uint256 person => Person) public persons;
    mapping(uint256 identity => uint256 person) public personOf; // person + 1
    mapping(uint32 modelId => mapping(bytes32 commitmentsRoot => bool)) public judged;
    uint256[] public identities;
    uint256 public pollCount;
    mapping(uint256 pollId => uint256) public rootAtCreation;
    mapping(uint256 pollId => mapping(uint256 identity => bool)) public inSnapshot;
    mapping(uint256 pollId => mapping(uint256 person => uint256)) public votesOf;
    mapping(uint256 pollId => uint256) public voters;
    uint256 private _nonce = 1000;
    uint256 private _stationKey = STATION_KEY;

    function start() external {
        setUp();
        polls = new IrisPolls(IRegistryGroup(address(registry)), ISemaphoreVerifier(address(membership)));
        (trees[1], trees[2]) = (new ShadowTree(), new ShadowTree());
    }

    function theRegistry() external view returns (IrisRegistry) {
        return registry;
    }

    // --- evidence

    function evidence(uint8 kind, uint64 recordId, uint256 identity) private returns (Enrollment memory e) {
        e = fresh(kind, recordId, identity);
        sign(e, _stationKey);
    }

    function newIdentity(uint256 person) private returns (uint256 identity) {
        identity = ++_nonce;
        identities.push(identity);
        personOf[identity] = person + 1;
    }

    /// @dev The registry took these codes of a capture.
    function judge(Enrollment memory e) private {
        for (uint256 i = 0; i < e.codes.length; ++i) {
            judged[e.codes[i].modelId][e.capture.commitmentsRoot] = true;
        }
    }

    function siblingsOf(uint256 identity) private view returns (IIrisRegistry.Siblings memory s) {
        ModelRegistry.Live memory live = models.live();
        s.group = trees[live.group].siblingsOf(identity);
        if (live.upcoming != 0) s.upcoming = trees[live.upcoming].siblingsOf(identity);
    }

    /// @dev Follow what the contract did to the leaves of one record.
    function follow(uint256 before, uint256 afterwards) private {
        for (uint32 id = 1; id < 3; ++id) {
            if (id > models.modelCount()) return;
            bool had = before != 0 && trees[id].has(before);
            bool hasNow = before != 0 && registry.hasMember(id, before);
            bool hasNew = afterwards != 0 && afterwards != before && registry.hasMember(id, afterwards);
            if (had && hasNew) trees[id].update(before, afterwards);
            else if (had && !hasNow) trees[id].update(before, 0);
            else if (!had && hasNow) trees[id].insert(before);
            else if (hasNew && !trees[id].has(afterwards)) trees[id].insert(afterwards);
        }
    }

    // --- what persons do

    function enroll(uint256 person) external {
        person %= PERSONS;
        if (persons[person].recordId != 0) return; // the committee answers SamePerson
        uint256 identity = newIdentity(person);
        Enrollment memory e = evidence(UNIQUE, 0, identity);
        persons[person].recordId = registry.enroll(e);
        judge(e);
        follow(identity, 0);
    }

    function enrollWithBadEvidence(uint256 person, uint256 flaw) external {
        Enrollment memory e = evidence(UNIQUE, 0, newIdentity(PERSONS + person % PERSONS));
        flaw %= 6;
        if (flaw == 5 && e.codes.length == 1) return; // nothing to leave out
        if (flaw == 0) e.codes[0].verdict = "";
        if (flaw == 1) e.codes[0].verdict[300] = ~e.codes[0].verdict[300];
        if (flaw == 2) sign(e, 0xBAD);
        if (flaw == 3) e.stationSignature[10] = ~e.stationSignature[10];
        if (flaw == 4) e.codes[e.codes.length - 1].verdict[31] = 0x02;
        if (flaw == 5) e = leftOut(e);
        (bool success,) = address(registry).call(abi.encodeCall(registry.enroll, (e)));
        badEvidenceTaken = badEvidenceTaken || success; // a revert here would be taken for a call that was refused
    }

    /// @dev `leaveOut`: the code under the upcoming model, whether the member may or not.
    function reattest(uint256 person, bool leaveOut) external {
        uint64 id = persons[person % PERSONS].recordId;
        uint256 identity = registry.recordById(id).identityCommitment;
        Enrollment memory e = evidence(SAME_PERSON, id, identity);
        if (leaveOut) e = leftOut(e);
        registry.reattest(e);
        judge(e);
        follow(identity, 0);
    }

    function requestRecovery(uint256 person, bool leaveOut) external {
        person %= PERSONS;
        uint64 id = persons[person].recordId;
        Enrollment memory e = evidence(SAME_PERSON, id, newIdentity(person));
        if (leaveOut) e = leftOut(e);
        registry.requestRecovery(id, e);
        judge(e);
    }

    function completeRecovery(uint256 person) external {
        uint64 id = persons[person % PERSONS].recordId;
        uint256 before = registry.recordById(id).identityCommitment;
        uint64 readyAt = registry.recoveryOf(id).readyAt;
        if (block.timestamp < readyAt) vm.warp(readyAt);
        registry.completeRecovery(id, siblingsOf(before));
        follow(before, registry.recordById(id).identityCommitment);
    }

    function cancelRecovery(uint256 person) external {
        registry.cancelRecovery(persons[person % PERSONS].recordId, anyProof());
    }

    function goAway(uint256 person) external {
        person %= PERSONS;
        uint64 id = persons[person].recordId;
        uint256 identity = registry.recordById(id).identityCommitment;
        registry.leaveGroup(id, anyProof(), siblingsOf(identity));
        follow(identity, 0);
        registry.confirmErased(id, signVerdict(verdictOf(ERASED, 0, identity, 0, id)));
        persons[person].recordId = 0; // erased: the committee does not know the eye any more
    }

    /// @dev The stub verifier takes any proof; the paths are those of the last capture, made anew for the next model.
    function upgrade(uint256 person) external {
        uint64 id = persons[person % PERSONS].recordId;
        IIrisRegistry.Record memory record = registry.recordById(id);
        uint32 modelId_ = models.live().upcoming == 0 ? models.live().group : models.live().upcoming;
        uint256 base = _textures[record.commitmentsRoot];
        CodeEvidence memory code = codeOf(modelId_, base, base + 1, ++_codes);
        code.verdict = signVerdict(verdictOf(STORED, commitmentOf(_codes), record.identityCommitment, modelId_, id));
        registry.upgrade(record.identityCommitment, code);
        judged[modelId_][record.commitmentsRoot] = true;
        follow(record.identityCommitment, 0);
    }

    mapping(bytes32 commitmentsRoot => uint256 texture) private _textures;
    uint256 private _codes = 1 << 40;

    function fresh(uint8 kind, uint64 recordId, uint256 identity) internal override returns (Enrollment memory e) {
        uint256 base = 1_000_000 + 10 * ++_codes;
        e = evidenceOf(kind, recordId, identity, base, base + 1, base + 2);
        _textures[e.capture.commitmentsRoot] = base;
    }

    // --- what happens around them

    function passTime(uint32 seconds_) external {
        vm.warp(block.timestamp + 1 hours + seconds_ % (30 days));
    }

    function nextModel() external {
        if (models.modelCount() == 1) models.proposeModel(model());
    }

    function loseStation() external {
        if (stationsListed > 6) return;
        stations.revokeStation(vm.addr(_stationKey));
        _stationKey = 0x5000 + ++stationsListed;
        stations.addStation(vm.addr(_stationKey));
    }

    function suspend(uint256 person) external {
        uint64 id = persons[person % PERSONS].recordId;
        IIrisRegistry.Record memory record = registry.recordById(id);
        uint256 identity = record.identityCommitment;
        (, uint64 revokedAt) = stations.stationOf(record.station);
        if (revokedAt != 0 && block.timestamp < revokedAt + REATTEST_S) vm.warp(revokedAt + REATTEST_S);
        IIrisRegistry.Suspension[] memory list = new IIrisRegistry.Suspension[](1);
        list[0] = IIrisRegistry.Suspension(id, siblingsOf(identity));
        registry.suspend(list);
        follow(identity, 0);
    }

    function recordRoot(uint32 id) external {
        registry.recordRoot(1 + id % models.modelCount());
    }

    function settle() external {
        registry.settleStations(3);
    }

    function openPoll() external {
        if (pollCount == 8) return;
        uint256 pollId = polls.createPoll(
            IIrisPolls.PollDraft(IIrisPolls.Kind.Single, "q", new string[](3), 0, type(uint64).max, 0)
        );
        pollCount = pollId;
        uint32 group = models.live().group;
        rootAtCreation[pollId] = polls.pollOf(pollId).snapshotRoot;
        for (uint256 i = 0; i < identities.length; ++i) {
            inSnapshot[pollId][identities[i]] = registry.hasMember(group, identities[i]);
        }
    }

    /// @dev Any identity that anybody ever had tries to vote.
    function vote(uint256 pollId, uint256 which, uint256 choice) external {
        pollId = pollId % pollCount + 1;
        uint256 identity = identities[which % identities.length];
        require(inSnapshot[pollId][identity], "the circuit has no proof");
        IIrisPolls.Ballot memory b;
        (b.nullifier, b.choice) = (identity, choice % 3);
        b.sequence = polls.votesCastBy(pollId, identity);
        polls.castVote(pollId, b);
        if (b.sequence == 0) {
            ++voters[pollId];
            ++votesOf[pollId][personOf[identity] - 1];
        }
    }

    // --- what must hold

    function checkTrees() external view {
        for (uint32 id = 1; id <= models.modelCount(); ++id) {
            vm.assertEq(registry.getMerkleTreeRoot(id), trees[id].root());
        }
    }

    function checkMembers() external view {
        vm.assertFalse(badEvidenceTaken);
        uint256 active = 0;
        uint32 group = models.live().group;
        uint256 leaves = 0;
        for (uint256 i = 0; i < identities.length; ++i) {
            uint256 identity = identities[i];
            for (uint32 id = 1; id <= models.modelCount(); ++id) {
                if (!registry.hasMember(id, identity) || id < group) continue;
                // in a live tree: a record of that identity, active, on the word of a listed station
                IIrisRegistry.Record memory r = registry.recordOf(identity);
                vm.assertTrue(r.status == IIrisRegistry.Status.Active);
                (uint64 addedAt,) = stations.stationOf(r.station);
                vm.assertTrue(addedAt != 0 && r.commitmentsRoot != 0);
                // whatever was left out on the way, the record's capture was judged under this model
                vm.assertTrue(judged[id][r.commitmentsRoot]);
                vm.assertTrue(personOf[identity] != 0 && personOf[identity] <= PERSONS);
                if (id == group) ++leaves;
            }
        }
        vm.assertTrue(leaves <= PERSONS); // one leaf per record, one record per person
        for (uint256 key = 0; key <= stationsListed; ++key) {
            active += registry.membersOf(vm.addr(key == 0 ? STATION_KEY : 0x5000 + key));
        }
        uint256 expected = 0;
        for (uint64 id = 1; id <= registry.recordCount(); ++id) {
            if (registry.recordById(id).status == IIrisRegistry.Status.Active) ++expected;
        }
        vm.assertEq(active, expected);
    }

    function checkPolls() external view {
        for (uint256 pollId = 1; pollId <= pollCount; ++pollId) {
            uint256[] memory votes = polls.tally(pollId);
            vm.assertEq(votes[0] + votes[1] + votes[2], voters[pollId]);
            vm.assertEq(uint256(polls.pollOf(pollId).voters), voters[pollId]);
            vm.assertEq(polls.pollOf(pollId).snapshotRoot, rootAtCreation[pollId]);
            for (uint256 person = 0; person < PERSONS; ++person) {
                vm.assertTrue(votesOf[pollId][person] <= 1);
            }
        }
    }
}

contract RegistryInvariantsTest is RegistryFixture {
    Society private _society;

    function setUp() public override {
        _society = new Society();
        _society.start();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_society);
    }

    struct Selectors {
        address target;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (Selectors[] memory targets) {
        bytes4[17] memory all = [
            Society.enroll.selector,
            Society.enroll.selector,
            Society.enrollWithBadEvidence.selector,
            Society.reattest.selector,
            Society.requestRecovery.selector,
            Society.completeRecovery.selector,
            Society.cancelRecovery.selector,
            Society.goAway.selector,
            Society.upgrade.selector,
            Society.passTime.selector,
            Society.nextModel.selector,
            Society.loseStation.selector,
            Society.suspend.selector,
            Society.settle.selector,
            Society.recordRoot.selector,
            Society.openPoll.selector,
            Society.vote.selector
        ];
        targets = new Selectors[](1);
        targets[0].target = address(_society);
        targets[0].selectors = new bytes4[](17);
        for (uint256 i = 0; i < 17; ++i) {
            targets[0].selectors[i] = all[i];
        }
    }

    /// @dev In one function, because forge plays all sequences again for every other.
    ///      1. The contracts' trees are those that provers rebuild from the events.
    ///      2. One leaf per record and per person; nobody without verdict, attestation and an active record.
    ///      3. The tally is the count of distinct nullifiers, a snapshot stays as it was, and no person votes twice.
    function invariant_TreesMembersAndPolls() external view {
        _society.checkTrees(); // 1
        _society.checkMembers(); // 2
        _society.checkPolls(); // 3
    }
}
