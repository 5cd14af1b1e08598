"""Rotations against SciPy's, and their derivatives, also where an angle is zero."""

import itertools

import jax
import jax.scipy.spatial.transform
import numpy as np
import pytest
import scipy.spatial.transform as scipys

import fgrad
from fgrad.scipy.spatial.transform import Rotation, Slerp
from fgrad.test_util import check_grads
from tests.harness import assert_same

RNG = np.random.default_rng(0)
QUATS = RNG.normal(size=(6, 4))
W = RNG.normal(size=(3, 3))
SEQUENCES = ["".join(s) for s in itertools.product("xyz", repeat=3) if s[0] != s[1] != s[2]]
FORMS = ("matrix", "mrp", "quat", "rotvec")


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    """To and fro, of one and of many."""
    for quats in (QUATS, QUATS[0]):
        ours, theirs = Rotation.from_quat(quats), scipys.Rotation.from_quat(quats)
        got, want = (getattr(r, f"as_{form}")() for r in (ours, theirs))
        assert_same(got, want, 100)
        again = getattr(Rotation, f"from_{form}")(got)
        assert_same(again.as_matrix(), theirs.as_matrix(), 100)
        assert_same(ours.as_quat(True, True), theirs.as_quat(canonical=True, scalar_first=True))


@pytest.mark.parametrize("seq", SEQUENCES + [s.upper() for s in SEQUENCES])
def test_euler_angles(seq):
    ours, theirs = Rotation.from_quat(QUATS), scipys.Rotation.from_quat(QUATS)
    angles = theirs.as_euler(seq, degrees=True)
    assert_same(ours.as_euler(seq, degrees=True), angles, 100)
    assert_same(Rotation.from_euler(seq, angles, True).as_matrix(), theirs.as_matrix(), 100)
    single = Rotation.from_euler(seq[:2], angles[0, :2], True).as_matrix()
    assert_same(single, scipys.Rotation.from_euler(seq[:2], angles[0, :2], True).as_matrix(), 100)
    for locked in ((0.3, 0.0, 0.5), (0.3, np.pi / 2, 0.5), (0.3, np.pi, 0.5)):
        turn = Rotation.from_euler(seq, np.array(locked))
        back = Rotation.from_euler(seq, turn.as_euler(seq))
        # half of the digits are lost where axes nearly coincide
        np.testing.assert_allclose(back.as_matrix(), turn.as_matrix(), atol=1e-7)


def test_operations():
    ours, theirs = Rotation.from_quat(QUATS), scipys.Rotation.from_quat(QUATS)
    vectors = RNG.normal(size=(6, 3))
    for inverse in (False, True):
        assert_same(ours.apply(vectors, inverse), theirs.apply(vectors, inverse), 100)
    assert_same((ours * ours[::-1]).as_matrix(), (theirs * theirs[::-1]).as_matrix(), 100)
    assert_same(ours.inv().as_matrix(), theirs.inv().as_matrix(), 100)
    assert_same(ours.magnitude(), theirs.magnitude(), 100)
    weights = np.arange(1.0, 7.0)
    assert_same(ours.mean(weights).as_matrix(), theirs.mean(weights).as_matrix(), 100)
    assert len(Rotation.concatenate([ours, ours])) == 12
    assert Rotation.identity().single
    assert_same(Rotation.identity(2).as_matrix(), np.stack([np.eye(3)] * 2))
    many = Rotation.random(fgrad.random.key(0), 2000)
    # five standard errors of a mean of cosines, whose variance is a third
    assert (abs(many.as_matrix().mean(0)) < 5 * np.sqrt(1 / 3 / 2000)).all()


def test_derivatives():
    turn = lambda v: Rotation.from_rotvec(v).apply(np.ones(3))
    for v in (np.array([0.3, -0.2, 1.0]), np.zeros(3), np.array([2e-4, 0.0, 1e-4])):
        check_grads(turn, (v,), order=2)
    for v in (np.array([0.3, -0.2, 1.0]), np.zeros(3)):
        check_grads(lambda v: (Rotation.from_rotvec(v) * Rotation.from_rotvec(v)).as_rotvec(), (v,),
                    order=2)  # fmt: skip
    m = Rotation.from_quat(QUATS).as_matrix()
    check_grads(lambda m: Rotation.from_matrix(m).as_quat(), (m,), order=1)
    check_grads(lambda q: Rotation.from_quat(q).as_euler("xyz"), (QUATS[:2],), order=2)
    check_grads(lambda q: Rotation.from_quat(q).as_mrp(), (QUATS[:2],), order=2)


def test_they_are_pytrees():
    turns = Rotation.from_quat(QUATS)
    assert_same(fgrad.jit(lambda r: r.inv())(turns).quat, turns.inv().quat)
    mapped = fgrad.vmap(lambda r: r.as_rotvec())(turns)
    assert_same(mapped, turns.as_rotvec(), 10)


def test_interpolation():
    times = np.array([0.0, 1.0, 2.5, 3.0, 4.0, 6.0])
    ours = Slerp.init(times, Rotation.from_quat(QUATS))
    theirs = scipys.Slerp(times, scipys.Rotation.from_quat(QUATS))
    at = np.array([0.0, 0.3, 2.5, 5.9, 6.0])
    assert_same(ours(at).as_matrix(), theirs(at).as_matrix(), 100)
    assert_same(ours(0.3).as_matrix(), theirs(0.3).as_matrix(), 100)
    check_grads(lambda t: ours(t).as_matrix(), (np.array([0.4, 4.4]),), order=2)


def test_gradients_are_jaxs():
    theirs = jax.scipy.spatial.transform.Rotation
    program = lambda r: lambda v: (r.from_rotvec(v).as_matrix() * W).sum()
    v = np.array([0.3, -0.2, 1.0])
    assert_same(fgrad.grad(program(Rotation))(v), jax.grad(program(theirs))(v), 10)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: Rotation.from_euler("xq", [1.0, 2.0]), ValueError, "seq must be up to three"),
        (lambda: Rotation.from_euler("xx", [1.0, 2.0]), ValueError, "axes next to each other"),
        (lambda: Rotation.from_euler("xyz", [1.0]), ValueError, "angles must have 3 numbers"),
        (lambda: Rotation.identity().as_euler("xy"), ValueError, "seq must be three of"),
        (lambda: Rotation.from_matrix(np.eye(2)), ValueError, "wanted matrices of 3 x 3"),
        (lambda: len(Rotation.identity()), TypeError, "a single rotation has no length"),
        (lambda: Rotation.identity()[0], TypeError, "a single rotation has no items"),
        (lambda: Rotation.identity(2).mean(np.ones(3)), ValueError, "weights must have shape"),
        (lambda: Slerp.init([0.0], Rotation.identity()), ValueError, "wanted two rotations"),
        (lambda: Slerp.init([0.0], 1), TypeError, "rotations must be a Rotation; got int"),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match) as e:
        call()
    assert "test_rotations.py" in str(e.value)
