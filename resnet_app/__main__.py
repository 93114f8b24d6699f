"""`python -m resnet_app`."""

import sys

from resnet_app.cli.main import main
from resnet_app.system import wait_asleep

wait_asleep()  # pictures are read beside the pass
sys.exit(main())
