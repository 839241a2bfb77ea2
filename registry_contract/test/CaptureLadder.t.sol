// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bn254, G1Point} from "../src/libraries/Bn254.sol";
import {CaptureLadder} from "../src/libraries/CaptureLadder.sol";
import {TestBase} from "./Cheats.sol";

/// @dev Solidity's side of the attestation, held to the vectors that Python made.
contract CaptureLadderTest is TestBase {
    string private _vectors;

    function setUp() public {
        _vectors = vm.readFile("tests/vectors/attestation.json");
    }

    function test_Vectors_LeavesAndPathsAgree() public view {
        bytes32 root = vm.parseJsonBytes32(_vectors, ".ladder.root");
        uint256 count = vm.parseJsonUint(_vectors, ".ladder.count");
        vm.assertTrue(count >= 6);
        for (uint256 i = 0; i < count; ++i) {
            string memory entry = string.concat(".ladder.commitments[", vm.toString(i), "]");
            bytes32 plane = keccak256(bytes(vm.parseJsonString(_vectors, string.concat(entry, ".plane"))));
            uint256 k = vm.parseJsonUint(_vectors, string.concat(entry, ".k"));
            G1Point memory point = G1Point(
                uint256(vm.parseJsonBytes32(_vectors, string.concat(entry, ".x"))),
                uint256(vm.parseJsonBytes32(_vectors, string.concat(entry, ".y")))
            );
            bytes32 leaf = CaptureLadder.leafOf(plane, uint8(k), point);
            vm.assertEq(leaf, vm.parseJsonBytes32(_vectors, string.concat(entry, ".leaf")));
            bytes32[] memory path = vm.parseJsonBytes32Array(_vectors, string.concat(entry, ".path"));
            vm.assertTrue(this.holds(path, root, leaf));
            vm.assertFalse(this.holds(path, root, CaptureLadder.leafOf(plane, uint8(k + 1), point)));
        }
    }

    function test_LeafOf_IsNeverAnInnerNode() public view {
        bytes32 a = CaptureLadder.leafOf("a", 13, G1Point(1, 2));
        bytes32 b = CaptureLadder.leafOf("b", 13, G1Point(1, 2));
        bytes32 inner = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        // The inner node itself stands under the root, as in any Merkle tree; no (plane, k, point) hashes to it, because
        // a leaf's outer hash is over 32 bytes and a node's is over 64.
        vm.assertTrue(this.holds(new bytes32[](0), inner, inner));
        vm.assertTrue(inner != CaptureLadder.leafOf(a, 0, G1Point(uint256(b), 0)));
    }

    function testFuzz_Subtract_IsTheInverseOfAddition(uint256 a, uint256 b) public view {
        a = within(a, 1, 1 << 250);
        b = within(b, 1, 1 << 250);
        vm.assume(a != b);
        G1Point memory difference = Bn254.subtract(multiple(a), multiple(b));
        G1Point memory expected = multiple(addmod(a, Bn254.SCALAR_FIELD - b, Bn254.SCALAR_FIELD));
        vm.assertEq(difference.x, expected.x);
        vm.assertEq(difference.y, expected.y);
    }

    function testFuzz_Subtract_RevertWhen_APointIsNotOnTheCurve(uint256 x, uint256 y) public {
        G1Point memory a = G1Point(within(x, 1, Bn254.BASE_FIELD - 1), within(y, 1, Bn254.BASE_FIELD - 1));
        vm.assume(!Bn254.isOnCurve(a));
        G1Point memory b = multiple(5);
        vm.expectRevert(
            abi.encodeWithSelector(Bn254.Bn254__AdditionFailed.selector, a.x, a.y, b.x, Bn254.BASE_FIELD - b.y)
        );
        this.subtract(a, b);
    }

    function subtract(G1Point memory a, G1Point memory b) external view returns (G1Point memory) {
        return Bn254.subtract(a, b);
    }

    function holds(bytes32[] calldata path, bytes32 root, bytes32 leaf) external pure returns (bool) {
        return CaptureLadder.holds(path, root, leaf);
    }

    function multiple(uint256 scalar) private view returns (G1Point memory point) {
        (bool success, bytes memory result) = address(7).staticcall(abi.encode(uint256(1), uint256(2), scalar));
        require(success, "multiplication");
        (point.x, point.y) = abi.decode(result, (uint256, uint256));
    }
}
