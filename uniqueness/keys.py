"""Keys and certificates of a committee: one authority for its three nodes, another for its clients.

The nodes' authority makes three certificates, `node-0` to `node-2`, and no others: SPU's links check the authority
alone, so whoever had a fourth could take part in a computation. Clients are therefore another authority's.
TLS keys are of P-256, which every library here reads.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from protocol.errors import InputError

__all__ = [
    "Authority",
    "certificate_request",
    "node_name",
    "read_box_key",
    "write_box_key",
    "write_secret",
    "write_tls_key",
]

_LIFE = timedelta(days=730)


def node_name(node: int) -> str:
    """What a node's certificate calls it."""
    return f"node-{node}"


def write_secret(path: Path, data: bytes) -> None:
    """A new file of mode 0600. Raises `InputError` if it exists: a key is never overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"{path} cannot be made: {error.strerror}", hint="choose another folder") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_tls_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key and write it (PEM, mode 0600)."""
    key = ec.generate_private_key(ec.SECP256R1())
    write_secret(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def write_box_key(path: Path) -> bytes:
    """Make the X25519 key that clients seal shares to; returns the public one, 32 bytes."""
    key = X25519PrivateKey.generate()
    write_secret(path, key.private_bytes_raw().hex().encode() + b"\n")
    return key.public_key().public_bytes_raw()


def read_box_key(path: Path) -> X25519PrivateKey:
    """Raises `InputError` for a file that is absent, open to others or no key; never shows what is in it."""
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[:200]
    except OSError as error:
        raise InputError(f"the box key {path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise InputError(f"the box key {path} is open to others", hint=f"run: chmod 600 {path}")
    try:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(text.decode("ascii").strip()))
    except ValueError:
        raise InputError(f"{path} is no box key: not 64 hex digits") from None


def certificate_request(key: ec.EllipticCurvePrivateKey, name: str) -> str:
    """A signing request (PEM) for `name`."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


class Authority:
    """A certificate authority of one committee: of its nodes, or of its clients."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key, self._certificate = key, certificate

    @classmethod
    def create(cls, folder: Path, name: str) -> Authority:
        """Make `name`.key and `name`.crt in a folder. Raises `InputError` if they exist."""
        key = write_tls_key(folder / f"{name}.key")
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"irisproof {name} {secrets.token_hex(4)}")])
        builder = _builder(subject, subject, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        made = cls(key, builder.sign(key, hashes.SHA256()))
        (folder / f"{name}.crt").write_text(made.pem)
        return made

    @classmethod
    def read(cls, folder: Path, name: str) -> Authority:
        """Raises `InputError` where it is not there."""
        try:
            key = load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
            certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        except (OSError, ValueError) as error:
            raise InputError(f"there is no authority {name} in {folder}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InputError(f"{folder / name}.key is not a P-256 key")
        return cls(key, certificate)

    @property
    def pem(self) -> str:
        return self._certificate.public_bytes(Encoding.PEM).decode()

    def certify(self, request_pem: str, name: str) -> str:
        """A certificate (PEM) for the request's key under `name`, whatever the request calls itself.

        Raises `InputError` for a request that is none or not signed by its own key.
        """
        try:
            request = x509.load_pem_x509_csr(request_pem.encode())
        except ValueError as error:
            raise InputError(f"the certificate request of {name} cannot be read") from error
        if not request.is_signature_valid:
            raise InputError(f"the certificate request of {name} is not signed by its own key")
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self._certificate.subject, request.public_key())
        both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs_certificates=False), True),
            (x509.ExtendedKeyUsage(both), False),
            (x509.SubjectAlternativeName([x509.DNSName(name)]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _builder(subject: x509.Name, issuer: x509.Name, public_key: object) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(public_key).serial_number(x509.random_serial_number())  # type: ignore[arg-type]
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + _LIFE)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
