"""A C2PA signature in a file: whether it still fits, and who signed."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .signing_identity import INSTALL

# Nothing is fetched from elsewhere.
SETTINGS = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
UNTRUSTED = "signingCredential.untrusted"
STATES = {
    "Trusted": "valid and trusted",
    "Valid": "valid; whether to trust the signer was not checked",
    "Invalid": "INVALID",
}
NOT_CHECKED = "not checked"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a C2PA reader says of a file.

    Attributes
    ----------
    state : str
        "Valid" (unchanged since it was signed), "Trusted" (and by a signer on a list of trust), "Invalid", or
        "not checked".
    signer : str, optional
        The name in the certificate.
    time : str, optional
        When it was signed, if an authority timestamped it.
    source : str, optional
        The digital source type that is claimed.
    actions : list of str
        What is claimed to have been done, such as "c2pa.created".
    problems : list of str
        C2PA's codes of what does not fit.
    """

    state: str
    signer: str | None = None
    time: str | None = None
    source: str | None = None
    actions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """All of it."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    def in_words(self) -> str:
        """The same on a line."""
        if self.state == NOT_CHECKED:
            return f"not checked: that needs the library c2pa-python; {INSTALL}"
        said = [STATES[self.state]]
        said += [f"does not fit: {', '.join(self.problems)}"] if self.problems else []
        said += [f"signed by {self.signer}"] if self.signer else []
        said += [f"at {self.time}"] if self.time else []
        return ", ".join(said)


def read_signature(path: Path, kind: str) -> Signature:
    """Verify the signature of a file that has a C2PA manifest.

    Parameters
    ----------
    path : Path
    kind : str
        MIME type.
    """
    try:
        import c2pa
    except ImportError:
        return Signature(state=NOT_CHECKED)
    try:
        with (
            path.open("rb") as file,
            c2pa.Context.from_dict(SETTINGS) as context,
            c2pa.Reader(kind, file, context=context) as reader,
        ):
            return _signature(reader)
    except c2pa.C2paError as error:  # too damaged to be read
        return Signature(state="Invalid", problems=(str(error).split(":")[0],))


def _signature(reader: Any) -> Signature:
    manifest = reader.get_active_manifest() or {}
    signed = manifest.get("signature_info") or {}
    results = (reader.get_validation_results() or {}).get("activeManifest") or {}
    actions = [
        action
        for assertion in manifest.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    sources = [action["digitalSourceType"] for action in actions if action.get("digitalSourceType")]
    return Signature(
        state=reader.get_validation_state(),
        signer=signed.get("common_name") or signed.get("issuer"),
        time=signed.get("time"),
        source=sources[-1] if sources else None,
        actions=tuple(action["action"] for action in actions),
        problems=tuple(each["code"] for each in results.get("failure", []) if each["code"] != UNTRUSTED),
    )
