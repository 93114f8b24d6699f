"""The straightforward app that benchmarks/crowd.py measures against: the bundled weights, torchvision, no maps."""

from __future__ import annotations

import sys
from pathlib import Path

import gradio as gr
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file

WEIGHTS = Path(__file__).parent.parent / "assets" / "ants-bees.safetensors"

network = torchvision.models.resnet18(num_classes=2).eval()
network.load_state_dict({name: tensor.float() for name, tensor in load_file(WEIGHTS).items()})
prepare = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.transforms()


def answer(picture: Image.Image) -> dict[str, float]:
    """The two classes with their probabilities."""
    with torch.no_grad():
        probabilities = network(prepare(picture)[None])[0].softmax(0)
    return dict(zip(("ants", "bees"), probabilities.tolist(), strict=True))


if __name__ == "__main__":
    gr.Interface(answer, gr.Image(type="pil"), gr.Label(), api_name="answer").launch(
        server_port=int(sys.argv[1]), quiet=True
    )
