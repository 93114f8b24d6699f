"""The straightforward app that benchmarks/request.py measures against: what one writes first.

Pillow decodes the whole picture, torchvision's preset makes the tensor, pytorch-grad-cam makes five maps as its README
does, Gradio sends them as PNG.
"""

from __future__ import annotations

import sys

import gradio as gr
import numpy as np
import torch
import torchvision
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import show_cam_on_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

network = torchvision.models.get_model(sys.argv[2]).eval()
prepare = torchvision.models.get_model_weights(sys.argv[2]).IMAGENET1K_V1.transforms()


def answer(picture: Image.Image) -> tuple[dict[str, float], list[np.ndarray]]:
    """Five classes with their probabilities, and a map for each."""
    pixels = prepare(picture)[None]
    with torch.no_grad():
        best = network(pixels)[0].softmax(0).topk(5)
    crop = torchvision.transforms.functional.center_crop(picture.resize((256, 256)), 224)
    below = np.float32(crop) / 255
    with GradCAM(model=network, target_layers=[network.layer4[-1]]) as cam:
        targets = [ClassifierOutputTarget(int(index)) for index in best.indices]
        maps = [show_cam_on_image(below, cam(input_tensor=pixels, targets=[t])[0], use_rgb=True) for t in targets]
    return {str(int(i)): float(p) for i, p in zip(best.indices, best.values, strict=True)}, maps


if __name__ == "__main__":
    gr.Interface(answer, gr.Image(type="pil"), [gr.Label(), gr.Gallery(format="png")], api_name="answer").launch(
        server_port=int(sys.argv[1]), quiet=True
    )
