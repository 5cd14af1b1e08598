"""Functions of a distribution that are a simple function of another one."""

import functools

import fgrad.numpy as fnp


def _derived(name, function, text):
    def derive(of):
        @functools.wraps(of)
        def fun(*args, **kwargs):
            return function(of(*args, **kwargs))

        fun.__name__ = fun.__qualname__ = name
        fun.__doc__ = f"{text} `{of.__name__}`, which see for the arguments."
        return fun

    return derive


pdf_of = _derived("pdf", fnp.exp, "The density: the exponential of")
pmf_of = _derived("pmf", fnp.exp, "The probability: the exponential of")
cdf_of = _derived("cdf", fnp.exp, "The distribution function: the exponential of")
sf_of = _derived("sf", fnp.exp, "One minus the distribution function: the exponential of")
logcdf_of = _derived("logcdf", fnp.log, "The logarithm of")
logsf_of = _derived("logsf", fnp.log, "The logarithm of")
