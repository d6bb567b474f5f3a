"""What golden metrics are compared with: one function a kind of case, and the cases of a folder."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial

import torch
from torch import Tensor

from golden_metric_inputs import GoldenMetrics, digest
from multitalk_core.errors import MultiTalkError
from multitalk_core.measures.cepstrum import cepstral_coefficients
from multitalk_core.measures.expression import ExpressionNet
from multitalk_core.measures.face_alignment import aligned_face, face_alignment
from multitalk_core.measures.face_crop import crop_track, smoothed_track
from multitalk_core.measures.face_finder import FaceFinder, detections, face_boxes, scaled_frame
from multitalk_core.measures.fid import Fid, resized_as_in_tensorflow
from multitalk_core.measures.frechet import frechet_distance
from multitalk_core.measures.fvd import Fvd, network_clip
from multitalk_core.measures.syncnet import SyncNet, scored, sync_distances

Check = tuple[str, float, float]
"""What was compared, how far it is off, and how far it may be."""


def absolute(ours: Tensor, expected: Tensor) -> float:
    """max|a − b|, infinite for different shapes."""
    if ours.shape != expected.shape:
        return math.inf
    error = float((ours.double() - expected.double()).abs().max())
    return math.inf if math.isnan(error) else error


def over_largest(ours: Tensor, expected: Tensor) -> float:
    """max|a − b| / max|b|."""
    return absolute(ours, expected) / float(expected.double().abs().max())


def relative(ours: float, expected: float) -> float:
    """|a − b| / |b|."""
    return abs(ours - expected) / abs(expected) if math.isfinite(ours) else math.inf


def unequal(ours: object, expected: object) -> float:
    """0 for the same, else infinite."""
    return 0.0 if ours == expected else math.inf


def refused(compute: Callable[[], object]) -> float:
    """0 where the input is refused with a sentence, else infinite."""
    try:
        compute()
    except MultiTalkError:
        return 0.0
    return math.inf


def weights(golden: GoldenMetrics, network: str) -> Iterator[Check]:
    entry, state = golden.manifest["networks"][network], golden.weights(network)
    for key, values in entry["samples"].items():
        yield key, absolute(state[key].flatten()[: len(values)], torch.tensor(values)), 0
    yield "digest", unequal(digest(*(state[key] for key in sorted(state))), entry["state_sha256"]), 0


def mfcc(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    case = golden.manifest["syncnet"]["cases"][name]
    tensors = golden.tensors(golden.manifest["syncnet"]["file"])
    found = torch.from_numpy(cepstral_coefficients(golden.wave(case["audio"], case["samples"]).numpy()))
    limit = golden.tolerance("syncnet", "mfcc")
    yield "shape", unequal(list(found.shape), case["mfcc_shape"]), 0
    for part, rows in (("mfcc_first", found[:20]), ("mfcc_last", found[-3:])):
        yield part, absolute(rows, tensors[f"{name}.{part}"]), limit


def syncnet(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    entry = golden.manifest["syncnet"]
    case, tensors = entry["cases"][name], golden.tensors(entry["file"])
    network = SyncNet(golden.weights("syncnet"))
    frames, samples = golden.entry_video(case["video"]), golden.wave(case["audio"], case["samples"])
    found = network.embeddings(frames, samples)
    for part, ours in zip(("video_embedding", "audio_embedding"), found, strict=True):
        ours = ours[case["embedding_windows"]]
        yield part, over_largest(ours, tensors[f"{name}.{part}"]), golden.tolerance("syncnet", "embeddings")
    distances = sync_distances(*found)
    yield from sync_scores(golden, case, distances, tensors[f"{name}.distances"])


def sync_scores(golden: GoldenMetrics, case: dict, distances: Tensor, expected: Tensor) -> Iterator[Check]:
    limit = golden.tolerance("syncnet", "distances and mean_distance")
    score, means = scored(distances), torch.tensor(case["mean_distance"])
    yield "distances", float(((distances - expected).abs() / expected).max()), limit
    yield "mean_distance", float(((distances.mean(0) - means).abs() / means).max()), limit
    yield "sync_d", relative(score.distance, case["sync_d"]), golden.tolerance("syncnet", "sync_d")
    yield "sync_c", abs(score.confidence - case["sync_c"]), golden.tolerance("syncnet", "sync_c")
    yield "windows", unequal(score.windows, case["windows"]), 0
    tied = {15 - k for k, mean in enumerate(case["mean_distance"]) if mean == min(case["mean_distance"])}
    yield "offset", unequal(score.offset in {case["offset"], *tied}, True), 0


def given(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    entry = golden.manifest["syncnet"]
    case, tensors = entry["given"][name], golden.tensors(entry["file"])
    tolerances = golden.manifest["tolerances"]["syncnet"]["given cases"]
    limit = tolerances["distances, sync_c, sync_d"]["abs"]
    distances = sync_distances(tensors[f"{name}.video"], tensors[f"{name}.audio"])
    score = asdict(scored(distances))
    yield "distances", absolute(distances, tensors[f"{name}.distances"]), limit
    yield "sync_d", abs(score["distance"] - case["sync_d"]), limit
    yield "sync_c", abs(score["confidence"] - case["sync_c"]), limit
    yield "offset", unequal(score["offset"], case["offset"]), 0


def five_frames(golden: GoldenMetrics) -> Iterator[Check]:
    frames = torch.zeros(golden.manifest["syncnet"]["five_frames"]["frames"], 224, 224, 3, dtype=torch.uint8)
    samples = torch.zeros(64000, dtype=torch.int16)
    network = SyncNet(golden.weights("syncnet"))
    yield "refused", refused(lambda: network.score(frames, samples)), 0


def fid_resize(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    entry = golden.manifest["fid"][f"resize_{name}"]
    picture = golden.entry_video(entry).movedim(-1, 0)[None].float()
    rows = resized_as_in_tensorflow(picture, 299)[0][:, entry["rows"]]
    expected = golden.tensors(golden.manifest["fid"]["file"])[f"resize.{name}.rows"]
    yield "rows", absolute(rows, expected), golden.tolerance("fid", "resize rows")


def fid_features(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    picture = golden.entry_video(golden.manifest["fid"][f"resize_{name}"])
    expected = golden.tensors(golden.manifest["fid"]["file"])[f"features.{name}"]
    found = Fid(golden.weights("inception")).features(picture[None])[0]
    yield "features", over_largest(found, expected), golden.tolerance("fid", "features")


def fid_distance(golden: GoldenMetrics) -> Iterator[Check]:
    entry, network = golden.manifest["fid"], Fid(golden.weights("inception"))
    sets = []
    for name in "ab":
        pictures = golden.pictures(entry[f"set_{name}"])
        yield f"pictures {name}", unequal(digest(pictures[0]), entry[f"set_{name}"]["sha256_first"]), 0
        sets.append(network.features(pictures))
        expected = golden.tensors(entry["file"])[f"features.{name}_first16dims"]
        found = sets[-1][:, : expected.shape[1]]
        yield f"features {name}", over_largest(found, expected), golden.tolerance("fid", "features")
    limit = golden.tolerance("fid", "distance")
    yield "distance", relative(frechet_distance(*sets), entry["distance"]["exact"]), limit


def frechet(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    entry = golden.manifest["frechet"]
    case, tensors = entry["cases"][name], golden.tensors(entry["file"])
    limits = golden.manifest["tolerances"]["fid"]["frechet"]
    if name == "shift_only":
        x = tensors[case["x"]]
        y = x + torch.linspace(-1, 1, x.shape[1], dtype=torch.float64)
        yield "shifted", relative(frechet_distance(x, y), case["exact"]), limits["shift_only"]["rel"]
        yield "itself", abs(frechet_distance(x, x) - case["identical_sets"]), limits["identical_sets"]["abs"]
        return
    x, y = (tensors[f"frechet.{name}.{side}"] for side in "xy")
    for kind, biased in (("exact_unbiased", False), ("exact_biased", True)):
        yield kind, relative(frechet_distance(x, y, biased=biased), case[kind]), limits["rel_to_exact"]


def fvd_clip(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    entry = golden.manifest["fvd"]
    clip, tensors = golden.entry_video(entry["cases"][name]), golden.tensors(entry["file"])
    rows = network_clip(clip)[:, 0, [0, 1, 111, 223]]
    yield "input rows", absolute(rows, tensors[f"{name}.input_rows"]), golden.tolerance("fvd", "input_rows")
    logits = Fvd(golden.weights("i3d")).features(clip[None])[0]
    yield "logits", over_largest(logits, tensors[f"{name}.logits"]), golden.tolerance("fvd", "logits")


def fvd_distance(golden: GoldenMetrics) -> Iterator[Check]:
    entry, network = golden.manifest["fvd"], Fvd(golden.weights("i3d"))
    case, sets = entry["cases"]["end_to_end"], []
    for names, side in zip(case["names"], "ab", strict=True):
        clips = golden.pictures({"names": names, "shape": case["shape"], "grid": case[f"grid_{side}"]})
        sets.append(network.features(clips))
        expected = golden.tensors(entry["file"])[f"end.features_{side}"]
        yield f"features {side}", over_largest(sets[-1], expected), golden.tolerance("fvd", "logits")
    limit = golden.tolerance("fvd", "end_to_end")
    yield "distance", relative(frechet_distance(*sets, biased=True), case["exact_biased"]), limit


def fvd_frames(golden: GoldenMetrics) -> Iterator[Check]:
    network = Fvd(golden.weights("i3d"))
    clip = torch.zeros(1, 9, 32, 32, 3, dtype=torch.uint8)
    yield "8 frames refused", refused(lambda: network.features(clip[:, :8])), 0
    expected = golden.manifest["fvd"]["cases"]["frames_9"]
    yield "9 frames", unequal(list(network.features(clip).shape), expected), 0


def fvd_frechet(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    tensors = golden.tensors(golden.manifest["frechet"]["file"])
    x, y = (tensors[f"frechet.{name}.{side}"].float() for side in "xy")
    expected = golden.manifest["fvd"]["frechet_same_matrices"][name]["exact_biased_of_float32"]
    limit = golden.tolerance("fvd", "frechet")
    yield "distance", relative(frechet_distance(x, y, biased=True), expected), limit


def alignment(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    entry = golden.manifest["efid"]
    case, picture = entry["cases"][name], golden.entry_video(entry["cases"][name]["picture"])
    points, expected = torch.tensor(case["landmarks"]), case["independent"]
    found = face_alignment(points.numpy(), *picture.shape[:2])
    limit = golden.tolerance("efid", "scale, tx, ty")
    yield "scale", relative(found.scale, expected["scale"]), limit
    yield "tx", relative(found.centre[0], expected["t"][0]), limit
    yield "ty", relative(found.centre[1], expected["t"][1]), limit
    yield "resized", unequal(list(found.size), expected["resized"]), 0
    yield "left, up", unequal((found.left, found.top), (expected["left"], expected["up"])), 0
    aligned = golden.tensors(entry["file"])[case["tensors"]["aligned"]]
    yield "aligned", absolute(aligned_face(picture, points), aligned), golden.tolerance("efid", "aligned")


def efid(golden: GoldenMetrics, name: str) -> Iterator[Check]:
    entry = golden.manifest["efid"]
    case, tensors = entry["cases"][name], golden.tensors(entry["file"])
    picture, points = golden.entry_video(case["picture"])[None], torch.tensor(case["landmarks"])[None]
    network, limit = ExpressionNet(golden.weights("deep3d")), golden.tolerance("efid", "coefficients")
    for part, ours in (
        ("coefficients", network.coefficients(picture, points)),
        ("expression", network.expressions(picture, points)),
    ):
        yield part, over_largest(ours[0], tensors[case["tensors"][part]]), limit


def crop(golden: GoldenMetrics) -> Iterator[Check]:
    entry = golden.manifest["crop"]
    frames, tensors = golden.entry_video(entry["video"]), golden.tensors(entry["file"])
    limit = golden.tolerance("crop", "smoothed_x_y_s")
    track = smoothed_track(tensors["boxes"])
    yield "smoothed track", absolute(track, tensors["smoothed_x_y_s"]), limit
    crops = crop_track(frames, tensors["boxes"])
    expected = tensors["crops"]
    yield "crops", absolute(crops[entry["crop_frames"]], expected), golden.tolerance("crop", "crops")


def s3fd(golden: GoldenMetrics) -> Iterator[Check]:
    entry = golden.manifest["s3fd"]
    tensors, frame = golden.tensors(entry["file"]), golden.entry_video(entry["picture"])
    scaled, limit = scaled_frame(frame), golden.tolerance("s3fd", "scaled_picture")
    yield "scaled picture", absolute(scaled, tensors["scaled_picture"]), limit
    offsets, scores, priors = FaceFinder(golden.weights("s3fd")).predictions(tensors["scaled_picture"])
    yield "loc", over_largest(offsets, tensors["loc"]), golden.tolerance("s3fd", "loc")
    yield "score", absolute(scores, tensors["score"]), golden.tolerance("s3fd", "score")
    yield "priors", absolute(priors, tensors["priors"]), golden.tolerance("s3fd", "priors")


def s3fd_boxes(golden: GoldenMetrics) -> Iterator[Check]:
    entry = golden.manifest["s3fd"]
    tensors, (height, width, _) = golden.tensors(entry["file"]), entry["picture"]["shape"]
    found = detections(*(tensors[part] for part in ("loc", "score", "priors")))
    scale = torch.tensor([1, width, height, width, height])
    limit = golden.tolerance("s3fd", "boxes")
    expected = tensors["network_detections"]
    yield "detections", absolute(by_score(found, 0) * scale, by_score(expected, 0) * scale), limit
    boxes = face_boxes(found, (height, width), entry["confidence"])
    yield "boxes", absolute(by_score(boxes, 4), by_score(tensors["boxes"], 4)), limit


def by_score(boxes: Tensor, column: int) -> Tensor:
    """Boxes of equal scores from left to right: which of them comes first is up to a machine's sort."""
    boxes = boxes[boxes[:, (column + 1) % 5].argsort(stable=True)]
    return boxes[boxes[:, column].argsort(descending=True, stable=True)]


def cases(golden: GoldenMetrics) -> Iterator[tuple[str, Callable[[], Iterable[Check]]]]:
    """Every case of a folder, by name."""
    manifest = golden.manifest

    def named(name: str, check: Callable, *arguments: str) -> tuple[str, Callable[[], Iterable[Check]]]:
        return name, partial(check, golden, *arguments)

    for network in manifest["networks"]:
        yield named(f"weights {network}", weights, network)
    for case in manifest["syncnet"]["cases"]:
        yield named(f"mfcc {case}", mfcc, case)
        yield named(f"syncnet {case}", syncnet, case)
    for case in manifest["syncnet"]["given"]:
        yield named(f"syncnet {case}", given, case)
    yield named("syncnet five frames", five_frames)
    for size in ("small", "big"):
        yield named(f"fid resize {size}", fid_resize, size)
        yield named(f"fid features {size}", fid_features, size)
    yield named("fid distance", fid_distance)
    for case in manifest["frechet"]["cases"]:
        yield named(f"frechet {case}", frechet, case)
    for case, entry in manifest["fvd"]["cases"].items():
        if "input_rows" in entry:
            yield named(f"fvd {case}", fvd_clip, case)
    yield named("fvd distance", fvd_distance)
    yield named("fvd fewest frames", fvd_frames)
    for case in manifest["fvd"]["frechet_same_matrices"]:
        yield named(f"fvd frechet {case}", fvd_frechet, case)
    for case in manifest["efid"]["cases"]:
        yield named(f"efid alignment {case}", alignment, case)
        yield named(f"efid network {case}", efid, case)
    yield named("face crop", crop)
    yield named("s3fd network", s3fd)
    yield named("s3fd boxes", s3fd_boxes)
