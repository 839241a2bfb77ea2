// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Votes per option, eight counts of 32 bits a storage slot: an approval of 64 options touches 8 slots.
/// @dev A group has at most 2^24 members, so no count reaches 2^32 and none carries into its neighbour.
library PackedTally {
    uint256 internal constant PER_SLOT = 8;
    uint256 private constant BITS = 32;

    /// @dev 2^(31 i) for i in 0..7, and 2^(32 i).
    uint256 private constant SPREAD = 0x0000000002000000040000000800000010000000200000004000000080000001;
    uint256 private constant LOWEST = 0x0000000100000001000000010000000100000001000000010000000100000001;

    /// @notice One in the field of every option of slot `slot` that `mask` has.
    /// @dev Bit i of the slot's byte goes to bit 32 i: by 2^(31 i), among copies that lie 31 bits apart and do not meet.
    function unitsOf(uint256 mask, uint256 slot) internal pure returns (uint256) {
        return (((mask >> (slot * PER_SLOT)) & 0xff) * SPREAD) & LOWEST;
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
