"""What a person may choose of an answer; light, so that a page can offer the choices before torch is there."""

from dataclasses import dataclass

MAX_TOP_K = 10
DEFAULT_TOP_K = 5
FLOAT32, BFLOAT16 = PRECISIONS = ("float32", "bfloat16")  # of a pass
UNSURE_BELOW, UNSURE_BELOW_OF_TWO = 0.5, 0.75  # the best answer's probability; of two classes one always has half
MAX_CLASSES_EXPLAINED = 5  # side by side


@dataclass(frozen=True)
class Method:
    """A way to make a map.

    Attributes:
        title: as its paper writes it.
        library: its class in pytorch-grad-cam.
        is_slow: it takes a forward pass, or the rest of one, for every channel.
        is_same_on_last: after a ResNet's last block it gives one and the same map as all that say so, and as CAM.
        is_in_logits: its map is gradient times activation: logits, to first order.
        knows_class: else all classes get the same map.
        own_way: why ours is not the library's map, by intent; said where the method is chosen (``own_way_...`` in the
            locales), and in the manifest.
    """

    title: str
    library: str
    is_slow: bool = False
    is_same_on_last: bool = False
    is_in_logits: bool = False
    knows_class: bool = True
    own_way: str = ""


CAMS = {  # by the name on the command line
    "gradcam": Method("Grad-CAM", "GradCAM", is_same_on_last=True, is_in_logits=True),
    "gradcam++": Method("Grad-CAM++", "GradCAMPlusPlus"),
    "hirescam": Method("HiResCAM", "HiResCAM", is_same_on_last=True, is_in_logits=True),
    "xgradcam": Method("XGradCAM", "XGradCAM", is_same_on_last=True, is_in_logits=True),
    "layercam": Method("LayerCAM", "LayerCAM", is_in_logits=True),
    "eigencam": Method(
        "EigenCAM",
        "EigenCAM",
        knows_class=False,
        own_way="An SVD leaves the component's sign open: here the larger side is up; pytorch-grad-cam takes the sign "
        "that the SVD happens to give.",
    ),
    "finercam": Method("FinerCAM", "FinerCAM", is_in_logits=True),
    "refinecam": Method("RefineCAM", "RefineCAM"),
    "scorecam": Method("Score-CAM", "ScoreCAM", is_slow=True),
    "ablationcam": Method(
        "Ablation-CAM",
        "AblationCAM",
        is_slow=True,
        own_way="The drop is divided by the size of the score; pytorch-grad-cam divides by the score itself, which "
        "turns the map of a negative score round.",
    ),
}
METHODS = {name: method.title for name, method in CAMS.items()}
SAME_ON_LAST = tuple(name for name, method in CAMS.items() if method.is_same_on_last)
IN_LOGITS = tuple(name for name, method in CAMS.items() if method.is_in_logits)
OWN_WAY = {name: method.own_way for name, method in CAMS.items() if method.own_way}
SLOW = tuple(name for name, method in CAMS.items() if method.is_slow)
USUAL_THRESHOLD = 20  # per cent of a map's peak, above which its mask and box are; Zhou et al. 2016 take a fifth
THRESHOLDS = (5, 95)
LAYERS = (
    "layer1",
    "layer2",
    "layer3",
    "layer4",
)  # each stands for its stage's last block; layer3.0 is one of its blocks


def is_unsure(probability: float, classes: int) -> bool:
    """Whether the best answer of a model with so many classes is too weak to be called one."""
    return classes > 1 and probability < (UNSURE_BELOW_OF_TWO if classes == 2 else UNSURE_BELOW)
