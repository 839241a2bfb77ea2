// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Stand-ins for proofs, only where a rule is tested that has nothing to do with them. The same rules run with real
///      proofs in tests/registry_contract (pytest).

contract StubCodeVerifier {
    enum Answer {
        True,
        False,
        Two,
        Nothing,
        Reverts,
        RevertsWithTrue
    }

    error StubRefuses(uint256 code);

    Answer private _answer;

    function set(Answer answer) external {
        _answer = answer;
    }

    function verifyProof(bytes calldata, uint256[] calldata) external view returns (uint256) {
        if (_answer == Answer.Reverts) revert StubRefuses(7);
        if (_answer == Answer.RevertsWithTrue) {
            assembly {
                mstore(0, 1)
                revert(0, 32)
            }
        }
        if (_answer == Answer.Nothing) {
            assembly {
                return(0, 0)
            }
        }
        if (_answer == Answer.Two) return 2;
        return _answer == Answer.True ? 1 : 0;
    }
}

contract StubSemaphoreVerifier {
    bool public answer = true;
    bool private _picky;
    uint256[4] private _signals;

    function set(bool answer_) external {
        answer = answer_;
    }

    /// @dev Says yes to these public signals only: root, nullifier, message's and scope's hash.
    function onlyFor(uint256[4] calldata signals) external {
        (_picky, _signals) = (true, signals);
    }

    function verifyProof(
        uint256[2] calldata,
        uint256[2][2] calldata,
        uint256[2] calldata,
        uint256[4] calldata signals,
        uint256 depth
    ) external view returns (bool) {
        if (depth != 24) return false;
        for (uint256 i = 0; _picky && i < 4; ++i) {
            if (signals[i] != _signals[i]) return false;
        }
        return answer;
    }
}

contract StubGroup {
    uint256 public root = 11;
    uint256 public size = 3;
    uint256 public depth = 2;

    function snapshot() external view returns (uint32, uint256, uint256, uint256) {
        return (1, root, size, depth);
    }

    mapping(uint256 root => uint64) private _replacedAt;

    function replaceRoot(uint256 root_) external {
        _replacedAt[root] = uint64(block.timestamp);
        root = root_;
    }

    function rootInfo(uint256 root_) external view returns (bool known, uint64 replacedAt) {
        if (root_ == root) return (true, 0);
        return (_replacedAt[root_] != 0, _replacedAt[root_]);
    }

    function set(uint256 root_, uint256 size_, uint256 depth_) external {
        (root, size, depth) = (root_, size_, depth_);
    }
}
