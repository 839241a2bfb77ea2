// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An affine point of BN254's first group. The point at infinity has no place in the protocol.
struct G1Point {
    uint256 x;
    uint256 y;
}

/// @title The curve of every commitment and proof (EIP-196): y^2 = x^3 + 3 over F_q, group order r.
library Bn254 {
    error Bn254__AdditionFailed(uint256 ax, uint256 ay, uint256 bx, uint256 by);

    /// @notice r: public inputs of proofs are canonical below it.
    uint256 internal constant SCALAR_FIELD =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @notice q: coordinates of points are canonical below it.
    uint256 internal constant BASE_FIELD =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    address private constant ADDITION_PRECOMPILE = address(6);

    /// @dev Says nothing about canonical coordinates: x + q passes where x does. (0, 0) does not pass.
    function isOnCurve(G1Point memory point) internal pure returns (bool) {
        uint256 cube = mulmod(mulmod(point.x, point.x, BASE_FIELD), point.x, BASE_FIELD);
        return mulmod(point.y, point.y, BASE_FIELD) == addmod(cube, 3, BASE_FIELD);
    }

    /// @notice a - b, where both are canonical and on the curve and b.y != 0 (no point of BN254 has y = 0).
    /// @dev Gives (0, 0) where a == b: the caller refuses it.
    function subtract(G1Point memory a, G1Point memory b) internal view returns (G1Point memory difference) {
        (bool success, bytes memory result) =
            ADDITION_PRECOMPILE.staticcall(abi.encode(a.x, a.y, b.x, BASE_FIELD - b.y));
        if (!success) revert Bn254__AdditionFailed(a.x, a.y, b.x, BASE_FIELD - b.y);
        (difference.x, difference.y) = abi.decode(result, (uint256, uint256));
    }
}
