"""What the page's timeline asks the server for: the turns of a table, and the voice of a Load Voice node."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web
from server import PromptServer

from ...multitalk_core.audio.sound_file import read_audio
from ...multitalk_core.audio.speaker_names import places_of
from ...multitalk_core.audio.waveform import ALL
from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.limits import LONGEST_TABLE, LONGEST_TEXT
from .uploaded_file import uploaded_file
from .voice_files import wav_bytes
from .voices import read_table, table_names

LARGEST_BODY = 6 * (LONGEST_TABLE + LONGEST_TEXT)  # bytes: JSON takes up to six for a character
TURNS_FORM = (
    'The request is no JSON of the form {"text": "the table", "names": "Anna, Ben"}, with texts in it.'
)

Answer = Callable[[web.Request], Awaitable[web.Response]]


def add_page_routes() -> None:
    """Offer them to the page; called once, when ComfyUI loads the pack."""
    routes = PromptServer.instance.routes
    routes.get("/multitalk/voice")(_refused(_voice))
    routes.post("/multitalk/turns")(_refused(_turns))


async def _voice(request: web.Request) -> web.Response:
    """The sound that a MultiTalk Load Voice node gives, as WAV."""
    if "audio" not in request.query:
        raise _malformed("The request names no file: add ?audio=talk.wav to the address.")
    return web.Response(body=await asyncio.to_thread(_wav, dict(request.query)), content_type="audio/wav")


def _wav(query: dict[str, str]) -> bytes:
    path = uploaded_file("audio", query["audio"])
    voice = read_audio(path, track=query.get("track", "").strip(), channel=query.get("channel", ALL))
    return wav_bytes(voice)


async def _turns(request: web.Request) -> web.Response:
    """The turns of a table in any format, by speaker number, and the speakers' names."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _malformed(f"The table has more than {LONGEST_TABLE:,} characters: split the film.")
    return web.json_response(await asyncio.to_thread(_read, bytes(body)))


def _read(body: bytes) -> dict[str, object]:
    try:
        given = json.loads(body)
        text, names = given["text"], given["names"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _malformed(TURNS_FORM) from error
    if not isinstance(text, str) or not isinstance(names, str):
        raise _malformed(TURNS_FORM)
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


def _malformed(sentence: str) -> web.HTTPBadRequest:
    """The answer to a request that the page never makes."""
    return web.HTTPBadRequest(text=json.dumps({"error": sentence}), content_type="application/json")


def _refused(answer: Answer) -> Answer:
    """Give a MultiTalkError as its sentence."""

    async def answered(request: web.Request) -> web.Response:
        try:
            return await answer(request)
        except MultiTalkError as error:
            # Not a failed request: the page says so on the timeline, and the browser's console stays empty.
            return web.json_response({"error": str(error)})

    return answered
