"""Products, factors and sums by BLAS: the same bits for any number of threads of either kind, in any layout."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from itertools import product
from pathlib import Path

import ml_dtypes
import numpy as np
import products
import pytest
import threadpoolctl
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from blocks.kernels.matrix_product import _panels, matmul, share
from dataflow.core import thread_pool
from dataflow.core.blas import one_thread

pytestmark = pytest.mark.slow

COUNTS = (1, 2, 4, 8)
LIBRARY = Path(flow.__file__).parents[1] / "blocks"  # where it is installed


def blas_threads() -> int:
    """The threads of the BLAS that NumPy uses; other packages that tests import have their own."""
    found = threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers
    return next((each for each in found if "numpy" in each.filepath), found[0]).num_threads


# -- the bits -------------------------------------------------------------------------------------------------------


def test_processes_with_other_numbers_of_threads_give_the_same_bits():
    """BLAS reads its environment as it starts, and OpenBLAS runs as many threads as it says on any number of cores."""
    wanted = products.digests()
    for blas, ours in [(1, 8), (2, 4), (4, 2), (8, 1)]:
        set = {"OPENBLAS_NUM_THREADS": blas, "OMP_NUM_THREADS": blas, "MKL_NUM_THREADS": blas, "DATAFLOW_THREADS": ours}
        made = subprocess.run(
            [sys.executable, products.__file__],
            env=os.environ | {name: str(value) for name, value in set.items()},
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(made.stdout)
        assert [case for case, bits in wanted.items() if found[case] != bits] == [], (blas, ours)
        assert found.keys() == wanted.keys()


def test_limits_of_a_process_settings_of_a_plan_and_calls_by_themselves_give_the_same_bits(monkeypatch):
    chosen = [case for i, case in enumerate(products.cases()) if i % 3 == 0 or case[0] != "MatMul"]
    wanted = [products.digest(products.eager(*case)) for case in chosen]
    for blas, ours in product(COUNTS, COUNTS):
        monkeypatch.setenv("DATAFLOW_THREADS", str(ours))
        with threadpoolctl.threadpool_limits(blas):
            for number, (case, bits) in enumerate(zip(chosen, wanted, strict=True)):
                fuse = (number + blas + ours) % 2 == 0
                assert products.digest(products.eager(*case)) == bits, (products.title(*case), blas, ours)
                made = products.planned(*case, threads=ours, fuse=fuse)()
                assert products.digest(made) == bits, (products.title(*case), blas, ours, fuse)
            assert blas_threads() == blas


LAYOUTS = {
    "by columns": lambda a: np.ascontiguousarray(a.T).T,
    "every other row": lambda a: np.repeat(a, 2, 0)[::2],
    "every other column": lambda a: np.repeat(a, 2, -1)[..., ::2],
    "backwards": lambda a: np.flip(np.ascontiguousarray(np.flip(a))),
    "in a wider one": lambda a: np.concatenate([a[..., :1], a, a], -1)[..., 1 : a.shape[-1] + 1],
    "elsewhere": lambda a: np.frombuffer(bytes(8) + a.tobytes(), np.uint8)[8:].view(a.dtype).reshape(a.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_factors_lie_in_memory_does_not_show(layout):
    def turned(value):
        if isinstance(value, list):
            return [turned(each) for each in value]
        return value if value.size < 20 else LAYOUTS[layout](value)  # shapes stay what they are

    for name, attrs, arrays in products.cases():
        wanted = products.digest(products.eager(name, attrs, arrays))
        found = products.digest(products.eager(name, attrs, [turned(value) for value in arrays]))
        assert found == wanted, products.title(name, attrs, arrays)


@pytest.mark.parametrize("size", [30, 300])
def test_a_matrix_times_itself_has_the_bits_of_a_matrix_times_an_equal_one(size):
    a = products.values(np.float32, size, size + 1)
    block = flow.blocks["MatMul"](transpose_b=True)
    assert block(a, a).tobytes() == block(a, a.copy()).tobytes()
    stacked = products.values(np.float32, 5, size, size + 1)
    block = flow.blocks["BatchMatMulV2"](adj_x=True)
    assert block(stacked, stacked).tobytes() == block(stacked, stacked.copy()).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.int64, np.uint16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("left, right", [((1025, 300), (300, 70)), ((3, 1, 90, 400), (7, 400, 90)), ((0, 9), (9, 4))])
def test_panels_put_together_are_the_product(dtype, left, right):
    a, b = products.values(dtype, *left), products.values(dtype, *right, seed=1)
    block = flow.blocks["BatchMatMulV2"]()
    wide = np.result_type(dtype, np.complex128 if np.dtype(dtype).kind == "c" else np.float64)
    if np.dtype(dtype).kind in "iu":
        np.testing.assert_array_equal(block(a, b), np.einsum("...ij,...jk->...ik", a, b))
    else:
        exact = np.einsum("...ij,...jk->...ik", a.astype(wide), b.astype(wide))
        error = np.abs(block(a, b).astype(wide) - exact)
        assert (error <= 4e-6 * 400 if a.dtype.itemsize > 2 else error <= 0.01 * np.abs(exact) + 0.3).all()


@given(
    st.lists(st.integers(1, 40), max_size=3).map(tuple),
    st.integers(1, 3000),
    st.integers(0, 5000),
    st.integers(1, 3000),
)
def test_panels_hold_every_element_once(lead, m, k, n):
    panels = _panels(lead, m, k, n, 4)
    if len(panels) > 2000 or np.prod((*lead, m, n)) > 1 << 22:
        return
    count = np.zeros((*lead, m, n), np.int8)
    left, right = np.empty((*lead, m, 1)), np.empty((*lead, 1, n))
    for panel in panels:
        count[panel.out] += 1
        assert (*left[panel.left].shape[:-1], right[panel.right].shape[-1]) == count[panel.out].shape
    assert (count == 1).all()


# -- the limit ------------------------------------------------------------------------------------------------------


def test_blas_has_as_many_threads_as_before_when_the_last_one_has_left():
    with threadpoolctl.threadpool_limits(3):
        with one_thread, one_thread:
            assert blas_threads() == 1
        assert blas_threads() == 3
        go, gone = threading.Event(), threading.Event()

        def other():
            with one_thread:
                gone.set()
                go.wait()

        thread = threading.Thread(target=other)
        with one_thread:
            thread.start()
            gone.wait()
        assert blas_threads() == 1  # the other one is still inside
        go.set()
        thread.join()
        assert blas_threads() == 3


def test_a_number_that_is_set_meanwhile_holds_afterwards():
    with threadpoolctl.threadpool_limits(3):
        with one_thread:
            threadpoolctl.threadpool_limits(2)  # by the application, in another place
            with one_thread:
                assert blas_threads() == 1
        assert blas_threads() == 2
        with one_thread:
            threadpoolctl.threadpool_limits(4)
        assert blas_threads() == 4


def test_an_error_gives_the_threads_back():
    with threadpoolctl.threadpool_limits(3):
        singular = np.zeros((40, 40), np.float32)
        with pytest.raises(flow.DataflowError, match="singular"):
            flow.blocks["MatrixInverse"]()(singular)
        with pytest.raises(flow.DataflowError, match="singular"):
            flow.blocks["MatrixInverse"]()(np.zeros((900, 40, 40), np.float32))
        assert blas_threads() == 3


def test_runs_in_several_threads_have_the_same_bits_and_leave_the_number_alone():
    cases = [case for case in products.cases() if case[0] in ("MatMul", "Conv2D")][::4]
    wanted = [products.digest(products.eager(*case)) for case in cases]
    wrong = []

    def work():
        for case, bits in zip(cases, wanted, strict=True):
            for made in (products.eager(*case), products.planned(*case)()):
                if products.digest(made) != bits:
                    wrong.append(products.title(*case))

    with threadpoolctl.threadpool_limits(4):
        callers = [threading.Thread(target=work) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert blas_threads() == 4
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_the_threads_that_others_of_its_parent_held():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with one_thread:
            inside.set()
            leave.wait()

    with threadpoolctl.threadpool_limits(3):
        thread = threading.Thread(target=other)
        thread.start()
        inside.wait()
        child = os.fork()
        if not child:
            try:
                with one_thread:
                    held = blas_threads() == 1
                os._exit(0 if held and blas_threads() == 3 else 1)
            finally:
                os._exit(2)
        status = os.waitpid(child, 0)[1]
        leave.set()
        thread.join()
        assert os.waitstatus_to_exitcode(status) == 0


def test_what_needs_no_product_does_not_look_for_blas():
    code = "import sys, dataflow as flow; flow.blocks['Relu']()([1.0]); print('threadpoolctl' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "False"


# -- threads --------------------------------------------------------------------------------------------------------


def test_panels_are_shared_among_the_threads_of_the_run_and_not_shared_again():
    seen = {}

    def look(item):
        seen[item] = threading.current_thread().name, thread_pool.thread_limit(), blas_threads()
        if item < 2:
            meeting.wait(10)  # two are here at a time

    meeting = threading.Barrier(2)
    with thread_pool.ThreadLimit(2):
        share(range(8), look)
    assert len({name for name, _, _ in seen.values()}) == 2
    assert {rest for _, *rest in map(tuple, seen.values()) for rest in [tuple(rest)]} == {(1, 1)}


def test_one_thread_of_a_plan_is_one_thread_for_products_too(monkeypatch):
    monkeypatch.setattr(thread_pool, "_pool", lambda: pytest.fail("asked for another thread"))
    a = products.values(np.float32, 300, 300)
    products.planned("MatMul", {}, [a, a], threads=1)()
    monkeypatch.setenv("DATAFLOW_THREADS", "1")
    matmul(a, a)


def test_an_error_in_any_thread_is_raised():
    def fail(item):
        raise ValueError(f"item {item}")

    with thread_pool.ThreadLimit(4), pytest.raises(ValueError, match="item"):
        share(range(20), fail)


# -- every block ----------------------------------------------------------------------------------------------------


BLAS = {"matmul", "dot", "vdot", "inner", "tensordot", "multi_dot", "matvec", "vecmat", "vecdot", "linalg"}


def test_blocks_call_blas_with_one_thread():
    """Products are made by `matmul`; whatever else goes to BLAS or LAPACK stands in a ``with one_thread`` block."""
    loose = []

    class Look(ast.NodeVisitor):
        held = 0

        def visit_With(self, node):
            holds = any(getattr(item.context_expr, "id", "") == "one_thread" for item in node.items)
            self.held += holds
            self.generic_visit(node)
            self.held -= holds

        def visit_BinOp(self, node):
            self.look(node, isinstance(node.op, ast.MatMult))

        def visit_Attribute(self, node):
            self.look(node, node.attr in BLAS and getattr(node.value, "id", "") == "np")

        def visit_keyword(self, node):
            self.look(node, node.arg == "optimize")  # of einsum, which else adds up by itself

        def visit_Call(self, node):
            holds = getattr(node.func, "id", "") == "by_lapack"
            self.held += holds
            self.generic_visit(node)
            self.held -= holds

        def visit_ExceptHandler(self, node):
            for each in node.body:  # what it is for is no call
                self.visit(each)

        def look(self, node, found):
            if found and not self.held:
                loose.append(f"{path.name}:{node.lineno}")
            self.generic_visit(node)

    for path in sorted(LIBRARY.rglob("*.py")):
        Look().visit(ast.parse(path.read_text(encoding="utf-8")))
    assert {place.partition(":")[0] for place in loose} == {"matrix_product.py", "integer_product.py"}, (
        loose
    )  # which is where they are held
