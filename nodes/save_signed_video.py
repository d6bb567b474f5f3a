"""The node that saves a video signed with C2PA."""

import shutil
from io import BytesIO
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import folder_paths
from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_api.latest import Input, Types, io, ui

from ..multitalk_core.errors import MultiTalkError, quoted
from ..multitalk_core.files.outputs import check_folder
from ..multitalk_core.files.whole import name_trouble, whole_file
from ..multitalk_core.media.video_writer import rewrite
from ..multitalk_core.origin.digital_source import DigitalSource, known_source
from ..multitalk_core.origin.film_mark import FilmMark
from ..multitalk_core.origin.found_origin import film_origin
from ..multitalk_core.origin.signed_video import sign_video
from .host.checks import check_queued, checked
from .host.signing_files import NONE, check_names, identity_of, list_authorities, list_keys
from .host.sockets import CATEGORY
from .host.workflow_tags import workflow_tags


class SaveSignedVideoNode(io.ComfyNode):
    """Save Video with a signature as the last step."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkSaveSignedVideo",
            display_name="Save Signed Video",
            category=CATEGORY,
            description="Saves a video as an mp4 that says it is synthetic and is signed with C2PA, so that "
            "any change shows. Frames and sound are copied unchanged where they are in an mp4 already. Use "
            "it in place of Save Video, which would drop the signature. It needs the library c2pa-python.",
            search_aliases=["multitalk", "c2pa", "content credentials", "sign", "provenance", "save video"],
            inputs=[
                io.Video.Input("video", tooltip="The video to save."),
                io.String.Input(
                    "filename_prefix",
                    display_name="filename prefix",
                    default="video/signed",
                    tooltip="The beginning of the file's name in the output folder, as in Save Video.",
                ),
                io.Combo.Input(
                    "key",
                    options=list_keys(),
                    tooltip="A private key for ES256 or Ed25519, as PEM without a password, in ComfyUI's "
                    "folder user/__multitalk/signing, which the server hands out to nobody. The graph "
                    "contains only its name.",
                ),
                io.Combo.Input(
                    "certificate",
                    options=list_keys(),
                    tooltip="The key's certificate in the same folder, as PEM, followed by those that "
                    "issued it.",
                ),
                io.Combo.Input(
                    "timestamps",
                    options=list_authorities(),
                    default=NONE,
                    tooltip="The authority that timestamps the signature: a file in the same folder whose "
                    "name ends in .url and whose text is the address. It learns a hash of the video. none "
                    "asks nobody.",
                ),
                io.Video.Input(
                    "dubbed",
                    optional=True,
                    tooltip="The video that was dubbed. The signature then says that the film was edited "
                    "from it.",
                ),
            ],
            outputs=[io.Video.Output("video", tooltip="The input video, unchanged.")],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(  # noqa: PLR0917
        cls,
        filename_prefix: str | None = None,
        key: str | None = None,
        certificate: str | None = None,
        timestamps: str | None = None,
    ) -> bool:
        check_queued(cls, filename_prefix=filename_prefix)
        if filename_prefix is not None:
            _check_prefix(filename_prefix)
        check_names(key=key, certificate=certificate, timestamps=timestamps)
        return True

    @classmethod
    @checked
    def execute(
        cls,
        *,
        video: Input.Video,
        filename_prefix: str,
        key: str,
        certificate: str,
        timestamps: str,
        dubbed: Input.Video | None = None,
    ) -> io.NodeOutput:
        identity = identity_of(key, certificate, timestamps)
        path, subfolder = _new_path(filename_prefix, video)
        with TemporaryDirectory() as scratch:
            given, signed = Path(scratch) / "given.mp4", Path(scratch) / path.name
            video.save_to(str(given), format=Types.VideoContainer.MP4)
            mark = FilmMark(
                source=_source(given, dubbed),
                tags=workflow_tags(cls.hidden.prompt, cls.hidden.extra_pnginfo),
                identity=identity,
                dubbed=None if dubbed is None else _file_of(dubbed, Path(scratch)),
            )
            rewrite(given, signed, mark)
            sign_video(signed, mark, throw_exception_if_processing_interrupted)
            with whole_file(path) as part:
                shutil.copyfile(signed, part)
        saved = ui.SavedResult(path.name, subfolder, io.FolderType.output)
        return io.NodeOutput(video, ui=ui.PreviewVideo([saved]))


def _new_path(prefix: str, video: Input.Video) -> tuple[Path, str]:
    """The next file of this name in the output folder, and its folder in there."""
    _check_prefix(prefix)
    try:
        folder, name, number, subfolder, _ = folder_paths.get_save_image_path(
            prefix, folder_paths.get_output_directory(), *video.get_dimensions()
        )
    except Exception as error:  # ComfyUI has no kind of its own for it
        raise MultiTalkError(
            f"filename_prefix: {quoted(prefix)} is no name in ComfyUI's output folder; choose another."
        ) from error
    check_folder(Path(folder))
    return Path(folder) / f"{name}_{number:05}_.mp4", subfolder


def _check_prefix(prefix: str) -> None:
    for name in PurePath(prefix).parts:
        if name not in ("/", "..") and (trouble := name_trouble(name)):
            raise MultiTalkError(f"filename_prefix: the name {quoted(name)} {trouble}; choose another.")


def _source(video: Path, dubbed: Input.Video | None) -> DigitalSource:
    """What the video says it was made from; a video that says nothing is all synthetic."""
    if dubbed is not None:
        return DigitalSource.COMPOSITE
    origin = film_origin(video)
    marks = [] if origin is None else [known_source(uri) for uri in origin.marks.values()]
    return next(filter(None, marks), DigitalSource.TRAINED)


def _file_of(video: Input.Video, scratch: Path) -> Path:
    """The file of a VIDEO, which may be in memory alone."""
    source = video.get_stream_source()
    if not isinstance(source, BytesIO):
        return Path(source)
    # What is signed reads files by their endings.
    formats = video.get_container_format().split(",")
    path = scratch / f"dubbed.{'mp4' if 'mp4' in formats else formats[-1]}"
    path.write_bytes(source.getvalue())
    return path
