"""How several voices enter the audio layer: the injection schemes of the paper's Fig. 3, and routing.

One file and one class each, in the order in which users see them; `register` adds one from outside.
"""

from ...errors import MultiTalkError, quoted
from .add import Add
from .concat import Concat
from .lrope import LRope
from .routed import Routed
from .scheme import Scheme
from .split import Split

AUTOMATIC = "automatic"  # no scheme, but a choice of one
FEW_VOICES = 2  # what MultiTalk was trained with

SCHEMES: dict[str, Scheme] = {}


def register(scheme: Scheme) -> None:
    """Make a scheme known by its name, to the core, the nodes and the command line.

    Raises
    ------
    MultiTalkError
        For a name that is taken.
    """
    if scheme.name in (AUTOMATIC, *SCHEMES):
        raise MultiTalkError(f'There is a scheme "{scheme.name}" already: choose another name.')
    SCHEMES[scheme.name] = scheme


def find_scheme(name: str) -> Scheme:
    """The scheme of a name.

    Raises
    ------
    MultiTalkError
        For an unknown name; it lists the known ones.
    """
    if name not in SCHEMES:
        known = ", ".join(f'"{each}"' for each in SCHEMES)
        raise MultiTalkError(f'There is no scheme "{quoted(name)}": choose one of {known}.')
    return SCHEMES[name]


def resolved_scheme(name: str, *, voices: int, among_bystanders: bool) -> str:
    """The name of a scheme, chosen where the name is `AUTOMATIC`.

    Parameters
    ----------
    name : str
    voices : int
        Listeners included.
    among_bystanders : bool
        Whether the picture shows more than the persons with a voice.
    """
    if name != AUTOMATIC:
        return name
    return Routed.name if voices > FEW_VOICES or (voices == 1 and among_bystanders) else LRope.name


def schemes_help() -> str:
    """A sentence for each choice, for tooltips and the command line."""
    choice = f"{AUTOMATIC}: {Routed.name} for one marked person or for three and more, else {LRope.name}."
    return " ".join([choice, *(f"{scheme.name}: {scheme.help}." for scheme in SCHEMES.values())])


for _scheme in (LRope(), Routed(), Concat(), Add(), Split()):
    register(_scheme)
