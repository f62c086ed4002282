"""Classification losses. Throughout p = s(x) is the logistic function, q = 1 - p = s(-x)."""

from . import focal as focal
from . import margin as margin
from . import pointwise as pointwise
from . import row_margin as row_margin
from . import rowwise as rowwise
