"""What the page's tests share that is made once, or for each test."""

from pathlib import Path

import pytest
import torch

from resnet_app.explain import cam
from resnet_app.inference import predict
from resnet_app.inference.models import LoadedModel, choose, load
from resnet_app.registry import SPECS
from tests.demo.helpers import BEE, EVIL, PHOTOS, taught_by


@pytest.fixture
def no_picture(tmp_path: Path) -> Path:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear teacher, this is not a picture.")
    return path


@pytest.fixture(scope="session")
def lesson() -> list:
    *_, outcome = taught_by([PHOTOS[:3], PHOTOS[3:]])
    return outcome


@pytest.fixture(scope="session")
def hostile_model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A two-class checkpoint whose file and class names are HTML."""
    path = tmp_path_factory.mktemp("evil") / "a<b>&.pth"
    torch.manual_seed(0)
    torch.save({"model_state_dict": SPECS["resnet18"].build(num_classes=2).state_dict(), "classes": [EVIL, "ok"]}, path)
    return load(choose(checkpoint=path))


@pytest.fixture(scope="session")
def answered(hostile_model: LoadedModel) -> tuple[predict.Answer, list[cam.Heatmap]]:
    answer = predict.classify(hostile_model, BEE)
    indices = [prediction.index for prediction in answer.predictions]
    return answer, cam.heatmaps(hostile_model, answer, indices)
