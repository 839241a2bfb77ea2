// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SemaphoreProof} from "../Types.sol";
import {IPersonhood} from "../interfaces/IPersonhood.sol";

/// @title Example: the same amount for every person, once.
contract Airdrop {
    bytes32 public constant ACTION = "airdrop 1";

    error Airdrop__PaymentFailed(address recipient);

    IPersonhood public immutable personhood;
    uint256 public immutable amountWei;

    /// @notice Everybody who is a member now can claim. Send the money along, or later.
    constructor(IPersonhood personhood_, uint256 amountWei_) payable {
        (personhood, amountWei) = (personhood_, amountWei_);
        personhood_.openAction(ACTION);
    }

    receive() external payable {}

    /// @notice Anyone may submit it. The recipient stands in the proof: whoever changes it has no proof.
    function claim(address payable recipient, SemaphoreProof calldata proof) external {
        personhood.consume(ACTION, bytes32(uint256(uint160(address(recipient)))), proof);
        (bool paid,) = recipient.call{value: amountWei}("");
        if (!paid) revert Airdrop__PaymentFailed(recipient);
    }
}
