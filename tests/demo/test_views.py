"""Nothing from a file is taken for HTML, in whatever tab it is shown."""

from dataclasses import replace
from pathlib import Path

import pytest

from demo.batch import view as batch_view
from demo.classify import view as classify_view
from demo.explain import view as maps_view
from demo.locales import LANGUAGES
from demo.sidebar import view as sidebar_view
from demo.teach import view as teach_view
from demo.ui.heatmaps import Look
from resnet_app.errors import PictureError
from resnet_app.explain import cam
from resnet_app.inference.models import Head, LoadedModel
from resnet_app.many.batch import Batch
from resnet_app.training import few_shot
from tests.demo.helpers import EVIL, Tags


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_from_a_file_are_text_everywhere(
    language: str, hostile_model: LoadedModel, answered, tmp_path: Path
) -> None:
    answer, maps = answered
    shown = classify_view.answer(language, hostile_model, answer, maps, cam_ms=0, colours="viridis")
    signed = cam.signed_map(hostile_model, answer, 0, 1)
    two = classify_view.answer(language, hostile_model, answer, maps, cam_ms=0, colours="viridis", signed=signed)
    card = sidebar_view.status_ready(language, hostile_model, note=EVIL)
    photo = few_shot.Photo(EVIL, 0, answer.crop.resize((9, 9)), 0, 0.9)
    head = Head((EVIL, "ok"), hostile_model.network.fc.weight, hostile_model.network.fc.bias)
    taught = few_shot.Taught(
        replace(hostile_model.choice, head=head), (photo,), ((EVIL, PictureError("No.")),), None, 1.0, 1.0
    )
    told = teach_view.outcome(language, hostile_model, taught)
    run = Batch(hostile_model)
    (tmp_path / "x.jpg").write_text("no picture")
    list(run.rows([tmp_path / "x.jpg"], names=[EVIL]))
    look = Look(answer.crop, None, False, "inferno")
    explained = maps_view.side_by_side(
        language, hostile_model, replace(answer, file=EVIL), maps, look, seconds=1, address=[("class", EVIL)]
    )
    against = maps_view.contrast(language, (EVIL, "ok"), signed, look)
    for source in (shown, two, card, told, explained, against, batch_view.batch(language, run, 1)):
        parts = Tags(source)
        assert all("onerror" not in attributes for _, attributes in parts.found)
        assert EVIL in parts.words
        assert all(
            attributes.get("src", "data:").startswith("data:image/") for tag, attributes in parts.found if tag == "img"
        )
