"""What fooled it, in a zip: pictures that are answered as the manifest says."""

import io
import json
import zipfile

import pytest

from resnet_app.inference import predict
from resnet_app.robustness import gallery
from resnet_app.robustness.corruptions import corrupted
from resnet_app.robustness.trial import tried


def test_each_picture_in_the_zip_is_answered_as_the_manifest_says(bundled, bee, tmp_path) -> None:
    change = {"kind": "slide", "corruption": "noise", "value": 0.5}
    trial = tried(bundled, bee, corrupted(bee.crop, "noise", 0.5))
    content = gallery.bundle([gallery.kept(bundled, trial, change)] * 2)
    assert content == gallery.bundle([gallery.kept(bundled, trial, change)] * 2)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        told = json.loads(archive.read("manifest.json"))
        assert set(archive.namelist()) == {"manifest.json", *(each["picture"] for each in told["pictures"])}
        archive.extractall(tmp_path)
    assert len(told["pictures"]) == 2
    for each in told["pictures"]:
        assert each["change"] == change
        assert (each["file"], each["model"]["name"], each["crop"]) == ("bee-daisy.jpg", "resnet18", 224)
        again = predict.classify(bundled, tmp_path / each["picture"])
        for said, found in zip(each["after"], again.predictions, strict=True):
            assert said["label"] == found.label
            assert said["probability"] == pytest.approx(found.probability, abs=1e-6)
        assert each["before"][0]["label"] == bee.predictions[0].label
