"""`python -m resnet_app`."""

import sys

from resnet_app import threads
from resnet_app.cli import main

threads.settle()

sys.exit(main())
