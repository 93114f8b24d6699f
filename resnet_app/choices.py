"""What a person may choose of an answer; light, so that a page can offer the choices before torch is there."""

MAX_TOP_K = 10
DEFAULT_TOP_K = 5
FLOAT32, BFLOAT16 = PRECISIONS = ("float32", "bfloat16")  # of a pass
UNSURE_BELOW, UNSURE_BELOW_OF_TWO = 0.5, 0.75  # the best answer's probability; of two classes one always has half
MAX_CLASSES_EXPLAINED = 5  # side by side

METHODS = {  # the name on the command line -> its title
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "xgradcam": "XGradCAM",
    "layercam": "LayerCAM",
    "eigencam": "EigenCAM",
    "finercam": "FinerCAM",
    "refinecam": "RefineCAM",
    "scorecam": "Score-CAM",
    "ablationcam": "Ablation-CAM",
}
SAME_ON_LAST = (
    "gradcam",
    "hirescam",
    "xgradcam",
)  # one and the same map after a ResNet's last block, with CAM a fourth
IN_LOGITS = (*SAME_ON_LAST, "layercam", "finercam")  # maps of gradient times activation: logits, to first order
# Where ours is not pytorch-grad-cam's map, by intent; said where the method is chosen, and in the manifest.
OWN_WAY = {
    "eigencam": "An SVD leaves the component's sign open: here the larger side is up; pytorch-grad-cam takes the sign "
    "that the SVD happens to give.",
    "ablationcam": "The drop is divided by the size of the score; pytorch-grad-cam divides by the score itself, which "
    "turns the map of a negative score round.",
}
USUAL_THRESHOLD = 20  # per cent of a map's peak, above which its mask and box are; Zhou et al. 2016 take a fifth
THRESHOLDS = (5, 95)
SLOW = ("scorecam", "ablationcam")  # a forward pass, or the rest of one, for every channel
LAYERS = (
    "layer1",
    "layer2",
    "layer3",
    "layer4",
)  # each stands for its stage's last block; layer3.0 is one of its blocks


def is_unsure(probability: float, classes: int) -> bool:
    """Whether the best answer of a model with so many classes is too weak to be called one."""
    return classes > 1 and probability < (UNSURE_BELOW_OF_TWO if classes == 2 else UNSURE_BELOW)
