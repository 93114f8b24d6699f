"""Which other network a state dict's names belong to, so that a refusal can say what the file is."""

from __future__ import annotations

import re

Shapes = dict[str, tuple[int, ...]]

# (a name that this family has, what it is called); the first that fits counts, so the special come before the general.
_SIGNS = (
    (r"features\.denseblock1\.denselayer1\.", "DenseNet"),
    (r"\.MBconv\.", "MaxViT"),
    (r"layers\.0\.blocks\.0\.attn\.|relative_position_bias_table$|\.cpb_mlp\.", "Swin Transformer"),
    (r"features\.0\.0\.weight$|features\.1\.conv\.0\.0\.weight$", "MobileNet"),
    (r"conv_stem\.weight$|_conv_stem\.weight$", "EfficientNet"),
    (r"features\.\d+\.squeeze\.weight$", "SqueezeNet"),
    (r"Mixed_5b\.|inception3a\.", "Inception"),
    (r"stage2\.0\.branch", "ShuffleNet"),
    (r"trunk_output\.block1\.", "RegNet"),
    (r"encoder\.layers\.encoder_layer_0\.|blocks\.0\.attn\.qkv\.", "Vision Transformer"),
    (r"stages\.0\.(blocks\.)?0\.(gamma|conv_dw\.weight|dwconv\.weight)$", "ConvNeXt"),
    (r"visual\.(conv1|transformer)\.|text_model\.", "CLIP"),
    (r"model\.22\.|model\.24\.m\.|model\.23\.cv", "YOLO"),
    (r"embeddings\.word_embeddings\.|transformer\.h\.0\.attn\.", "language model"),
    (r"^0\.0\.weight$|^1\.\d+\.weight$", "fastai (numbered layers)"),
    (r"(down|inc|encoder1|enc1)\.?\d*\..*double_conv", "U-Net"),
)
_VGG = {8: "VGG-11", 10: "VGG-13", 13: "VGG-16", 16: "VGG-19"}  # by its number of convolutions
_DENSENET = {58: "DenseNet-121", 82: "DenseNet-169", 98: "DenseNet-201", 78: "DenseNet-161"}  # by its dense layers
_EFFICIENTNET = {
    16: "EfficientNet-B0", 23: "EfficientNet-B1 or B2", 26: "EfficientNet-B3", 32: "EfficientNet-B4",
    39: "EfficientNet-B5", 45: "EfficientNet-B6", 55: "EfficientNet-B7",
}  # fmt: skip  # by its blocks


def family_of(shapes: Shapes) -> str | None:
    """What these names and shapes belong to, where it is a well-known network that is not ours."""
    convolutions = sum(
        len(shape) == 4 and bool(re.fullmatch(r"features\.\d+\.weight", key)) for key, shape in shapes.items()
    )
    if any(key.endswith("classifier.6.weight") for key in shapes):
        return "AlexNet" if convolutions == 5 else _VGG.get(convolutions, "VGG")
    efficient = _count(r"features\.\d+\.\d+\.block\.0\.0\.weight", shapes)
    if efficient > 10:
        return _EFFICIENTNET.get(efficient, "EfficientNet")
    for sign, name in _SIGNS:
        if any(re.search(sign, key) for key in shapes):
            if name == "DenseNet":
                return _DENSENET.get(_count(r"features\.denseblock\d+\.denselayer\d+\.conv1\.weight", shapes), name)
            return _mobile(shapes) if name == "MobileNet" else name
    return None


def _mobile(shapes: Shapes) -> str | None:
    if "features.1.conv.0.0.weight" in shapes:
        return "MobileNetV2"
    if "features.1.block.0.0.weight" in shapes:
        return "MobileNetV3"
    return "ConvNeXt" if any(key.endswith("layer_scale") for key in shapes) else None


def _count(pattern: str, shapes: Shapes) -> int:
    return sum(bool(re.fullmatch(pattern, key)) for key in shapes)
