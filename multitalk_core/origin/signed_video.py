"""Sign a film with C2PA: who made it, from what, and a hash that any change breaks."""

import mimetypes
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

from .. import __version__
from ..errors import MultiTalkError, quoted
from ..files.whole import whole_file
from ..guards.interruption import interruptible, uninterrupted
from ..guards.stopping import delayed_interrupt
from .film_mark import FilmMark
from .signing_identity import SigningIdentity

KIND = "video/mp4"
AGENT = {"name": "MultiTalk", "version": __version__}
PARENT = {"title": "the dubbed video", "relationship": "parentOf", "label": "dubbed"}
# Ingredients need no thumbnail; nothing is fetched from elsewhere.
SETTINGS = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"remote_manifest_fetch": False}}


def sign_video(path: Path, mark: FilmMark, check_interrupted: Callable[[], None] = uninterrupted) -> None:
    """Sign a finished mp4 in place, if its mark has an identity; whole or not at all.

    Ctrl-C and SIGTERM wait for the signature, except where an authority stamps it: its answer may take long.

    Parameters
    ----------
    path : Path
    mark : FilmMark
    check_interrupted : callable
        Called repeatedly; raises to stop.

    Raises
    ------
    MultiTalkError
        When it cannot be signed; the file is unchanged.
    """
    if (identity := mark.identity) is None:
        return
    import c2pa

    delay = delayed_interrupt() if identity.authority is None else nullcontext()
    try:
        with delay, whole_file(path) as part, path.open("rb") as film, part.open("w+b") as signed:
            interruptible(lambda: _sign(film, signed, mark, identity=identity), check_interrupted)
    except (c2pa.C2paError, OSError) as error:
        raise _refused(path, identity, error) from None  # the library's error repeats the authority's address


def _sign(film: IO[bytes], signed: IO[bytes], mark: FilmMark, *, identity: SigningIdentity) -> None:
    """Write a signed copy; all in one thread, in which the library keeps its errors."""
    import c2pa

    authority = None if identity.authority is None else identity.authority.encode()
    signer = c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(identity.algorithm, identity.chain, identity.key, authority)
    )
    with c2pa.Context.from_dict(SETTINGS) as context:
        _described(mark, context).sign(signer, KIND, film, signed)


def _refused(path: Path, identity: SigningIdentity, error: Exception) -> MultiTalkError:
    """The error without the authority's address, which may contain a password."""
    reason, asked = str(error), ""
    if identity.authority is not None:
        reason, asked = reason.replace(identity.authority, "…"), " and that the timestamp authority answers"
    return MultiTalkError(
        f"{path.name} cannot be signed ({quoted(reason)}): check that the certificate is one for signing "
        f"content{asked}."
    )


def _described(mark: FilmMark, context: Any) -> Any:
    """What is claimed of the film, in a builder of c2pa."""
    import c2pa

    made = {"digitalSourceType": mark.source.uri, "softwareAgent": AGENT}
    kind = None if mark.dubbed is None else mimetypes.guess_type(mark.dubbed)[0]
    opened = mark.dubbed if kind in c2pa.Builder.get_supported_mime_types() else None
    if opened is None:
        actions = [{"action": "c2pa.created", **made}]
    else:
        from_parent = {"parameters": {"ingredientIds": [PARENT["label"]]}}
        actions = [{"action": "c2pa.opened", **from_parent}, {"action": "c2pa.edited", **made}]
    builder = c2pa.Builder(
        {
            "claim_generator_info": [AGENT],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        },
        context=context,
    )
    if opened is not None:
        with opened.open("rb") as video:
            builder.add_ingredient(PARENT, kind, video)
    return builder
