"""`python -m multitalk_core`: the command line."""

import sys

from .standalone.cli import main

sys.exit(main())
