"""The library scan: calls of every block that TensorFlow has a kernel for, at any size."""

from .asking import Call as Call
from .calls import FUNCTIONS as FUNCTIONS
from .calls import UNLIKE as UNLIKE
from .calls import call as call
from .calls import kernels as kernels
from .calls import subjects as subjects
