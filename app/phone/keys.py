"""Keys in Android's Keystore, each use of which its owner confirms by a fingerprint, a face or the screen lock.

Everything goes through `jnius` to `java.security`, so the same lines run on any JVM that has a provider of the name
AndroidKeyStore. The keys never leave the secure hardware; this program sees signatures and plaintexts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jnius import JavaException, autoclass, cast

from protocol.errors import ArtifactUnavailable

__all__ = ["Confirm", "KeystoreCipher", "KeystoreSigner"]

T = TypeVar("T")

_PROVIDER = "AndroidKeyStore"
_PURPOSE_ENCRYPT, _PURPOSE_DECRYPT, _PURPOSE_SIGN = 1, 2, 4
_AUTH_DEVICE_CREDENTIAL, _AUTH_BIOMETRIC_STRONG = 1, 2
_ENCRYPT, _DECRYPT = 1, 2
"""`javax.crypto.Cipher.ENCRYPT_MODE` and `DECRYPT_MODE`."""

Confirm = Callable[[Any], None]
"""Gets a `BiometricPrompt.CryptoObject`, returns when the person agreed; raises `ArtifactUnavailable` if not."""


class KeystoreSigner:
    """One P-256 key that signs, made when it is first needed."""

    def __init__(self, alias: str, confirm: Confirm) -> None:
        self._alias = alias
        self._confirm = confirm

    def point(self) -> tuple[int, int]:
        """The public point (x, y)."""
        return _keystore_errors(self._point)

    def sign_digest(self, digest: bytes) -> bytes:
        """The DER signature of 32 bytes, as they are; the person is asked first."""
        return _keystore_errors(lambda: self._sign(digest))

    def _point(self) -> tuple[int, int]:
        public = _entry(self._alias, self._make).getCertificate(self._alias).getPublicKey()
        w = cast("java.security.interfaces.ECPublicKey", public).getW()
        return int(w.getAffineX().toString()), int(w.getAffineY().toString())

    def _sign(self, digest: bytes) -> bytes:
        key = _entry(self._alias, self._make).getKey(self._alias, None)
        signature = autoclass("java.security.Signature").getInstance("NONEwithECDSA")
        signature.initSign(cast("java.security.PrivateKey", key))
        self._confirm(autoclass("android.hardware.biometrics.BiometricPrompt$CryptoObject")(signature))
        signature.update(digest)
        return _bytes(signature.sign())

    def _make(self) -> None:
        builder = _spec(self._alias, _PURPOSE_SIGN)
        curve = autoclass("java.security.spec.ECGenParameterSpec")("secp256r1")
        builder.setAlgorithmParameterSpec(cast("java.security.spec.AlgorithmParameterSpec", curve))
        builder.setDigests("NONE")
        maker = autoclass("java.security.KeyPairGenerator").getInstance("EC", _PROVIDER)
        maker.initialize(cast("java.security.spec.AlgorithmParameterSpec", builder.build()))
        maker.generateKeyPair()


class KeystoreCipher:
    """One AES-256-GCM key that seals small secrets, made when it is first needed."""

    def __init__(self, alias: str, confirm: Confirm) -> None:
        self._alias = alias
        self._confirm = confirm

    def seal(self, plain: bytes) -> bytes:
        """Nonce (12 bytes) and ciphertext with its tag; the person is asked first."""
        return _keystore_errors(lambda: self._seal(plain))

    def open(self, sealed: bytes) -> bytes:
        """What was sealed; the person is asked first. Raises `ArtifactUnavailable` for anything else."""
        return _keystore_errors(lambda: self._open(sealed))

    def forget(self) -> None:
        """Delete the key: what it sealed opens no more."""
        _keystore_errors(lambda: _store().deleteEntry(self._alias))

    def _seal(self, plain: bytes) -> bytes:
        cipher = self._cipher(_ENCRYPT, None)
        return _bytes(cipher.getIV()) + _bytes(cipher.doFinal(plain))

    def _open(self, sealed: bytes) -> bytes:
        return _bytes(self._cipher(_DECRYPT, sealed[:12]).doFinal(sealed[12:]))

    def _cipher(self, mode: int, nonce: bytes | None) -> Any:
        key = cast("java.security.Key", _entry(self._alias, self._make).getKey(self._alias, None))
        cipher = autoclass("javax.crypto.Cipher").getInstance("AES/GCM/NoPadding")
        if nonce is None:
            cipher.init(mode, key)
        else:
            spec = autoclass("javax.crypto.spec.GCMParameterSpec")(128, nonce)
            cipher.init(mode, key, cast("java.security.spec.AlgorithmParameterSpec", spec))
        self._confirm(autoclass("android.hardware.biometrics.BiometricPrompt$CryptoObject")(cipher))
        return cipher

    def _make(self) -> None:
        builder = _spec(self._alias, _PURPOSE_ENCRYPT | _PURPOSE_DECRYPT)
        builder.setBlockModes("GCM")
        builder.setEncryptionPaddings("NoPadding")
        builder.setKeySize(256)
        maker = autoclass("javax.crypto.KeyGenerator").getInstance("AES", _PROVIDER)
        maker.init(cast("java.security.spec.AlgorithmParameterSpec", builder.build()))
        maker.generateKey()


def _spec(alias: str, purposes: int) -> Any:
    builder = autoclass("android.security.keystore.KeyGenParameterSpec$Builder")(alias, purposes)
    builder.setUserAuthenticationRequired(True)
    # 0 seconds: every single use asks; a new fingerprint on the device makes the key useless, as it should
    builder.setUserAuthenticationParameters(0, _AUTH_BIOMETRIC_STRONG | _AUTH_DEVICE_CREDENTIAL)
    builder.setInvalidatedByBiometricEnrollment(True)
    return builder


def _store() -> Any:
    store = autoclass("java.security.KeyStore").getInstance(_PROVIDER)
    store.load(None)
    return store


def _entry(alias: str, make: Callable[[], None]) -> Any:
    store = _store()
    if not store.containsAlias(alias):
        make()
        store = _store()
    return store


def _bytes(array: Any) -> bytes:
    return bytes(byte & 0xFF for byte in array)


def _keystore_errors(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except JavaException as error:  # its words may say too much; its class says enough
        kind = str(getattr(error, "classname", None) or "Java").rsplit(".", 1)[-1]
        raise ArtifactUnavailable(
            f"the device's key store refused: {kind}",
            hint="is a screen lock set up, and unchanged since the key was made?",
        ) from None
