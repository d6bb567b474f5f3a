"""Helper nodes of many packs: constants, switches, resizing, loading and saving."""

from .node_meaning import NodeMeaning

# Nodes that only hold a value, and the input that has it.
CONSTANTS = {
    "PrimitiveInt": "value",
    "PrimitiveFloat": "value",
    "PrimitiveString": "value",
    "PrimitiveStringMultiline": "value",
    "PrimitiveBoolean": "value",
    "INTConstant": "value",
    "FloatConstant": "value",
    "BOOLConstant": "value",
    "StringConstant": "string",
    "StringConstantMultiline": "string",
    "easy int": "value",
    "easy float": "value",
    "easy string": "value",
    "easy boolean": "value",
    "JWInteger": "value",
    "JWFloat": "value",
    "JWString": "text",
    "JWStringMultiline": "text",
    "Int": "Number",
    "Float": "Number",
    "Text Multiline": "text",
    "CR Text": "text",
    "CR Prompt Text": "prompt",
    "CR Integer": "value",
    "CR Float": "value",
    "Seed (rgthree)": "seed",
    "Seed Generator": "seed",
    "easy seed": "seed",
    "CR Seed": "seed",
    "ttN text": "text",
    "Primitive integer [Crystools]": "int",
    "Primitive float [Crystools]": "float",
    "Primitive string [Crystools]": "string",
    "Primitive string multiline [Crystools]": "string",
    "ShowText|pysssss": "text",
    "PreviewAny": "source",
}
# Nodes that compute: the input with the formula.
FORMULAS = {
    "MathExpression|pysssss": "expression",
    "SimpleMath+": "value",
    "SimpleCalculatorKJ": "expression",
    "ComfyMathExpression": "expression",
}
# Nodes that choose: the switch, and what it gives when off and on.
SWITCHES = {
    "ComfySwitchNode": ("switch", "on_false", "on_true"),
    "Switch any [Crystools]": ("boolean", "on_false", "on_true"),
    "LazySwitchKJ": ("switch", "on_false", "on_true"),
    "easy ifElse": ("boolean", "on_false", "on_true"),
}
FIRST_OF = ("Any Switch (rgthree)", "CR Any Switch", "easy anythingIndexSwitch")
# Nodes that hand a picture, sound or mask on: what each output is, by the input that it comes from.
PASSED_ON = {
    "GetImageSizeAndCount": {0: "image"},
    "GetImageRangeFromBatch": {0: "images", 1: "masks"},
    "VHS_DuplicateImages": {0: "images"},
    "ImageNoiseAugmentation": {0: "image"},
    "VHS_SelectImages": {0: "image"},
}
# Nodes whose effect is left out, with the sentence for the report.
LEFT_OUT = {
    "MelBandRoFormerSampler": (
        "audio",
        "voices are not separated from music: give a recording of the voice alone",
    ),
    "AudioSeparation": ("audio", "voices are not separated from music: give a recording of the voice alone"),
    "NormalizeAudioLoudness": ("audio", "each voice is brought to -23 LUFS for the encoder"),
    "WanVideoImageResizeToClosest": ("image", "the picture is scaled and cropped to the video's size"),
    "LayerUtility: ImageScaleByAspectRatio V2": (
        "image",
        "the picture is scaled and cropped to the video's size",
    ),
    "ImageScaleToTotalPixels": ("image", "the picture is scaled and cropped to the video's size"),
}
RESIZERS = {
    "ImageResizeKJv2": (
        "width",
        "height",
        "upscale_method",
        "keep_proportion",
        "pad_color",
        "crop_position",
        "divisible_by",
        "device",
    ),
    "ImageResizeKJ": ("width", "height", "upscale_method", "keep_proportion", "divisible_by", "crop"),
    "ImageResize+": ("width", "height", "interpolation", "method", "condition", "multiple_of"),
}
VIDEO_LOADERS = ("VHS_LoadVideo", "VHS_LoadVideoPath", "LoadVideo", "VHS_LoadVideoFFmpeg")
MASK_LISTS = ("MaskBatchMulti", "MaskBatch+", "BatchMasksNode", "CreateMaskBatch", "MaskBatch")
SAVERS = ("VHS_VideoCombine", "SaveVideo", "SaveWEBM", "SaveAnimatedWEBP")
# Nodes between a sampler and what saves the film that our nodes do without.
JOINING = (
    "VAEDecode",
    "VAEDecodeTiled",
    "BatchImagesNode",
    "ImageBatch",
    "ImageBatchMulti",
    "ImageFromBatch",
    "CreateVideo",
    "GetVideoComponents",
)
ONLY_SHOWN = (
    "PreviewImage",
    "PreviewAny",
    "PreviewAudio",
    "MaskPreview",
    "MaskPreview+",
    "ShowText|pysssss",
    "SaveImage",
    "Display Any (rgthree)",
    "Fast Groups Bypasser (rgthree)",
    "Fast Groups Muter (rgthree)",
    "Fast Bypasser (rgthree)",
    "Fast Muter (rgthree)",
    "Bookmark (rgthree)",
    "Anything Everywhere",
    "Anything Everywhere?",
    "Anything Everywhere3",
    "Prompts Everywhere",
)

# Orders of widgets that a graph needs to be read.
MEANINGS = {
    **{kind: NodeMeaning(widgets=(name,)) for kind, name in (CONSTANTS | FORMULAS).items()},
    **{kind: NodeMeaning(widgets=widgets) for kind, widgets in RESIZERS.items()},
    "SimpleMath+": NodeMeaning(widgets=("value",)),
    "GetImageRangeFromBatch": NodeMeaning(widgets=("start_index", "num_frames")),
    "AudioCrop": NodeMeaning(widgets=("start_time", "end_time")),
    "VHS_LoadAudio": NodeMeaning(widgets=("audio_file", "seek_seconds", "duration")),
    "VHS_LoadAudioUpload": NodeMeaning(widgets=("audio", "start_time", "duration")),
    "CreateCFGScheduleFloatList": NodeMeaning(
        widgets=("steps", "cfg_scale_start", "cfg_scale_end", "interpolation", "start_percent", "end_percent")
    ),
    "CreateScheduleFloatList": NodeMeaning(
        widgets=(
            "steps",
            "start_value",
            "end_value",
            "default_value",
            "interpolation",
            "start_percent",
            "end_percent",
        )
    ),
    "LoadWanVideoClipTextEncoder": NodeMeaning(widgets=("model_name", "precision", "load_device")),
    "UnetLoaderGGUF": NodeMeaning(widgets=("unet_name",)),
    "CLIPLoaderGGUF": NodeMeaning(widgets=("clip_name", "type")),
    "LoadImage": NodeMeaning(widgets=("image",)),
    "LoadAudio": NodeMeaning(widgets=("audio",)),
    "PathchSageAttentionKJ": NodeMeaning(widgets=("sage_attention",)),
    "ModelPatchTorchSettings": NodeMeaning(widgets=("enable_fp16_accumulation",)),
    "Power Lora Loader (rgthree)": NodeMeaning(widgets=()),
}
