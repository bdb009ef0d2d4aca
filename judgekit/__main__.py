"""`python -m judgekit`, which `torchrun -m judgekit train …` starts in each process."""

import sys
from pathlib import Path

# `python -m` puts the working directory first on the path, and a file there that bears a library's
# name would be run in its place.
if sys.path and Path(sys.path[0]).resolve() == Path.cwd():
    del sys.path[0]

from judgekit.cli import main

main()
