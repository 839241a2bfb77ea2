// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {
    LeafAlreadyExists,
    LeafCannotBeZero,
    LeafDoesNotExist,
    LeafGreaterThanSnarkScalarField,
    WrongSiblingNodes
} from "@zk-kit/lean-imt.sol/InternalLeanIMT.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {LazyLeanIMT, LazyLeanIMTData} from "../src/libraries/LazyLeanIMT.sol";
import {TestBase} from "./Cheats.sol";
import {ShadowTree} from "./ShadowTree.sol";

contract LazyTree {
    using LazyLeanIMT for LazyLeanIMTData;

    LazyLeanIMTData private _tree; // in slot 0

    function insert(uint256 leaf) external {
        _tree.insert(leaf);
    }

    function update(uint256 leaf, uint256 newLeaf, uint256[] calldata siblings) external {
        _tree.update(leaf, newLeaf, siblings);
    }

    function root() external view returns (uint256) {
        return _tree.computeRoot();
    }

    function depth() external view returns (uint256) {
        return _tree.depth();
    }

    function has(uint256 leaf) external view returns (bool) {
        return _tree.has(leaf);
    }

    function indexOf(uint256 leaf) external view returns (uint256) {
        return _tree.indexOf(leaf);
    }
}

/// @dev Held to a tree that is computed whole. Semaphore's own JavaScript is in tests/interop.
contract LazyLeanIMTTest is TestBase {
    LazyTree private _tree = new LazyTree();
    ShadowTree private _shadow = new ShadowTree();

    function insert(uint256 leaf) private {
        _tree.insert(leaf);
        _shadow.insert(leaf);
    }

    function fill(uint256 count) private {
        for (uint256 leaf = 1; leaf <= count; ++leaf) {
            insert(1000 + leaf);
        }
    }

    function update(uint256 leaf, uint256 newLeaf) private {
        _tree.update(leaf, newLeaf, _shadow.siblingsOf(leaf));
        _shadow.update(leaf, newLeaf);
    }

    function refuse(bytes4 reason) private {
        vm.expectRevert(abi.encodeWithSelector(reason));
    }

    function test_TheRootIsThatOfTheLeaves_AtEverySize() public {
        vm.assertEq(_tree.root(), 0);
        vm.assertEq(_tree.depth(), 0);
        for (uint256 size = 1; size <= 40; ++size) {
            insert(1000 + size);
            vm.assertEq(_tree.root(), _shadow.root());
            vm.assertEq(_tree.indexOf(1000 + size), size - 1);
            vm.assertTrue(1 << _tree.depth() >= size && (size == 1 || 1 << (_tree.depth() - 1) < size));
        }
    }

    /// @dev Every leaf of every small tree is replaced, then removed: each is under another stored node.
    function test_EveryLeafCanBeReplacedAndRemoved() public {
        for (uint256 size = 1; size <= 11; ++size) {
            (_tree, _shadow) = (new LazyTree(), new ShadowTree());
            fill(size);
            for (uint256 leaf = 1001; leaf <= 1000 + size; ++leaf) {
                update(leaf, leaf + 1000);
                vm.assertFalse(_tree.has(leaf));
                vm.assertEq(_tree.indexOf(leaf + 1000), leaf - 1001);
                vm.assertEq(_tree.root(), _shadow.root());
            }
            for (uint256 leaf = 2001; leaf <= 2000 + size; ++leaf) {
                update(leaf, 0);
                vm.assertEq(_tree.root(), _shadow.root());
            }
            vm.assertFalse(_tree.has(0));
        }
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_InsertionsAndChangesInAnyOrder(uint256 seed) public {
        uint256[] memory leaves = new uint256[](48);
        uint256 count = 0;
        for (uint256 step = 0; step < 48; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 leaf = seed % Bn254.SCALAR_FIELD;
            uint256 which = count == 0 ? 0 : (seed >> 8) % count;
            if (count == 0 || seed & 3 != 0 || leaves[which] == 0) {
                insert(leaf);
                leaves[count++] = leaf;
            } else {
                uint256 newLeaf = seed & 4 == 0 ? 0 : leaf;
                update(leaves[which], newLeaf);
                leaves[which] = newLeaf;
            }
        }
        vm.assertEq(_tree.root(), _shadow.root());
        for (uint256 i = 0; i < count; ++i) {
            if (leaves[i] != 0) vm.assertEq(_tree.indexOf(leaves[i]), i);
        }
    }

    /// @dev Whoever leaves need not hurry: newcomers change nothing below a stored node.
    function test_SiblingsOfBeforeOthersCameStillServe() public {
        fill(8);
        uint256[] memory siblings = _shadow.siblingsOf(1002);
        for (uint256 leaf = 1009; leaf <= 1011; ++leaf) {
            insert(leaf);
        }
        _tree.update(1002, 5, siblings);
        _shadow.update(1002, 5);
        vm.assertEq(_tree.root(), _shadow.root());
    }

    function test_Insert_RevertWhen_TheLeafIsNone() public {
        fill(3);
        refuse(LeafCannotBeZero.selector);
        _tree.insert(0);
        refuse(LeafGreaterThanSnarkScalarField.selector);
        _tree.insert(Bn254.SCALAR_FIELD);
        refuse(LeafAlreadyExists.selector);
        _tree.insert(1002);
        vm.assertEq(_tree.root(), _shadow.root());
    }

    function test_Update_RevertWhen_TheLeafIsNotThereOrTheNewOneIs() public {
        fill(3);
        uint256[] memory siblings = _shadow.siblingsOf(1001);
        refuse(LeafDoesNotExist.selector);
        _tree.update(7, 8, siblings);
        refuse(LeafDoesNotExist.selector);
        _tree.update(0, 8, siblings);
        refuse(LeafAlreadyExists.selector);
        _tree.update(1001, 1002, siblings);
        refuse(LeafGreaterThanSnarkScalarField.selector);
        _tree.update(1001, Bn254.SCALAR_FIELD, siblings);
    }

    function test_Update_RevertWhen_ASiblingIsWrongOrMissing() public {
        fill(13);
        for (uint256 leaf = 1001; leaf <= 1013; ++leaf) {
            uint256[] memory siblings = _shadow.siblingsOf(leaf);
            uint256 needed = leaf <= 1008 ? 3 : leaf <= 1012 ? 2 : 0; // stored at 13 leaves: nodes of 8, of 4, a leaf
            for (uint256 level = 0; level < needed; ++level) {
                siblings[level] = addmod(siblings[level], 1, Bn254.SCALAR_FIELD);
                refuse(WrongSiblingNodes.selector);
                _tree.update(leaf, 5, siblings);
                siblings[level] += Bn254.SCALAR_FIELD;
                refuse(LeafGreaterThanSnarkScalarField.selector);
                _tree.update(leaf, 5, siblings);
                siblings = _shadow.siblingsOf(leaf);
            }
        }
        uint256[] memory none;
        refuse(WrongSiblingNodes.selector);
        _tree.update(1001, 5, none);
        vm.assertEq(_tree.root(), _shadow.root());
    }
}
