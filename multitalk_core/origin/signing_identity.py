"""Who signs films: a private key and its certificates, checked before any film is made."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError, quoted
from ..files.given import read_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.x509 import Certificate

    PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey

LARGEST_FILE = 1_000_000  # bytes
ADDRESS = re.compile(r"https?://[!-~]+")  # in ASCII and without blanks
INSTALL = "install it with pip install c2pa-python, and start again"


@dataclass(frozen=True, kw_only=True)
class SigningIdentity:
    """A key that is known to fit its certificate.

    Attributes
    ----------
    algorithm : str
        "es256" or "ed25519".
    key : bytes
        PEM, PKCS 8. It is never printed.
    chain : bytes
        PEM certificates, the signer's first, each followed by its issuer's.
    authority : str, optional
        URL of the authority that timestamps signatures; None asks nobody. It may contain a password.
    """

    algorithm: str
    key: bytes = field(repr=False)
    chain: bytes = field(repr=False)
    authority: str | None = field(default=None, repr=False)


def read_identity(key: Path, certificate: Path, authority: str | None = None) -> SigningIdentity:
    """Read a key and its certificates.

    Parameters
    ----------
    key, certificate : Path
        PEM files: a private key for ES256 (EC P-256) or Ed25519 without a password, and the certificates.
    authority : str, optional
        As in SigningIdentity.

    Raises
    ------
    MultiTalkError
        When a library is missing, or for files that cannot sign: each names the file and what is wrong.
    """
    try:
        import c2pa  # noqa: F401
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        raise MultiTalkError(f"Signing needs the library c2pa-python: {INSTALL}.") from error
    private = _read_key(key)
    chain = _read_chain(certificate)
    _check_pair(private, chain[0], key=key, certificate=certificate)
    _check_dates(chain[0], certificate)
    _check_order(chain, certificate)
    if authority is not None and not ADDRESS.fullmatch(authority):
        raise MultiTalkError(
            f"The timestamp authority {quoted(authority)} is no address: write it such as "
            "http://timestamp.example.org."
        )
    pem = serialization.Encoding.PEM
    return SigningIdentity(
        algorithm=_algorithm(private) or "",
        key=private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        chain=b"".join(each.public_bytes(pem) for each in chain),
        authority=authority,
    )


def _read_key(path: Path) -> "PrivateKey":
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_bytes(path, "signing key", LARGEST_FILE)
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError as error:
        raise MultiTalkError(
            f"The signing key {path} has a password: give a copy without one that only you may read."
        ) from error
    except Exception as error:  # the library raises many kinds
        raise MultiTalkError(
            f"The signing key {path} is no private key in PEM form: such a file begins with -----BEGIN."
        ) from error
    if _algorithm(key) is None:
        raise MultiTalkError(
            f"The signing key {path} is of another kind: make one for ES256 (curve P-256) or Ed25519."
        )
    return key  # type: ignore[return-value]


def _algorithm(key: object) -> str | None:
    """C2PA's name of what a key signs with."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if isinstance(key, Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return "es256"
    return None


def _read_chain(path: Path) -> list["Certificate"]:
    from cryptography.x509 import load_pem_x509_certificates

    content = read_bytes(path, "certificate", LARGEST_FILE)
    try:
        return load_pem_x509_certificates(content)
    except Exception as error:
        raise MultiTalkError(
            f"The certificate {path} is not in PEM form: it begins with -----BEGIN CERTIFICATE-----."
        ) from error


def _check_pair(private: "PrivateKey", signer: "Certificate", *, key: Path, certificate: Path) -> None:
    if private.public_key() != signer.public_key():
        raise MultiTalkError(
            f"The signing key {key} does not belong to the first certificate in {certificate}: name the key "
            "that it was issued for, and put the signer's own certificate first."
        )


def _check_dates(signer: "Certificate", path: Path) -> None:
    start, end = signer.not_valid_before_utc, signer.not_valid_after_utc
    if not start <= datetime.now(UTC) <= end:
        raise MultiTalkError(
            f"The certificate {path} is valid from {start:%Y-%m-%d} to {end:%Y-%m-%d} and not now: renew it, "
            "or check the clock."
        )


def _check_order(chain: list["Certificate"], path: Path) -> None:
    for number, (issued, issuer) in enumerate(pairwise(chain), start=2):
        try:
            issued.verify_directly_issued_by(issuer)
        except Exception as error:
            raise MultiTalkError(
                f"Certificate {number} in {path} did not issue the one before it: order them from the "
                "signer's own to the root."
            ) from error
    if chain[0].subject == chain[0].issuer:
        raise MultiTalkError(
            f"The certificate {path} is signed by its own key, which C2PA does not allow: have it issued by "
            "an authority, which may be your own."
        )
