"""Checkpoints in files: what comes back, what is refused, and what a kill leaves."""

import json
import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import optim, random
from fgrad.errors import CheckpointError
from fgrad.testing import strategies

save, load, latest = fgrad.checkpoint.save, fgrad.checkpoint.load, fgrad.checkpoint.latest


class State(NamedTuple):
    """Of a training run."""

    params: dict
    step: int
    key: object


def _state():
    params = {"w": fnp.arange(6.0).reshape(2, 3), "b": [fnp.zeros((), np.float32), None]}
    return State(params, 3, random.key(0))


def _same(a, b):
    leaves, tree = fgrad.tree.flatten(a)
    others, other = fgrad.tree.flatten(b)
    assert tree == other
    for x, y in zip(leaves, others, strict=True):
        assert type(x) is type(y) or {type(x), type(y)} == {fgrad.Array, np.ndarray}
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_array_equal(x, y)


def test_what_is_saved_comes_back(tmp_path):
    file = save(tmp_path / "a" / "state", _state())
    assert [p.name for p in file.parent.iterdir()] == ["state"]
    _same(load(file, _state()), _state())
    flat = load(file)
    np.testing.assert_array_equal(flat[".params['w']"], np.arange(6.0).reshape(2, 3))
    assert flat[".step"] == 3


def test_states_of_optimizers_come_back(tmp_path):
    params = {"w": fnp.ones((3, 2)), "b": fnp.zeros(2)}
    tx = optim.adam(1e-2)
    state = tx.init(params)
    for _ in range(3):
        updates, state = tx.update(params, state, params)
    save(tmp_path / "s", (params, state))
    _same(load(tmp_path / "s", (params, state)), (params, state))


@given(strategies.pytrees(), st.integers(0, 1))
def test_any_pytree(tmp_path_factory, tree, twice):
    file = tmp_path_factory.mktemp("any") / "tree"
    for _ in range(twice + 1):
        save(file, tree)
    _same(load(file, tree), tree)


@pytest.mark.parametrize(
    "dtype", ("bool", "int8", "uint64", "float16", "complex64", "complex128", ">f4", "longdouble")
)
def test_dtypes(tmp_path, dtype):
    tree = [np.arange(6).reshape(2, 3).T.astype(dtype), np.arange(2).astype(dtype)[1]]
    save(tmp_path / "x", tree)
    got = load(tmp_path / "x", tree)
    for a, b in zip(got, tree, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    for number in (True, 3, 2.5, 1 + 2j):
        save(tmp_path / "y", number)
        assert load(tmp_path / "y", number) == number
        assert type(load(tmp_path / "y", number)) is type(number)


def test_the_newest_are_kept(tmp_path):
    assert latest(tmp_path) is None
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        load(tmp_path)
    for step in (1, 5, 12, 3):
        save(tmp_path, {"n": step}, step=step, keep=3)
    assert latest(tmp_path) == 12
    assert sorted(int(p.stem) for p in tmp_path.iterdir()) == [3, 5, 12]
    assert load(tmp_path, {"n": 0}) == {"n": 12}
    assert load(tmp_path, {"n": 0}, step=5) == {"n": 5}
    with pytest.raises(FileNotFoundError, match=r"no checkpoint 1[^\0]*test_checkpoint"):
        load(tmp_path, step=1)


@pytest.mark.parametrize(
    ("like", "text"),
    (
        ({"w": np.zeros(3), "c": 1.0}, r"lacks \[\"\['c'\]\"\]"),
        ({"w": np.zeros(3)}, "has .*'b'"),
        ({"w": np.zeros(4), "b": 1.0}, r"is float64\[3\]; wanted float64\[4\]"),
        ({"w": np.zeros(3, np.float32), "b": 1.0}, r"wanted float32\[3\]"),
        ([1, 2], "another structure"),
    ),
)
def test_what_differs_is_said(tmp_path, like, text):
    file = save(tmp_path / "x", {"w": np.zeros(3), "b": 1.0})
    with pytest.raises(CheckpointError, match=text):
        load(file, like)
    shape = fgrad.ShapeDtypeStruct((3,), np.dtype(float))
    np.testing.assert_array_equal(load(file, {"w": shape, "b": 0.0})["w"], np.zeros(3))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    (
        (lambda p: save(p, {"a": "text"}), TypeError, r"\['a'\] is 'text'"),
        (lambda p: save(p, object()), TypeError, "the root"),
        (lambda p: save(p, 1.0, keep=2), ValueError, "keep must be"),
        (lambda p: save(p, 1.0, step=1, keep=0), ValueError, "keep must be"),
        (lambda p: save(p, 1.0, step=-1), ValueError, "step must be"),
        (lambda p: load(p), FileNotFoundError, "no file"),
        (lambda p: fgrad.jit(lambda x: save(p, x))(1.0), TypeError, "is a tracer"),
    ),
)
def test_errors(tmp_path, call, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_checkpoint"):
        call(tmp_path / "x")
    assert not list(tmp_path.iterdir())


@given(data=st.data())
def test_damaged_files_are_refused(tmp_path_factory, data):
    """Cut off, or with any byte changed."""
    file = tmp_path_factory.mktemp("damaged") / "x"
    tree = {"w": np.arange(20.0), "n": 3}
    save(file, tree)
    whole = file.read_bytes()
    if data.draw(st.booleans()):
        file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    else:
        at, flip = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
    try:
        got = load(file, tree)
    except CheckpointError:
        return
    _same(got, tree)  # a byte that means nothing, such as a space


def _hostile():
    """Headers that lie."""
    import pickle

    header = lambda h: len(h).to_bytes(8, "little") + h
    record = {"path": "", "kind": "array", "shape": [2], "dtype": "<f8"}
    entry = {"0": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}

    def file(records, **metadata):
        meta = {"leaves": json.dumps(records), "sha256": "0"} | metadata
        return header(json.dumps(entry | {"__metadata__": meta}).encode()) + bytes(16)

    yield b""
    yield pickle.dumps([1])
    yield b"\xff" * 64
    yield (1 << 60).to_bytes(8, "little")
    yield header(b"{}")
    yield header(json.dumps({"0": {"dtype": "F64", "shape": [9], "data_offsets": [0, 8]}}).encode())
    yield file([record])
    yield file([record | {"shape": [-2]}])
    yield file([record | {"shape": "ab"}])
    yield file([record | {"dtype": "|O"}])
    yield file([record | {"dtype": "__import__('os')"}])
    yield file([record | {"kind": "eval"}])
    yield file([record, record])
    yield file([])
    yield file("[" * 100000)
    yield file([record], leaves="[" * 100000)


@pytest.mark.parametrize("data", list(_hostile()), ids=lambda data: len(data))
def test_hostile_files_are_refused(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(CheckpointError, match="x"):
        load(tmp_path / "x")


KILLS = 200
_WORKER = """
import os, signal, sys, time
import numpy as np
import fgrad
from random import Random
folder, kills = sys.argv[1], int(sys.argv[2])
random = Random(0)
state = lambda n: {"w": np.full(20_000, float(n)), "n": n}
fgrad.checkpoint.save(folder, state(0), step=0)
known = 0
for _ in range(kills):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        n = known
        while True:
            n += 1
            fgrad.checkpoint.save(folder, state(n), step=n, keep=2)
            os.write(write, n.to_bytes(8, "little"))
    os.close(write)
    time.sleep(random.uniform(0, 0.012))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as pipe:
        done = pipe.read()
    if done:
        known = int.from_bytes(done[-8:], "little")
    newest = fgrad.checkpoint.latest(folder)
    got = fgrad.checkpoint.load(folder, state(0))
    assert newest in (known, known + 1), (newest, known)
    assert got["n"] == newest and (got["w"] == newest).all()
    known = newest
fgrad.checkpoint.save(folder, state(known + 1), step=known + 1, keep=2)
files = os.listdir(folder)
assert len([f for f in files if not f.startswith(".")]) == 2, files
print("saved", known)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed by POSIX signals")
def test_nothing_is_lost_when_the_process_is_killed(tmp_path):
    out = subprocess.run(
        [sys.executable, "-c", _WORKER, str(tmp_path / "run"), str(KILLS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert out.returncode == 0, out.stderr
    assert int(out.stdout.split()[1]) > KILLS // 10
