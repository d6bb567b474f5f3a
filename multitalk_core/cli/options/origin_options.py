"""Arguments for what a film says of its origin: its signature and a watermark."""

import argparse

from ...errors import MultiTalkError
from ...origin.film_mark import FilmMark
from ...origin.signing_identity import read_identity
from ...origin.watermark import find_watermark, watermark_names
from .paths import input_file

DESCRIPTION = "Every film says that it is synthetic; these options add to that (docs/origin.md)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Signature and watermark."""
    group = parser.add_argument_group("mark of origin", DESCRIPTION)
    group.add_argument(
        "--sign-key",
        type=input_file,
        metavar="FILE",
        help="sign the film with C2PA: a private key for ES256 or Ed25519 as PEM, without a password; needs "
        "c2pa-python",
    )
    group.add_argument(
        "--sign-cert",
        type=input_file,
        metavar="FILE",
        help="the key's certificate as PEM, followed by those that issued it",
    )
    group.add_argument(
        "--timestamp-authority",
        metavar="URL",
        help="let this authority timestamp the signature; it learns a hash of the film (default: none)",
    )
    group.add_argument(
        "--watermark",
        metavar="NAME",
        help="a watermark in the pixels that an installed package offers "
        f"(installed: {', '.join(watermark_names()) or 'none'})",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for a key without its certificate or the reverse, and for what cannot sign."""
    film_mark(arguments)


def film_mark(arguments: argparse.Namespace) -> FilmMark:
    """The mark that the arguments mean."""
    key, certificate, authority = arguments.sign_key, arguments.sign_cert, arguments.timestamp_authority
    if (key is None) != (certificate is None):
        raise MultiTalkError("--sign-key and --sign-cert go together: name both the key and its certificate.")
    if key is None and authority is not None:
        raise MultiTalkError("--timestamp-authority applies to a signature: add --sign-key and --sign-cert.")
    return FilmMark(
        watermark=None if arguments.watermark is None else find_watermark(arguments.watermark),
        identity=None if key is None else read_identity(key, certificate, authority),
        dubbed=arguments.video,
    )
