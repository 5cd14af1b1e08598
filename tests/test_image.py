"""Resized images, against JAX."""

import numpy as np
import pytest

import fgrad
from tests.jax_suite import Row, suite

METHODS = ("linear", "cubic", "lanczos3", "lanczos5", "area", "cubic-pytorch")


def _rows():
    for method in METHODS:
        for antialias in (True, False):
            yield Row(
                f"resize {method} {antialias}",
                lambda lib, x, m=method, a=antialias: lib.image.resize(x, (11, 4), m, a),
                (7, 6),
                dtypes=("float64",),
            )
            yield Row(
                f"scale_and_translate {method} {antialias}",
                lambda lib, x, s, t, m=method, a=antialias: lib.image.scale_and_translate(
                    x, (2, 8, 4), (1, -1), 0.5 * s + 1, t, m, a
                ),
                (2, 5, 6),
                (2,),
                (2,),
                domain="unit",
                dtypes=("float64",),
                smooth=method in ("cubic", "lanczos3"),  # the others have kinks in the scale
            )
    yield Row("float32", lambda lib, x: lib.image.resize(x, (5, 4), "linear"), (4, 4),
              dtypes=("float32",), smooth=False)  # fmt: skip
    for shape in ((3, 9), (11, 4), (7, 6)):
        yield Row(f"nearest {shape}", lambda lib, x, s=shape: lib.image.resize(x, s, "nearest"),
                  (7, 6), dtypes=("float64", "int32"))  # fmt: skip
    yield Row("same", lambda lib, x: lib.image.resize(x, (3, 4, 2), "cubic"), (3, 4, 2))
    yield Row("empty", lambda lib, x: lib.image.resize(x, (0, 4), "linear"), (3, 4), smooth=False,
              dtypes=("float64",))  # fmt: skip


test_values, test_traced, test_mapped = suite(list(_rows()))


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_stays_constant(method):
    got = fgrad.image.resize(np.full((5, 7), 3.0), (9, 3), method)
    np.testing.assert_allclose(got, 3.0, rtol=1e-12)


def test_integers_become_float64():
    x = np.arange(4)
    assert fgrad.image.resize(x, (6,), "linear").dtype == np.float64
    assert fgrad.image.resize(x, (6,), "nearest").dtype == x.dtype


def test_methods_by_name():
    assert fgrad.image.ResizeMethod.from_string("bicubic") is fgrad.image.ResizeMethod.CUBIC
    x = np.arange(12.0).reshape(3, 4)
    by_name = fgrad.image.resize(x, (6, 5), "lanczos3")
    method = fgrad.image.ResizeMethod.LANCZOS3
    np.testing.assert_array_equal(fgrad.image.resize(x, (6, 5), method), by_name)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda i, x: i.resize(x, (2,), "linear"), r"shape \(2,\) does not have the axes"),
        (lambda i, x: i.resize(x, (2, 2), "smooth"), "unknown resize method 'smooth'"),
        (
            lambda i, x: i.scale_and_translate(x, (2, 2), (0,), np.ones(1), np.ones(1), "nearest"),
            "no method 'nearest'",
        ),
        (
            lambda i, x: i.scale_and_translate(x, (2, 2), (0,), np.ones(2), np.ones(1), "linear"),
            "a scale and a translation for 1 axes",
        ),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call(fgrad.image, np.zeros((3, 3)))
