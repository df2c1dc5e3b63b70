"""``python -m chatserver`` is the command ``chatserver``."""

import sys

from chatserver.cli import main

sys.exit(main())
