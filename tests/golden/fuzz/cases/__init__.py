"""What the fuzzer asks: for each op a function that draws attrs and inputs, in the module of its family."""

import importlib
import pkgutil

from .asking import CASES as CASES
from .asking import drawn as drawn
from .asking import dtypes_of as dtypes_of

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
