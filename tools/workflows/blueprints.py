"""The subgraphs in subgraphs/: what is folded into one node, and which inputs that node shows."""

from dataclasses import dataclass, field

from .graph import Group, Workflow
from .parts import (
    PROMPTS,
    TOGETHER,
    WHOLE,
    faces,
    long_video,
    picture,
    prompts,
    released_models,
    save,
    spoken,
)

FILM, ENCODER = "MultiTalkLongVideo", "MultiTalkAudioEncoder"


@dataclass(frozen=True)
class Blueprint:
    """A graph that is folded into one node.

    Attributes
    ----------
    name, description, category : str
        As the page lists it.
    workflow : Workflow
        What lies outside gives the node its sockets.
    outside : tuple of str
        Names of nodes that are not folded.
    renamed : dict
        Names of sockets.
    shown : list of (kind, title, input id, name)
        Further inputs that the node shows.
    aliases : list of str
        For the search.
    """

    name: str
    description: str
    category: str
    workflow: Workflow
    outside: tuple[str, ...]
    renamed: dict[str, str]
    shown: list[tuple[str, str, str, str]]
    aliases: list[str] = field(default_factory=list)


def conversation() -> Blueprint:
    return Blueprint(
        name="MultiTalk Conversation",
        description="One picture and a voice for each person in it: everybody speaks with their own voice. "
        "Faces are found from left to right. A voice that is left out is a listener's.",
        category="MultiTalk",
        workflow=Workflow(
            "conversation",
            [
                [
                    released_models(),
                    Group("Picture and persons", picture("multitalk_two_people.png") | faces(0)),
                ],
                [Group("Voices", spoken(2, TOGETHER, WHOLE)), prompts(PROMPTS[2])],
                [Group("Video", long_video()), Group("Result", save("conversation", ("sampler", "video")))],
            ],
        ),
        outside=("picture", "voice_1", "voice_2", "save"),
        renamed={"image": "picture", "speaker_1": "voice 1", "speaker_2": "voice 2"},
        shown=[
            (ENCODER, "", "speaker_3", "voice 3"),
            (ENCODER, "", "speaker_4", "voice 4"),
            ("CLIPTextEncode", "Prompt", "text", "prompt"),
            (FILM, "", "length", "length"),
            (FILM, "", "width", "width"),
            (FILM, "", "height", "height"),
            (FILM, "", "seed", "seed"),
            (FILM, "", "draft", "draft"),
        ],
        aliases=["multitalk", "two people", "podcast", "interview", "portrait", "avatar", "lip sync"],
    )


BLUEPRINTS = [conversation]
