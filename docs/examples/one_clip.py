"""One clip with the embedded models: a picture and two voices become a film of 13 frames.

    python docs/examples/one_clip.py

More frames in `plan_clips` make a film of several clips. With real weights, `load_folder` reads Wan2.1-I2V in
diffusers' format, and `load_adapter` and `AudioEncoder.load` the other two files.
"""

from pathlib import Path

from multitalk_core import (
    AudioEncoder,
    DiffusersVideoModel,
    FilmSpec,
    GuidanceScales,
    SamplingOptions,
    Timeline,
    encode_conversation,
    load_adapter,
    load_embedded,
    persons_from_parts,
    plan_clips,
    read_audio,
    read_picture,
    resize_and_crop,
    write_film,
)
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

HEIGHT, WIDTH, FRAMES = 96, 144, 13

# The models: Wan with its VAE, the audio layers, wav2vec2.
models = load_embedded()
adapter = load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models)
encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])

# The picture, its two persons from left to right, and their voices in the same order.
picture = read_picture(EMBEDDED / "picture.png")
persons = persons_from_parts(2, *picture.shape[:2])
voices = [read_audio(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]

film = FilmSpec(
    picture=resize_and_crop(picture.movedim(-1, 0), HEIGHT, WIDTH).movedim(0, -1),
    masks=persons.token_masks(HEIGHT, WIDTH),
    conversation=encode_conversation(Timeline.together(voices), encoder),
    plan=plan_clips(FRAMES, clip_frames=13, motion_frames=5),
    sampling=SamplingOptions(steps=12, shift=3.0, scales=GuidanceScales(text=1.0, audio=4.0)),
    seed=0,
)
model = DiffusersVideoModel(models, adapter, prompt="two people talk")
result = write_film(film, model, Path("clip.mp4"))
print(f"{result.path}: {result.frames} frames")
