"""What the tests of robustness share."""

import pytest

from resnet_app.inference import predict
from tests.paths import EXAMPLES


@pytest.fixture(scope="package")
def bee(bundled):
    """The bundled model's answer to one of the example pictures."""
    return predict.classify(bundled, EXAMPLES / "bee-daisy.jpg")
