"""`python -m fastloss` and the console script `fastloss`."""

import sys

from fastloss._cli import main

if __name__ == "__main__":
    sys.exit(main())
