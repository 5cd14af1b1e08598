"""Which functions of libraries written to the array API standard fgrad differentiates.

``SCIPY_ARRAY_API=1 python -m tests.numpy.array_api`` writes docs/array-api.md; with ``--json`` it
prints the results instead. SciPy reads the variable when it is imported.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import scipy.cluster.vq
import scipy.constants
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.spatial.transform
import scipy.special
import scipy.stats
import sklearn
import sklearn.metrics

import fgrad
import fgrad.numpy as fnp

X = np.linspace(0.5, 2.0, 6)
Y = np.array([0.4, 1.1, 0.9, 1.6, 1.2, 2.5])
PAGE = Path(__file__).parents[2] / "docs" / "array-api.md"


INTRODUCTION = """# Libraries that write to the array API standard

`fgrad.numpy` follows the Python array API standard 2025.12, and traced arrays name it as their
namespace. So functions of other libraries that are written to the standard are differentiable as
they stand. SciPy takes part if `SCIPY_ARRAY_API=1` is set before it is imported, scikit-learn
inside `sklearn.config_context(array_api_dispatch=True)`. The gradients below were compared with
central differences; SciPy {scipy}, scikit-learn {sklearn}.

This page is made by `SCIPY_ARRAY_API=1 python -m tests.numpy.array_api`.
"""


def programs():
    """Name -> function of an array."""
    special, stats, metrics = scipy.special, scipy.stats, sklearn.metrics
    found = {
        f"scipy.special.{n}": getattr(special, n) for n in ("logsumexp", "softmax", "log_softmax")
    }
    found["scipy.special.softplus"] = special.softplus
    found["scipy.special.xlogy"] = lambda x: special.xlogy(x, x + 1)
    names = (
        "zscore gzscore skew kurtosis gmean hmean sem tmean tvar tstd tsem kstat kstatvar moment "
        "circmean circvar circstd differential_entropy lmoment variation entropy iqr tmin tmax gstd"
    )
    found |= {f"scipy.stats.{n}": getattr(stats, n) for n in names.split()}
    found["scipy.stats.pmean"] = lambda x: stats.pmean(x, 2)
    found["scipy.stats.zmap"] = lambda x: stats.zmap(x, x + 1)
    found["scipy.stats.trim_mean"] = lambda x: stats.trim_mean(x, 0.1)
    found["scipy.stats.describe"] = lambda x: tuple(stats.describe(x))
    found["scipy.stats.pearsonr"] = lambda x: stats.pearsonr(x, x**2).statistic
    found["scipy.stats.directional_stats"] = lambda x: (
        stats.directional_stats(x.reshape(2, 3)).mean_direction
    )
    found["scipy.signal.fftconvolve"] = lambda x: scipy.signal.fftconvolve(x, x)
    found["scipy.signal.oaconvolve"] = lambda x: scipy.signal.oaconvolve(x, x)
    found["scipy.signal.hilbert"] = lambda x: fnp.imag(scipy.signal.hilbert(x))
    found["scipy.signal.resample"] = lambda x: scipy.signal.resample(x, 4)
    found["scipy.signal.freqz"] = lambda x: fnp.abs(scipy.signal.freqz(x)[1])
    found["scipy.signal.vectorstrength"] = lambda x: scipy.signal.vectorstrength(x, 2.0)[0]
    found["scipy.signal.gauss_spline"] = lambda x: scipy.signal.gauss_spline(x, 2)
    found["scipy.signal.gausspulse"] = scipy.signal.gausspulse
    for name in ("fft", "ifft", "fftn", "rfft", "rfftn", "irfft", "hfft", "ihfft"):
        function = getattr(scipy.fft, name)
        found[f"scipy.fft.{name}"] = lambda x, f=function: fnp.real(f(x))
    found["scipy.fft.fht"] = lambda x: scipy.fft.fht(x, 0.1, 0.0)
    found["scipy.linalg.block_diag"] = lambda x: scipy.linalg.block_diag(x, x)
    found["scipy.optimize.rosen"] = scipy.optimize.rosen
    found["scipy.constants.convert_temperature"] = lambda x: scipy.constants.convert_temperature(
        x, "C", "F"
    )
    found["scipy.integrate.trapezoid"] = scipy.integrate.trapezoid
    found["scipy.integrate.cumulative_trapezoid"] = scipy.integrate.cumulative_trapezoid
    found["scipy.integrate.simpson"] = scipy.integrate.simpson
    found["scipy.cluster.vq.whiten"] = lambda x: scipy.cluster.vq.whiten(x[:, None])
    found["scipy.spatial.transform.Rotation"] = lambda x: (
        scipy.spatial.transform.Rotation.from_rotvec(x[:3]).as_matrix()
    )
    scores = (
        "mean_squared_error mean_absolute_error r2_score mean_squared_log_error max_error "
        "root_mean_squared_error mean_absolute_percentage_error explained_variance_score "
        "mean_poisson_deviance mean_gamma_deviance d2_absolute_error_score mean_pinball_loss"
    )
    for name in scores.split():
        function = getattr(metrics, name)
        found[f"sklearn.metrics.{name}"] = lambda x, f=function: f(Y, x)
    pairwise = "cosine_similarity euclidean_distances rbf_kernel polynomial_kernel linear_kernel"
    for name in pairwise.split():
        function = getattr(metrics.pairwise, name)
        found[f"sklearn.metrics.pairwise.{name}"] = lambda x, f=function: f(x.reshape(3, 2))
    return found


def total(f, x):
    """A sum of what a function gives, each number with a weight of its own."""
    out = 0.0
    for leaf in fgrad.tree.leaves(f(x)):
        leaf = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
        if leaf.dtype.kind == "f":
            out = out + fnp.sum(leaf * np.cos(np.arange(leaf.size)).reshape(leaf.shape))
    return out


def verdict(f):
    """'yes', 'not under jit', or the reason why not."""
    g = lambda x: total(f, x)
    try:
        got = fgrad.grad(g)(X)
    except Exception as e:
        return reason(e)
    h = 1e-6
    want = [(g(X + h * e) - g(X - h * e)) / (2 * h) for e in np.eye(len(X))]
    if not np.any(got) and np.any(want):
        return "no: it takes `float(x)`, whose derivative is lost"
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    try:
        np.testing.assert_allclose(fgrad.jit(fgrad.grad(g))(X), got, rtol=1e-10)
    except fgrad.errors.ConcretizationTypeError:
        return "not under jit: it asks for numbers"
    except Exception as e:
        return f"not under jit: {reason(e)}"
    return "yes"


def reason(e):
    if "Multiple namespaces" in str(e):
        return "mixes traced arrays and NumPy's"
    if isinstance(e, fgrad.errors.TracerArrayConversionError):
        return "compiled code, which needs the numbers"
    if isinstance(
        e, fgrad.errors.ConcretizationTypeError | fgrad.errors.NonConcreteBooleanIndexError
    ):
        return "it asks for numbers"
    return type(e).__name__


def results():
    with warnings.catch_warnings(), sklearn.config_context(array_api_dispatch=True):
        warnings.simplefilter("ignore")
        return {name: verdict(f) for name, f in programs().items()}


def main():
    found = results()
    if "--json" in sys.argv:
        print(json.dumps(found))
        return
    lines = [
        INTRODUCTION.format(scipy=scipy.__version__, sklearn=sklearn.__version__),
        "| function | differentiable |",
        "|---|---|",
        *(f"| `{name}` | {answer} |" for name, answer in found.items()),
    ]
    PAGE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
