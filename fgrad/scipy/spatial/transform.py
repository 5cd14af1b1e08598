"""Rotations in three dimensions: `fgrad.scipy.spatial.transform`."""

import math
import re
from typing import Any, NamedTuple

import numpy as np

import fgrad.numpy as fnp
from fgrad import random
from fgrad.core.source import located
from fgrad.scipy._arguments import real

__all__ = ["Rotation", "Slerp"]

_SMALL = 1e-3  # below this angle the series are exact to rounding


def _array(function, **arguments) -> Any:
    return fnp.asarray(real(function, **arguments))


def _length(v):
    """The norm along the last axis, with a derivative of zero where it is zero."""
    square = (v * v).sum(-1, keepdims=True)
    return fnp.where(square == 0, 0, fnp.sqrt(fnp.where(square == 0, 1, square)))


def _normalized(q):
    return q / fnp.sqrt((q * q).sum(-1, keepdims=True))


def _product(p, q):
    """Of quaternions, the real part last."""
    (a, r), (b, s) = ((x[..., :3], x[..., 3:]) for x in (p, q))
    vector = r * b + s * a + fnp.cross(a, b)
    return fnp.concatenate([vector, r * s - (a * b).sum(-1, keepdims=True)], -1)


def _axes(function, seq, most=3):
    """The axes of a sequence as numbers, and whether they turn with the body."""
    if not re.fullmatch("[xyz]{1,3}|[XYZ]{1,3}", seq) or (most == 0 and len(seq) != 3):
        count = "three" if most == 0 else "up to three"
        raise ValueError(
            located(f"{function}: seq must be {count} of 'xyz', or of 'XYZ'; got {seq!r}")
        )
    if any(a == b for a, b in zip(seq, seq[1:], strict=False)):
        raise ValueError(located(f"{function}: axes next to each other must differ; got {seq!r}"))
    return ["xyz".index(a) for a in seq.lower()], seq.isupper()


class Rotation(NamedTuple):
    """A rotation in three dimensions, or a stack of them.

    Attributes
    ----------
    quat : array of shape (..., 4)
        Unit quaternions, the real part last.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy.spatial.transform import Rotation
    >>> turn = Rotation.from_euler("z", 90.0, degrees=True)
    >>> turn.apply(np.array([1.0, 0.0, 0.0])).round(6)
    array([0., 1., 0.])
    """

    quat: Any

    @classmethod
    def concatenate(cls, rotations):
        """A stack of the rotations of stacks."""
        return cls(fnp.concatenate([r.quat for r in rotations]))

    @classmethod
    def from_euler(cls, seq, angles, degrees=False):
        """Turns about axes one after the other; capital letters are axes that turn too."""
        axes, turning = _axes("Rotation.from_euler", seq)
        angles = fnp.atleast_1d(_array("Rotation.from_euler", angles=angles))
        if angles.shape[-1] != len(axes):
            raise ValueError(
                located(
                    f"Rotation.from_euler: angles must have {len(axes)} numbers along the last "
                    f"axis; got shape {angles.shape}"
                )
            )
        half = 0.5 * (fnp.deg2rad(angles) if degrees else angles)
        result = None
        for n, axis in enumerate(axes):
            unit = np.zeros((2, 4))
            unit[0, axis], unit[1, 3] = 1, 1
            unit = unit.astype(half.dtype)
            quat = fnp.sin(half[..., n : n + 1]) * unit[0] + fnp.cos(half[..., n : n + 1]) * unit[1]
            if result is None:
                result = quat
            else:
                result = _product(result, quat) if turning else _product(quat, result)
        return cls(result)

    @classmethod
    def from_matrix(cls, matrix):
        """Of orthogonal matrices of shape (..., 3, 3)."""
        m = _array("Rotation.from_matrix", matrix=matrix)
        if m.shape[-2:] != (3, 3):
            raise ValueError(
                located(f"Rotation.from_matrix: wanted matrices of 3 x 3; got {m.shape}")
            )
        diagonal = [m[..., i, i] for i in range(3)]
        trace = diagonal[0] + diagonal[1] + diagonal[2]
        candidates = []
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            entries = [None] * 4
            entries[i] = 1 - trace + 2 * diagonal[i]
            entries[j] = m[..., j, i] + m[..., i, j]
            entries[k] = m[..., k, i] + m[..., i, k]
            entries[3] = m[..., k, j] - m[..., j, k]
            candidates.append(fnp.stack(entries, -1))
        last = [m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0],
                m[..., 1, 0] - m[..., 0, 1], 1 + trace]  # fmt: skip
        candidates.append(fnp.stack(last, -1))
        # the one whose largest entry is far from zero
        which = fnp.argmax(fnp.stack([*diagonal, trace], -1), -1)[..., None, None]
        found = fnp.take_along_axis(fnp.stack(candidates, -2), which, -2)[..., 0, :]
        return cls(_normalized(found))

    @classmethod
    def from_mrp(cls, mrp):
        """Of modified Rodrigues parameters, of shape (..., 3)."""
        mrp = _array("Rotation.from_mrp", mrp=mrp)
        square = (mrp * mrp).sum(-1, keepdims=True)
        return cls(fnp.concatenate([2 * mrp, 1 - square], -1) / (1 + square))

    @classmethod
    def from_quat(cls, quat):
        """Of quaternions of shape (..., 4), which are normalized."""
        return cls(_normalized(_array("Rotation.from_quat", quat=quat)))

    @classmethod
    def from_rotvec(cls, rotvec, degrees=False):
        """Of axes times angles, of shape (..., 3)."""
        v = _array("Rotation.from_rotvec", rotvec=rotvec)
        v = fnp.deg2rad(v) if degrees else v
        angle = _length(v)
        small = angle <= _SMALL
        square = fnp.where(small, (v * v).sum(-1, keepdims=True), 0)
        large = fnp.where(small, 1, angle)
        series = 0.5 - square / 48 + square * square / 3840
        scale = fnp.where(small, series, fnp.sin(large / 2) / large)
        # its cosine by the square, which has derivatives at zero
        near = 1 - square / 8 + square * square / 384
        return cls(fnp.concatenate([scale * v, fnp.where(small, near, fnp.cos(large / 2))], -1))

    @classmethod
    def identity(cls, num=None, dtype=float):
        """No rotation, or `num` of them."""
        quat = np.array([0, 0, 0, 1], dtype)
        return cls(fnp.asarray(quat if num is None else np.tile(quat, (num, 1))))

    @classmethod
    def random(cls, random_key, num=None):
        """A rotation, or `num` of them, of uniform distribution."""
        shape = (4,) if num is None else (num, 4)
        return cls.from_quat(random.normal(random_key, shape))

    def __getitem__(self, indexer):
        if self.single:
            raise TypeError(located("Rotation: a single rotation has no items"))
        return Rotation(self.quat[indexer])

    def __len__(self):
        if self.single:
            raise TypeError(located("Rotation: a single rotation has no length"))
        return self.quat.shape[0]

    def __mul__(self, other):
        """The rotation by `other`, and then by this one."""
        return Rotation.from_quat(_product(self.quat, other.quat))

    def apply(self, vectors, inverse=False):
        """Vectors of shape (..., 3) turned, or turned back."""
        vectors = _array("Rotation.apply", vectors=vectors)
        matrix = self.as_matrix()
        return ((matrix.mT if inverse else matrix) @ vectors[..., None])[..., 0]

    def as_euler(self, seq, degrees=False):
        """The angles of turns about three axes, as `from_euler` takes them.

        G. Bernardes, S. Viollet, Quaternion to Euler angles conversion, PLOS ONE 17 (2022).
        """
        axes, turning = _axes("Rotation.as_euler", seq, 0)
        i, j, k = axes[::-1] if turning else axes
        symmetric = i == k
        k = 3 - i - j if symmetric else k
        sign = (i - j) * (j - k) * (k - i) // 2
        x, w = [self.quat[..., n] for n in (i, j, k)], self.quat[..., 3]
        if symmetric:
            a, b, c, d = w, x[0], x[1], x[2] * sign
        else:
            a, b, c, d = w - x[1], x[0] + x[2] * sign, x[1] + w, x[2] * sign - x[0]
        middle = 2 * fnp.arctan2(fnp.hypot(c, d), fnp.hypot(a, b))
        total, difference = fnp.arctan2(b, a), fnp.arctan2(d, c)
        first, third = total - difference, total + difference
        # where two axes coincide one of the angles is free, and made zero
        eps = 1e-7
        straight, back = fnp.abs(middle) <= eps, fnp.abs(middle - math.pi) <= eps
        lone = fnp.where(straight, 2 * total, 2 * difference * (1 if turning else -1))
        lock = straight | back
        if turning:
            first, third = fnp.where(lock, 0, first), fnp.where(lock, lone, third)
        else:
            first, third = fnp.where(lock, lone, first), fnp.where(lock, 0, third)
        if not symmetric:
            third, middle = third * sign, middle - math.pi / 2
        angles = [third, middle, first] if turning else [first, middle, third]
        angles = (fnp.stack(angles, -1) + math.pi) % (2 * math.pi) - math.pi
        return fnp.rad2deg(angles) if degrees else angles

    def as_matrix(self):
        """Orthogonal matrices of shape (..., 3, 3)."""
        x, y, z, w = (self.quat[..., n] for n in range(4))
        rows = [
            [x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), -x * x + y * y - z * z + w * w, 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), -x * x - y * y + z * z + w * w],
        ]
        return fnp.stack([fnp.stack(row, -1) for row in rows], -2)

    def as_mrp(self):
        """Modified Rodrigues parameters, of shape (..., 3)."""
        sign = fnp.where(self.quat[..., 3:] < 0, -1, 1).astype(self.quat.dtype)
        return sign * self.quat[..., :3] / (1 + sign * self.quat[..., 3:])

    def as_rotvec(self, degrees=False):
        """Axes times angles, of shape (..., 3)."""
        q = fnp.where(self.quat[..., 3:] < 0, -self.quat, self.quat)
        v = q[..., :3]
        angle = 2 * fnp.arctan2(_length(v), q[..., 3:])
        small = angle <= _SMALL
        # the square of the angle of small ones, which has derivatives at zero
        square = fnp.where(small, 4 * (v * v).sum(-1, keepdims=True), 0)
        large = fnp.where(small, 1, angle)
        series = 2 + square / 12 + 3 * square * square / 320
        scale = fnp.where(small, series, large / fnp.sin(large / 2))
        return (fnp.rad2deg(scale) if degrees else scale) * v

    def as_quat(self, canonical=False, scalar_first=False):
        """The quaternions; canonical ones have no negative real part."""
        q = self.quat
        if canonical:
            x, y, z, w = (q[..., n : n + 1] for n in range(4))
            flip = w < 0
            for rest in ((w, x), (w, x, y), (w, x, y, z)):
                zero = True
                for part in rest[:-1]:
                    zero = zero & (part == 0)
                flip = flip | (zero & (rest[-1] < 0))
            q = fnp.where(flip, -q, q)
        return fnp.roll(q, 1, axis=-1) if scalar_first else q

    def inv(self):
        """The rotation back."""
        return Rotation(self.quat * np.array([-1, -1, -1, 1], self.quat.dtype))

    def magnitude(self):
        """The angles, from zero to pi."""
        size = _length(self.quat[..., :3])[..., 0]
        return 2 * fnp.arctan2(size, fnp.abs(self.quat[..., 3]))

    def mean(self, weights=None):
        """The rotation with the least mean square distance to those of a stack."""
        n = len(self)
        weights = fnp.ones(n) if weights is None else _array("Rotation.mean", weights=weights)
        if weights.shape != (n,):
            raise ValueError(
                located(f"Rotation.mean: weights must have shape {(n,)}; got {weights.shape}")
            )
        scatter = (weights.astype(self.quat.dtype) * self.quat.T) @ self.quat
        return Rotation(fnp.linalg.eigh(scatter)[1][:, -1])

    @property
    def single(self):
        """Whether this is no stack."""
        return self.quat.ndim == 1


class Slerp(NamedTuple):
    """A rotation that changes with time, with constant speed between given ones.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy.spatial.transform import Rotation, Slerp
    >>> turns = Rotation.from_euler("z", np.array([[0.0], [90.0]]), degrees=True)
    >>> Slerp.init(np.array([0.0, 1.0]), turns)(0.5).as_euler("xyz", degrees=True).round(6)
    array([ 0.,  0., 45.])
    """

    times: Any
    timedelta: Any
    rotations: Rotation
    rotvecs: Any

    @classmethod
    def init(cls, times, rotations):
        """Of ascending times and a stack of as many rotations."""
        if not isinstance(rotations, Rotation):
            raise TypeError(
                located(f"Slerp.init: rotations must be a Rotation; got {type(rotations).__name__}")
            )
        times = _array("Slerp.init", times=times)
        count = 0 if rotations.single else len(rotations)
        if count < 2 or times.shape != (count,):
            raise ValueError(
                located(
                    "Slerp.init: wanted two rotations or more, and a time for each; got rotations "
                    f"of shape {rotations.quat.shape} and times of {times.shape}"
                )
            )
        times = times.astype(rotations.quat.dtype)
        before, after = rotations[:-1], rotations[1:]
        return cls(times, fnp.diff(times), before, (before.inv() * after).as_rotvec())

    def __call__(self, times):
        """The rotations at times: a number, or a vector of them."""
        times = _array("Slerp", times=times).astype(self.times.dtype)
        if times.ndim > 1:
            raise ValueError(
                located(f"Slerp: times must have one axis at most; got shape {times.shape}")
            )
        i = fnp.clip(fnp.searchsorted(self.times, times) - 1, 0, self.timedelta.shape[0] - 1)
        part = ((times - self.times[i]) / self.timedelta[i])[..., None]
        return self.rotations[i] * Rotation.from_rotvec(self.rotvecs[i] * part)
