"""Images of another size: `fgrad.image`.

Along each axis the result is a product with a matrix of weights, whose columns have the sum one.
"""

import enum
from typing import Any

import numpy as np

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.numpy._face import axis_of, give, shape_of, value
from fgrad.numpy._mathematics import as_inexact

__all__ = ["ResizeMethod", "resize", "scale_and_translate"]


class ResizeMethod(enum.Enum):
    """How to make new pixels of old ones."""

    NEAREST = 0
    LINEAR = 1
    LANCZOS3 = 2
    LANCZOS5 = 3
    CUBIC = 4
    CUBIC_PYTORCH = 5
    AREA = 6

    @staticmethod
    def from_string(s):
        """The method of a name.

        Examples
        --------
        >>> import fgrad
        >>> fgrad.image.ResizeMethod.from_string("bilinear")
        <ResizeMethod.LINEAR: 1>
        """
        if s not in _NAMES:
            raise ValueError(located(f"unknown resize method {s!r}; wanted one of {list(_NAMES)}"))
        return _NAMES[s]


_NAMES = {
    "nearest": ResizeMethod.NEAREST,
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), ResizeMethod.LINEAR),
    "lanczos3": ResizeMethod.LANCZOS3,
    "lanczos5": ResizeMethod.LANCZOS5,
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), ResizeMethod.CUBIC),
    **dict.fromkeys(("cubic-pytorch", "bicubic-pytorch"), ResizeMethod.CUBIC_PYTORCH),
    "area": ResizeMethod.AREA,
}


# -- kernels: the weight of an old pixel at a distance from a new one ------------------------------


def _triangle(x):
    return fnp.maximum(0, 1 - x)


def _lanczos(radius):
    def kernel(x):
        waves = radius * fnp.sin(np.pi * x) * fnp.sin(np.pi * x / radius)
        inside = fnp.where(x > 1e-3, waves / fnp.where(x != 0, np.pi**2 * x**2, 1), 1)
        return fnp.where(x > radius, 0.0, inside)

    return kernel


def _cubic(a):
    """R. G. Keys, Cubic convolution interpolation for digital image processing (1981)."""

    def kernel(x):
        near = ((a + 2) * x - (a + 3)) * x * x + 1
        far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        return fnp.where(x >= 2, 0.0, fnp.where(x >= 1, far, near))

    return kernel


_KERNELS = {
    ResizeMethod.LINEAR: _triangle,
    ResizeMethod.LANCZOS3: _lanczos(3.0),
    ResizeMethod.LANCZOS5: _lanczos(5.0),
    ResizeMethod.CUBIC: _cubic(-0.5),
    ResizeMethod.CUBIC_PYTORCH: _cubic(-0.75),
}
_LEAST_SUM = 1000 * float(np.finfo(np.float32).eps)  # below it a column of weights counts as zeros


def _normalized(weights):
    total = fnp.sum(weights, axis=0, keepdims=True)
    return fnp.where(fnp.abs(total) > _LEAST_SUM, weights / fnp.where(total != 0, total, 1), 0)


def _overlaps(old, new, inverse, shift):
    """How much of each old pixel lies in each new one."""
    left = fnp.arange(new) * inverse - shift
    right = left + inverse
    own = np.arange(old)[:, None]
    return fnp.maximum(0.0, fnp.minimum(right, own + 1.0) - fnp.maximum(left, own + 0.0))


def _weights(old, new, scale, translation, method, antialias) -> Any:
    """The weights of `old` pixels in `new` ones, a column for each new one."""
    inverse = 1.0 / scale
    shift = translation * inverse
    places = (fnp.arange(new) + 0.5) * inverse - shift - 0.5
    if method is ResizeMethod.AREA:
        weights = _normalized(_overlaps(old, new, inverse, shift))
    elif method is ResizeMethod.CUBIC_PYTORCH:  # what is beyond the edges is like them
        reach = np.arange(-2, old + 2)
        beyond = _KERNELS[method](fnp.abs(places - reach[:, None]))
        weights = fnp.zeros((old, new), beyond.dtype).at[reach.clip(0, old - 1)].add(beyond)
        return _normalized(weights)
    else:
        width = fnp.maximum(inverse, 1.0) if antialias else 1.0
        distance = fnp.abs(places - np.arange(old)[:, None]) / width
        weights = _normalized(_KERNELS[method](distance))
    inside = fnp.logical_and(places >= -0.5, places <= old - 0.5)
    return fnp.where(inside, weights, 0)


def _scaled(x: Any, shape, axes, scales, translations, method, antialias):
    if method is ResizeMethod.CUBIC_PYTORCH and antialias:
        method = ResizeMethod.CUBIC
    for axis, scale, translation in zip(axes, scales, translations, strict=True):
        w = _weights(x.shape[axis], shape[axis], scale, translation, method, antialias)
        x = fnp.moveaxis(fnp.moveaxis(x, axis, -1) @ w.astype(x.dtype), -1, axis)
    return x


def _inexact(x, what) -> Any:
    return give(as_inexact(value(x, what)))


def _method(method):
    return method if isinstance(method, ResizeMethod) else ResizeMethod.from_string(method)


def _checked_shape(image, shape, name):
    shape = shape_of(shape, f"{name}: shape")
    if len(shape) != image.ndim:
        raise ValueError(
            located(f"{name}: shape {shape} does not have the axes of an image of {image.shape}")
        )
    return shape


def scale_and_translate(
    image, shape, spatial_dims, scale, translation, method, antialias=True, precision=None
):
    """An image scaled and moved, seen through a frame.

    Parameters
    ----------
    image : array-like
    shape : tuple of int
        The shape of the result, with the axes of the image.
    spatial_dims : sequence of int
        The axes to scale.
    scale, translation : array-like
        One number for each of these: a pixel at ``x`` comes to ``x * scale + translation``, where
        pixels are at 0.5, 1.5, ... The result has derivatives by both.
    method : ResizeMethod or str
        Any but "nearest".
    antialias : bool
        Whether a new pixel is made of all old ones that it covers.
    precision : optional
        Accepted for compatibility.

    Raises
    ------
    ValueError
        If the shape does not have the axes of the image, or the method is not to be had.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> half = fgrad.image.scale_and_translate(
    ...     np.arange(4.0), (2,), (0,), np.array([0.5]), np.array([0.0]), "linear"
    ... )
    >>> half.round(3)
    array([0.714, 2.286])
    """
    image = _inexact(image, "scale_and_translate: image")
    shape = _checked_shape(image, shape, "scale_and_translate")
    method = _method(method)
    if method is ResizeMethod.NEAREST:
        raise ValueError(located("scale_and_translate: there is no method 'nearest'"))
    scale, translation = (_inexact(v, "scale_and_translate") for v in (scale, translation))
    axes = [axis_of(d, image.ndim, "scale_and_translate: spatial_dims") for d in spatial_dims]
    if scale.shape != (len(axes),) or translation.shape != (len(axes),):
        raise ValueError(
            located(
                f"scale_and_translate: wanted a scale and a translation for {len(axes)} axes; got "
                f"shapes {scale.shape} and {translation.shape}"
            )
        )
    return _scaled(image, shape, axes, scale, translation, method, antialias)


def resize(image: Any, shape, method, antialias=True, precision=None):
    """An image of another size.

    Parameters
    ----------
    image : array-like
    shape : tuple of int
        The shape of the result, with the axes of the image.
    method : ResizeMethod or str
        "nearest", "linear", "cubic", "lanczos3", "lanczos5", "area", or "cubic-pytorch".
    antialias : bool
        Whether a new pixel is made of all old ones that it covers, where the image gets smaller.
    precision : optional
        Accepted for compatibility.

    Returns
    -------
    array
        Of the dtype of the image, but float64 for integers (not with "nearest").

    Examples
    --------
    >>> import fgrad
    >>> fgrad.image.resize([0.0, 1.0], (4,), "linear")
    Array([0.  , 0.25, 0.75, 1.  ])
    """
    image = give(value(image, "resize: image"))
    shape = _checked_shape(image, shape, "resize")
    method = _method(method)
    axes = [d for d in range(image.ndim) if image.shape[d] != shape[d]]
    if method is ResizeMethod.NEAREST:
        for d in axes:
            old, new = image.shape[d], shape[d]
            middles = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * old / new
            image = fnp.take(image, np.floor(middles).astype(int), axis=d)
        return image
    image = _inexact(image, "resize: image")
    scales = [shape[d] / image.shape[d] if shape[d] else 1.0 for d in axes]
    return _scaled(image, shape, axes, scales, [0.0] * len(axes), method, antialias)
