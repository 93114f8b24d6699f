"""What layers and devices are called on the page: the library's English there, the reader's own words elsewhere."""

import re
from dataclasses import replace

import pytest

from demo.batch import view as batch_view
from demo.explain import view as explain_view
from demo.locales import CHINESE, ENGLISH
from demo.locales.names import device_title, operator
from demo.sidebar.view import status_ready
from resnet_app.architecture import counting
from resnet_app.device import Device
from resnet_app.many.batch import Batch
from resnet_app.registry import NORMS, SPECS


@pytest.mark.parametrize(
    ("words", "chinese"),
    [
        ("7×7 conv, 64, /2", "7×7 卷积，64，/2"), ("3×3 conv, 128, /2, g32, d2", "3×3 卷积，128，/2，g32，d2"),
        ("3×3 max pool, /2", "3×3 最大池化，/2"), ("global mean", "全局平均池化"), ("linear", "全连接"),
        ("batch norm", "批归一化"), ("group norm, 32 groups", "组归一化，32 组"), ("6 × Bottleneck", "6 × Bottleneck"),
    ],
)  # fmt: skip
def test_an_operator_in_both_languages(words: str, chinese: str) -> None:
    assert operator(ENGLISH, words) == words
    assert operator(CHINESE, words) == chinese


def test_no_operator_of_any_network_stays_english() -> None:
    networks = [counting.describe(name, norm=norm) for name in SPECS for norm in NORMS]
    rows = [row for network in networks for stage in network.stages for row in (stage, *stage.every_layer)]
    said = {row.operator for row in rows}
    assert len(said) > 40
    english = {word for each in said for word in re.findall("[A-Za-z]{2,}", operator(CHINESE, each))}
    assert english == {"BasicBlock", "Bottleneck"}


@pytest.mark.parametrize(
    ("device", "english", "chinese"),
    [
        (Device("cpu", "CPU · 2 threads", 2), "CPU · 2 threads", "CPU · 2 线程"),
        (Device("cpu", "CPU · 1 thread", 1), "CPU · 1 thread", "CPU · 1 线程"),
        (Device("cuda:0", "Card 0"), "Card 0", "Card 0"),
    ],
)
def test_a_device_in_both_languages(device: Device, english: str, chinese: str) -> None:
    assert (device_title(ENGLISH, device), device_title(CHINESE, device)) == (english, chinese)


def test_the_device_in_the_card_the_batch_and_what_a_method_will_take(random18) -> None:
    model = replace(random18, device=Device("cpu", "CPU · 2 threads", 2))
    run = Batch(model, top_k=1)
    for language, title in ((ENGLISH, "CPU · 2 threads"), (CHINESE, "CPU · 2 线程")):
        assert f"<dd>{title}</dd>" in status_ready(language, model)
        assert title in batch_view.batch(language, run, 0)
        assert title in explain_view.cost(language, model, "scorecam", 512, 9.0)
