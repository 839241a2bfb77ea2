// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Votes per option, ten counts of 25 bits a storage slot: an approval of 64 options touches 7 slots.
/// @dev A group has at most 2^24 members, so no count reaches 2^25 and none carries into its neighbour.
library PackedTally {
    uint256 internal constant PER_SLOT = 10;
    uint256 private constant BITS = 25;
    uint256 private constant OPTIONS_MASK = (1 << PER_SLOT) - 1;
    uint256 private constant COUNT_MASK = (1 << BITS) - 1;

    /// @notice A slot without votes. Above all counts, and never 0: who makes the poll pays for its slots, not the first
    ///         voters for theirs.
    uint256 internal constant EMPTY = 1 << 255;

    /// @dev 2^(24 i) for i in 0..9, and 2^(25 i).
    uint256 private constant SPREAD = 0x0000000001000001000001000001000001000001000001000001000001000001;
    uint256 private constant LOWEST = 0x0000000200000100000080000040000020000010000008000004000002000001;

    function slotsOf(uint256 optionCount) internal pure returns (uint256) {
        return (optionCount + PER_SLOT - 1) / PER_SLOT;
    }

    /// @notice The bits of `mask` for the options of slot `slot`, from bit 0.
    function partOf(uint256 mask, uint256 slot) internal pure returns (uint256) {
        unchecked {
            return (mask >> (slot * PER_SLOT)) & OPTIONS_MASK; // slot < 7
        }
    }

    /// @notice One in the count of every option that `part` has.
    /// @dev Bit i goes to bit 25 i: by 2^(24 i), among copies of ten bits that lie 24 bits apart and do not meet.
    function unitsOf(uint256 part) internal pure returns (uint256) {
        unchecked {
            return (part * SPREAD) & LOWEST; // 10 bits of 226: no overflow
        }
    }

    /// @notice `word` with the votes of `before` taken out and those of `afterwards` put in; both parts of one slot.
    function replaced(uint256 word, uint256 before, uint256 afterwards) internal pure returns (uint256) {
        unchecked {
            // What both have stays as it is, so a count of 0 is never lowered; and none outgrows its 25 bits.
            return word - unitsOf(before & ~afterwards) + unitsOf(afterwards & ~before);
        }
    }

    /// @notice The count of option `option` in the word of its slot.
    function countOf(uint256 word, uint256 option) internal pure returns (uint256) {
        return (word >> ((option % PER_SLOT) * BITS)) & COUNT_MASK;
    }
}
