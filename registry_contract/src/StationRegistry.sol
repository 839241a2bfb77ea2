// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {Governed} from "./Governed.sol";

/// @title The capture stations: who may say that it saw a live eye.
/// @notice Stations come in through the timelock. The guardian can do one thing: revoke one at once.
/// @dev A station is named by an address: that of its secp256k1 key, or the last 20 bytes of keccak256(x, y) of its P-256
///      key. Each listed station has one curve; a signature of the other curve under its name is refused.
contract StationRegistry is Governed {
    struct StationState {
        uint64 addedAt;
        uint64 revokedAt;
        bool p256;
    }

    struct P256Key {
        bytes32 x;
        bytes32 y;
    }

    event StationAdded(address indexed station);
    event P256StationAdded(address indexed station, bytes32 x, bytes32 y);
    event StationRevoked(address indexed station, uint64 revokedAt);
    event GuardianChanged(address indexed guardian);

    uint256 private constant SECP256K1_LENGTH = 65;
    uint256 private constant P256_LENGTH = 84;
    /// @dev In `Registry__StationSignatureInvalid`, beside OpenZeppelin's reasons 0..3.
    uint8 private constant P256_INVALID = 4;

    /// @notice May revoke stations, and nothing else.
    address public guardian;

    mapping(address station => StationState) private _stations;
    mapping(address station => P256Key) private _keys;
    address[] private _revoked;

    /// @param stations The first ones, of secp256k1: there is nobody yet whom a delay would protect.
    constructor(address governor_, address guardian_, address[] memory stations) Governed(governor_) {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
        for (uint256 i = 0; i < stations.length; ++i) {
            _add(stations[i], false);
        }
    }

    /// @notice Lists a station by the address of its secp256k1 key.
    function addStation(address station) external onlyGovernor {
        _add(station, false);
    }

    /// @notice Lists a station by its P-256 key, as phones and secure elements hold them.
    function addP256Station(bytes32 x, bytes32 y) external onlyGovernor returns (address station) {
        if (!P256.isValidPublicKey(x, y)) revert Registry__StationKeyInvalid(x, y);
        station = p256StationOf(x, y);
        _keys[station] = P256Key(x, y);
        _add(station, true);
        emit P256StationAdded(station, x, y);
    }

    /// @notice For good: the key is lost, and a new key is a new station. Takes effect at once.
    function revokeStation(address station) external {
        if (msg.sender != guardian && msg.sender != governor) revert Registry__NotGuardian(msg.sender);
        StationState storage state = _stations[station];
        if (state.addedAt == 0) revert Registry__StationUnknown(station);
        if (state.revokedAt != 0) revert Registry__StationRevoked(station, state.revokedAt);
        state.revokedAt = uint64(block.timestamp);
        _revoked.push(station);
        emit StationRevoked(station, uint64(block.timestamp));
    }

    function setGuardian(address guardian_) external onlyGovernor {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @notice The active station that signed `digest`. Reverts where there is none.
    /// @dev A signature over anything else recovers some other address: it ends as `Registry__StationUnknown`.
    function requireSigned(bytes32 digest, bytes calldata signature) external view returns (address station) {
        if (signature.length == P256_LENGTH) {
            station = address(bytes20(signature[64:]));
            StationState storage state = _stations[station];
            if (state.addedAt == 0 || !state.p256) revert Registry__StationUnknown(station);
            P256Key storage key = _keys[station];
            // The precompile where the chain has it, else in Solidity. Refuses the upper half of s.
            if (!P256.verify(digest, bytes32(signature[:32]), bytes32(signature[32:64]), key.x, key.y)) {
                revert Registry__StationSignatureInvalid(P256_INVALID, digest);
            }
        } else {
            if (signature.length != SECP256K1_LENGTH) revert Registry__StationSignatureLengthWrong(signature.length);
            ECDSA.RecoverError failure;
            bytes32 detail;
            (station, failure, detail) = ECDSA.tryRecoverCalldata(digest, signature);
            if (failure != ECDSA.RecoverError.NoError) {
                revert Registry__StationSignatureInvalid(uint8(failure), detail);
            }
            StationState storage state = _stations[station];
            if (state.addedAt == 0 || state.p256) revert Registry__StationUnknown(station);
        }
        uint64 revokedAt = _stations[station].revokedAt;
        if (revokedAt != 0) revert Registry__StationRevoked(station, revokedAt);
    }

    /// @notice Unix times in seconds; 0 for what has not happened.
    function stationOf(address station) external view returns (uint64 addedAt, uint64 revokedAt) {
        StationState storage state = _stations[station];
        return (state.addedAt, state.revokedAt);
    }

    /// @notice In the order of their revocation.
    function revokedStation(uint256 index) external view returns (address) {
        return _revoked[index];
    }

    function revokedCount() external view returns (uint256) {
        return _revoked.length;
    }

    function p256StationOf(bytes32 x, bytes32 y) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(x, y)))));
    }

    function _add(address station, bool p256) private {
        if (station == address(0)) revert Registry__StationIsZero();
        if (_stations[station].addedAt != 0) revert Registry__StationAlreadyListed(station);
        _stations[station] = StationState(uint64(block.timestamp), 0, p256);
        emit StationAdded(station);
    }
}
