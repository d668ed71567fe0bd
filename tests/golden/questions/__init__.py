"""What to ask the reference: attrs and inputs for each op, the same at every run.

To record another op, write a function in the module of its family that yields questions, and mark it with `asks`.
"""

import importlib
import pkgutil

from .asking import AGREEMENTS as AGREEMENTS
from .asking import TABLE as TABLE
from .asking import TO_TORCH as TO_TORCH
from .asking import Agreement as Agreement
from .asking import Question as Question
from .asking import questions as questions

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
