"""`python -m resnet_app`."""

import sys

from resnet_app.cli import main

sys.exit(main())
