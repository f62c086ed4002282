"""Classification losses. Throughout p = s(x) is the logistic function, q = 1 - p = s(-x)."""

from . import focal as focal
from . import margin as margin
from . import margin_rows as margin_rows
from . import pointwise as pointwise
from . import rowwise as rowwise
