"""`python -m resnet_app`."""

import sys

from resnet_app.cli.main import main

sys.exit(main())
