"""The less frequent names of the namespace: imported, all at once, when one is first asked for."""

from fgrad.numpy._bits import packbits, unpackbits
from fgrad.numpy._compare import (
    allclose,
    array_equal,
    array_equiv,
    isclose,
    iscomplex,
    iscomplexobj,
    isneginf,
    isposinf,
    isreal,
    isrealobj,
)
from fgrad.numpy._differences import (
    cumulative_prod,
    cumulative_sum,
    diff,
    ediff1d,
    gradient,
    trapezoid,
    unwrap,
)
from fgrad.numpy._edit import delete, fill_diagonal, insert, place, put, trim_zeros
from fgrad.numpy._functional import apply_along_axis, apply_over_axes, fromfunction, vectorize
from fgrad.numpy._histogram import histogram, histogram2d, histogram_bin_edges, histogramdd
from fgrad.numpy._nan import (
    nanargmax,
    nanargmin,
    nancumprod,
    nancumsum,
    nanmax,
    nanmean,
    nanmin,
    nanprod,
    nanstd,
    nansum,
    nanvar,
)
from fgrad.numpy._pad import pad
from fgrad.numpy._polynomial import (
    convolve,
    correlate,
    interp,
    polyadd,
    polyder,
    polydiv,
    polyint,
    polymul,
    polysub,
    polyval,
    vander,
)
from fgrad.numpy._quantile import (
    median,
    nanmedian,
    nanpercentile,
    nanquantile,
    percentile,
    quantile,
)
from fgrad.numpy._ranges import (
    geomspace,
    indices,
    linspace,
    logspace,
    meshgrid,
    mgrid,
    ogrid,
    ravel_multi_index,
    unravel_index,
)
from fgrad.numpy._roots import poly, polyfit, roots
from fgrad.numpy._sets import (
    intersect1d,
    isin,
    setdiff1d,
    setxor1d,
    union1d,
    unique,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
)
from fgrad.numpy._split import array_split, dsplit, hsplit, split, unstack, vsplit
from fgrad.numpy._static import (
    bartlett,
    blackman,
    diag_indices,
    diag_indices_from,
    frombuffer,
    fromfile,
    fromiter,
    fromstring,
    hamming,
    hanning,
    ix_,
    kaiser,
    mask_indices,
    tril_indices,
    tril_indices_from,
    triu_indices,
    triu_indices_from,
)
from fgrad.numpy._statistics import average, bincount, corrcoef, count_nonzero, cov, ptp
