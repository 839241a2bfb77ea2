// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Votes per option, eight counts of 32 bits a storage slot: an approval of 64 options touches 8 slots.
/// @dev A group has at most 2^24 members, so no count reaches 2^32 and none carries into its neighbour.
library PackedTally {
    uint256 internal constant PER_SLOT = 8;
    uint256 private constant BITS = 32;

    /// @notice One in the field of every option of slot `slot` that `mask` has.
    function unitsOf(uint256 mask, uint256 slot) internal pure returns (uint256 units) {
        uint256 bits = (mask >> (slot * PER_SLOT)) & 0xff;
        for (uint256 i = 0; bits != 0; ++i) {
            units |= (bits & 1) << (i * BITS);
            bits >>= 1;
        }
    }

    /// @notice `word` with the votes of `before` taken out and those of `afterwards` put in.
    function replaced(uint256 word, uint256 before, uint256 afterwards, uint256 slot) internal pure returns (uint256) {
        // What both have stays as it is, so a count of 0 is never lowered.
        return word - unitsOf(before & ~afterwards, slot) + unitsOf(afterwards & ~before, slot);
    }

    /// @notice The count of option `option` in the word of its slot.
    function countOf(uint256 word, uint256 option) internal pure returns (uint256) {
        return (word >> ((option % PER_SLOT) * BITS)) & type(uint32).max;
    }
}
