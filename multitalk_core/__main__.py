"""`python -m multitalk_core`: the command line."""

import os
import sys

# Threads that spin while they wait make a busy machine five times slower; torch's OpenMP reads this once.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from .standalone.cli import main

sys.exit(main())
