"""``python -m superposition.cli``."""

import sys

from superposition.cli.main import main

sys.exit(main())
