// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedTally} from "../src/libraries/PackedTally.sol";
import {TestBase} from "./Cheats.sol";

contract PackedTallyTest is TestBase {
    function test_UnitsAreTheBitsOfEveryPart() public pure {
        for (uint256 part = 0; part < 1024; ++part) {
            uint256 expected = 0;
            for (uint256 i = 0; i < 10; ++i) {
                expected |= ((part >> i) & 1) << (25 * i);
            }
            vm.assertEq(PackedTally.unitsOf(part), expected);
            vm.assertEq(PackedTally.partOf(part << 30 | 0xfffff | 3 << 40, 3), part);
        }
    }

    function testFuzz_ReplacedMovesExactlyTheDifference(uint256 before, uint256 afterwards) public pure {
        (before, afterwards) = (before & 1023, afterwards & 1023);
        uint256 word = PackedTally.EMPTY + PackedTally.unitsOf(before);
        uint256 expected = PackedTally.EMPTY + PackedTally.unitsOf(afterwards);
        vm.assertEq(PackedTally.replaced(word, before, afterwards), expected);
    }

    /// @dev A whole group of 2^24 members for every option of a slot: the last count that a slot must hold.
    function test_HoldsTheLargestGroupInEveryCount() public pure {
        uint256 word = PackedTally.EMPTY + (uint256(1) << 24) * PackedTally.unitsOf(1023);
        for (uint256 option = 0; option < 10; ++option) {
            vm.assertEq(PackedTally.countOf(word, option), 1 << 24);
        }
        word = PackedTally.replaced(word, 1023, 0);
        vm.assertEq(PackedTally.countOf(word, 9), (1 << 24) - 1);
        vm.assertEq(word >> 255, 1);
    }

    function test_SlotsAreAsManyAsTheOptionsNeed() public pure {
        uint8[5] memory options = [2, 10, 11, 60, 64];
        uint8[5] memory slots = [1, 1, 2, 6, 7];
        for (uint256 i = 0; i < 5; ++i) {
            vm.assertEq(PackedTally.slotsOf(options[i]), slots[i]);
        }
    }
}

/// @dev Statements for halmos, which takes every input at once: functions named `check_`. forge does not run them; their
///      fuzzed sisters stand above.
contract PackedTallyProof {
    /// @dev A vote moves the count of one option by what it has to, and reaches no neighbour, for any counts that a group of
    ///      at most 2^24 members can have.
    function check_ReplacedMovesOneOptionByItsDifference(
        uint256 word,
        uint64 before,
        uint64 afterwards,
        uint8 slot,
        uint8 option
    ) external pure {
        if (slot >= 7 || option >= 10) return;
        uint256 taken = PackedTally.partOf(before, slot);
        uint256 given = PackedTally.partOf(afterwards, slot);
        for (uint256 i = 0; i < 10; ++i) {
            uint256 count = PackedTally.countOf(word, i);
            // the voter's earlier vote is in the count; there is room for one more
            if (count > 1 << 24 || count < (taken >> i) & 1) return;
        }
        uint256 counted = PackedTally.replaced(word, taken, given);
        uint256 mine = 10 * uint256(slot) + option;
        // bits of options above 63 are 0 in every ballot
        uint256 gained = mine < 64 ? (uint256(afterwards) >> mine) & 1 : 0;
        uint256 lost = mine < 64 ? (uint256(before) >> mine) & 1 : 0;
        assert(PackedTally.countOf(counted, option) == PackedTally.countOf(word, option) - lost + gained);
        assert(counted >> 250 == word >> 250);
    }

    function check_AMessageNamesOneBallot(uint64 choice, uint64 sequence, uint64 choice2, uint64 sequence2)
        external
        pure
    {
        uint256 one = (uint256(sequence) << 64) | choice;
        uint256 other = (uint256(sequence2) << 64) | choice2;
        assert(one != other || (choice == choice2 && sequence == sequence2));
    }
}
