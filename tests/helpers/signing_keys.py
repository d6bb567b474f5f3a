"""Keys and certificates for tests, made anew each time: an authority that issues a signer's certificate."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KINDS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class KeyFiles:
    """A key and its certificates on disk."""

    key: Path
    certificate: Path

    def options(self) -> list[str]:
        """As the command line takes them."""
        return ["--sign-key", str(self.key), "--sign-cert", str(self.certificate)]


def write_keys(
    folder: Path,
    kind: str = "es256",
    *,
    days: int = 30,
    order: str = "signer root",
    password: bytes | None = None,
) -> KeyFiles:
    """Write a key and its chain, valid from yesterday for some days, or until some days ago.

    The order names what is in the chain: "signer", "root" and "self", the signer's own signed by itself.
    """
    signer_key, root_key = KINDS[kind](), KINDS[kind]()
    certificates = {
        "signer": _certificate("A studio", signer_key, "A root", root_key, days=days),
        "self": _certificate("A studio", signer_key, "A studio", signer_key, days=days),
        "root": _certificate("A root", root_key, "A root", root_key, authority=True),
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = KeyFiles(folder / f"{kind}.key.pem", folder / f"{kind}.cert.pem")
    hidden = NoEncryption() if password is None else BestAvailableEncryption(password)
    files.key.write_bytes(signer_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    chain = [certificates[name].public_bytes(Encoding.PEM) for name in order.split()]
    files.certificate.write_bytes(b"".join(chain))
    return files


def _certificate(subject: str, key, issuer: str, issuer_key, *, authority: bool = False, days: int = 30):
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - (DAY if days > 0 else DAY * (1 - days)))
        .not_valid_after(now + DAY * days)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if not authority:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        built = built.add_extension(purposes, critical=False)
    algorithm = None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return built.sign(issuer_key, algorithm)


def _name(text: str) -> x509.Name:
    names = ((NameOID.ORGANIZATION_NAME, "Tests"), (NameOID.COMMON_NAME, text))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in names])


def _usage(authority: bool) -> x509.KeyUsage:
    unused = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    unused += ("encipher_only", "decipher_only")
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, **dict.fromkeys(unused, False)
    )
