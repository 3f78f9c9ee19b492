"""``python -m superposition.cli``."""

import sys

from superposition.cli.entry import main

sys.exit(main())
