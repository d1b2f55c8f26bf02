"""`python -m tests.wechat_platform`."""

import sys

from .command import main

sys.exit(main(sys.argv[1:]))
