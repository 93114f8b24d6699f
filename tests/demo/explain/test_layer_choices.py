"""The layers and methods on offer: the deepest first, each by torchvision's path, with the name that papers use."""

from demo.explain.layer_choices import layer_choices


def test_the_stages_come_first_from_the_last_one_on_and_say_their_papers_name() -> None:
    assert layer_choices("resnet18") == [
        ("layer4 · conv5_x", "layer4"), ("layer3 · conv4_x", "layer3"), ("layer2 · conv3_x", "layer2"),
        ("layer1 · conv2_x", "layer1"), ("layer1.0", "layer1.0"), ("layer2.0", "layer2.0"), ("layer3.0", "layer3.0"),
        ("layer4.0", "layer4.0"),
    ]  # fmt: skip
