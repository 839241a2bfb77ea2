// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedTally} from "../src/libraries/PackedTally.sol";

/// @dev Statements for halmos, which takes every input at once: functions named `check_`. forge does not run them; their
///      fuzzed sisters stand in IrisPolls.t.sol.
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
        if (slot >= 8 || option >= 8) return;
        uint256 mine = 8 * uint256(slot) + option;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 count = PackedTally.countOf(word, i);
            uint256 had = (before >> (8 * uint256(slot) + i)) & 1;
            // the voter's earlier vote is in the count; there is room for one more
            if (count > 1 << 24 || count < had) return;
        }
        uint256 counted = PackedTally.replaced(word, before, afterwards, slot);
        uint256 expected = PackedTally.countOf(word, option) - ((before >> mine) & 1) + ((afterwards >> mine) & 1);
        assert(PackedTally.countOf(counted, option) == expected);
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
