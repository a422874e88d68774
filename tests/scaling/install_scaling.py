"""Set up what the slow tests of scaling need: Ray, s3fs, gcsfs, and servers to play such storage.

    python tests/scaling/install_scaling.py

``.cache/scaling`` of the checkout gets an environment with what ``requirements.txt`` of this
folder has beyond this Python's own packages. ``make lock`` pins them together.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "helpers"))

from library_environment import LibraryEnvironment

if __name__ == "__main__":
    LibraryEnvironment(Path(__file__).parent).set_up()
