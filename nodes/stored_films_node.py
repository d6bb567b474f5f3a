"""The node that shows which films' clips are stored, and clears them."""

from comfy_api.latest import io, ui

from ..multitalk_core.errors import MultiTalkError, quoted
from ..multitalk_core.film.store import Cleared, StoredFilm, clear_film, clear_films, stored_films, survey
from ..multitalk_core.guards.memory import GIGABYTE
from .host.checks import check_queued, checked
from .host.film_identity import store_folder
from .host.reporter import lines_of, show_text
from .host.sockets import CATEGORY

NOTHING, ONE, ALL = "nothing", "one film", "all films"


class StoredFilmsNode(io.ComfyNode):
    """What MultiTalk Long Video stores."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkStoredFilms",
            display_name="MultiTalk Stored Films",
            category=CATEGORY,
            description="Lists the films whose clips MultiTalk Long Video stores on disk, most recently "
            "used first, and clears one or all of them. A film in progress is never cleared.",
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
                                    tooltip="Name of the film: the start of its line in the list.",
                                )
                            ],
                        ),
                        io.DynamicCombo.Option(ALL, []),
                    ],
                    tooltip="What to clear, each time the graph is queued.",
                ),
            ],
            outputs=[
                io.String.Output(
                    "films", tooltip="The list: name, size, clips, and the node that made each film."
                )
            ],
            hidden=[io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, **given: object) -> float:
        """Never the same, as the disk may have changed."""
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
            f'clear.film: no stored film is named "{quoted(name)}"; copy a name from the start of its line '
            "in the list."
        )
    return film


def _line(film: StoredFilm) -> str:
    clips = f"{film.clips} of {film.planned} clips"
    return f"{film.folder.name}  {film.size / GIGABYTE:.3f} GB  {clips}  {quoted(film.title)}"


def _gigabytes(films: list[StoredFilm]) -> str:
    return f"{sum(film.size for film in films) / GIGABYTE:.3f} GB"
