"""Words that follow the language: each component remembers its own."""

import gradio as gr

from demo.locales import table
from demo.ui.labels import Labels, choices


def test_labels_put_every_component_into_another_language() -> None:
    labels = Labels("en")
    with gr.Blocks():
        labels(gr.Textbox, words={"label": "architecture"})
        labels(gr.HTML, words={"value": lambda language: language.upper()})
    first, second = labels.updates("zh-CN")
    assert first["label"] == "网络结构"
    assert second["value"] == "ZH-CN"
    assert len(labels.components) == 2


def test_each_component_is_made_in_the_first_language_with_its_own_options() -> None:
    labels = Labels("zh-CN")
    with gr.Blocks():
        box = labels(gr.Textbox, words={"label": "model", "placeholder": "class_names_hint"}, max_lines=3)
    assert (box.label, box.placeholder, box.max_lines) == ("模型", table("zh-CN")["class_names_hint"], 3)
    assert labels.components == [box]
    (update,) = labels.updates("en")
    assert (update["label"], update["placeholder"]) == ("Model", "ants, bees")
    assert "max_lines" not in update  # only words change


def test_a_choice_keeps_its_value_in_every_language() -> None:
    offer = choices("norm", "batch", "group")
    assert offer("en") == [("BatchNorm", "batch"), ("GroupNorm", "group")]
    assert [value for _, value in choices("view", "crop", "whole")("zh-CN")] == ["crop", "whole"]
    assert choices("view", "crop", "whole")("zh-CN") != choices("view", "crop", "whole")("en")
