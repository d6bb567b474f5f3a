"""What a node of another pack means here: one table a node."""

from dataclasses import dataclass, field

READ_ON = ""  # a socket whose nodes are read for their own settings


@dataclass(frozen=True)
class Lost:
    """An input that has no counterpart.

    Attributes
    ----------
    why : str
        One sentence, for the report.
    neutral : tuple
        Values at which nothing is lost.
    """

    why: str
    neutral: tuple = ()


@dataclass(frozen=True)
class NodeMeaning:
    """How the inputs of a kind of node are carried over.

    Attributes
    ----------
    widgets : tuple of str
        Input ids in the order in which the page stores their values.
    carried : dict
        Our setting by input id: `sampler.steps` is the input `steps` of our sampler; a name without a node
        is a value that the family's rules turn into settings.
    sockets : dict
        By input id: what is linked there, such as `picture`; READ_ON where it has settings of its own.
    lost : dict
        Inputs without counterpart, by input id.
    """

    widgets: tuple[str, ...] = ()
    carried: dict[str, str] = field(default_factory=dict)
    sockets: dict[str, str] = field(default_factory=dict)
    lost: dict[str, Lost] = field(default_factory=dict)


MEMORY = Lost(
    "ComfyUI moves models in and out of memory by itself", (True, False, "offload_device", "main_device")
)
COMPUTING = Lost(
    "ComfyUI chooses precision and attention itself; its launch options change them", ("sdpa", "default")
)
TILING = Lost(
    "the whole frame is encoded and decoded at once; ComfyUI tiles it when memory runs out", (False,)
)
ONE_PICTURE = Lost("a film has one picture")
OTHER_METHOD = Lost("another method's control is not part of MultiTalk")
