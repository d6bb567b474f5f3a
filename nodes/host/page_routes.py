"""What the page's timeline asks the server for: the turns of a table, and the voice of a Load Voice node."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from server import PromptServer

from ...multitalk_core.audio.sound_file import read_audio
from ...multitalk_core.audio.speaker_names import places_of
from ...multitalk_core.audio.waveform import ALL
from ...multitalk_core.errors import MultiTalkError
from .uploaded_file import uploaded_file
from .voice_files import wav_bytes
from .voices import read_table, table_names

Answer = Callable[[web.Request], Awaitable[web.Response]]


def add_page_routes() -> None:
    """Offer them to the page; called once, when ComfyUI loads the pack."""
    routes = PromptServer.instance.routes
    routes.get("/multitalk/voice")(_refused(_voice))
    routes.post("/multitalk/turns")(_refused(_turns))


async def _voice(request: web.Request) -> web.Response:
    """The sound that a MultiTalk Load Voice node gives, as WAV."""
    return web.Response(body=await asyncio.to_thread(_wav, dict(request.query)), content_type="audio/wav")


def _wav(query: dict[str, str]) -> bytes:
    path = uploaded_file("audio", query.get("audio"))
    voice = read_audio(path, track=query.get("track", "").strip(), channel=query.get("channel", ALL))
    return wav_bytes(voice)


async def _turns(request: web.Request) -> web.Response:
    """The turns of a table in any format, by speaker number, and the speakers' names."""
    given = await request.json()
    return web.json_response(await asyncio.to_thread(_read, str(given["text"]), str(given["names"])))


def _read(text: str, names: str) -> dict[str, object]:
    listed = table_names(names, None)
    table = read_table(text, listed, None)
    places = places_of(table.turns, listed or table.speakers)
    return {
        "names": sorted(places, key=lambda name: places[name]),
        "turns": [
            {
                "speaker": 1 + places[turn.speaker],
                "start": turn.start,
                "end": turn.end,
                "voiceOf": turn.voice_of,
                "voiceStart": turn.voice_start,
            }
            for turn in table
        ],
    }


def _refused(answer: Answer) -> Answer:
    """Give a MultiTalkError as its sentence."""

    async def answered(request: web.Request) -> web.Response:
        try:
            return await answer(request)
        except MultiTalkError as error:
            # Not a failed request: the page says so on the timeline, and the browser's console stays empty.
            return web.json_response({"error": str(error)})

    return answered
