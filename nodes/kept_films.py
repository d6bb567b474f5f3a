"""The node that shows which films' clips are kept, and clears them."""

from comfy_api.latest import io, ui

from ..multitalk_core.errors import MultiTalkError, quoted
from ..multitalk_core.film.store import Cleared, StoredFilm, clear_film, clear_films, stored_films, survey
from .host.checks import check_queued, checked
from .host.film_identity import store_folder
from .host.reporter import lines_of, show_text
from .host.sockets import CATEGORY

GIGABYTE = 10**9
NOTHING, ONE, ALL = "nothing", "one film", "all films"


class KeptFilmsNode(io.ComfyNode):
    """What MultiTalk Long Video keeps."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkKeptFilms",
            display_name="MultiTalk Kept Films",
            category=CATEGORY,
            description="Lists the films whose clips MultiTalk Long Video keeps on disk, last used first, "
            "and clears one or all of them. A film that is being made stays.",
            search_aliases=["multitalk", "films", "clips", "cache", "disk space", "clear", "resume"],
            inputs=[
                io.DynamicCombo.Input(
                    "clear",
                    options=[
                        io.DynamicCombo.Option(NOTHING, []),
                        io.DynamicCombo.Option(
                            ONE,
                            [
                                io.String.Input(
                                    "film",
                                    default="",
                                    tooltip="The film's name, as it stands first in its line of the list.",
                                )
                            ],
                        ),
                        io.DynamicCombo.Option(ALL, []),
                    ],
                    tooltip="What to remove, each time the graph is queued.",
                ),
            ],
            outputs=[
                io.String.Output("films", tooltip="The list: name, size, clips, and which node made it.")
            ],
            hidden=[io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, **given: object) -> float:
        """The disk is always looked at anew."""
        return float("nan")

    @classmethod
    def validate_inputs(cls, clear: dict | None = None) -> bool:
        check_queued(cls, clear=clear)
        return True

    @classmethod
    @checked
    def execute(cls, clear: dict) -> io.NodeOutput:
        lines = _clear(clear)
        found = survey(store_folder())
        lines += [_line(film) for film in found.films]
        lines += found.ignored
        lines.append(f"{len(found.films)} films, {_gigabytes(found.films)} in {store_folder()}")
        text = lines_of("\n".join(lines))
        show_text(text, cls.hidden.unique_id)
        return io.NodeOutput(text, ui=ui.PreviewText(text))


def _clear(clear: dict) -> list[str]:
    """What was removed, and what could not be."""
    if clear["clear"] == NOTHING:
        return []
    if clear["clear"] == ALL:
        cleared = clear_films(store_folder())
    else:
        film = _named(clear["film"].strip())
        clear_film(film)
        cleared = Cleared([film])
    return [f"{len(cleared.films)} cleared, {_gigabytes(cleared.films)}", *cleared.stay]


def _named(name: str) -> StoredFilm:
    film = next((film for film in stored_films(store_folder()) if film.folder.name == name), None)
    if film is None:
        raise MultiTalkError(
            f'clear.film: No film "{quoted(name)}" is kept: take a name from the list, as it stands in its '
            "line."
        )
    return film


def _line(film: StoredFilm) -> str:
    clips = f"{film.clips} of {film.planned} clips"
    return f"{film.folder.name}  {film.size / GIGABYTE:.3f} GB  {clips}  {quoted(film.title)}"


def _gigabytes(films: list[StoredFilm]) -> str:
    return f"{sum(film.size for film in films) / GIGABYTE:.3f} GB"
