"""Random numbers, as functions of keys: `fgrad.random`."""

from fgrad.random._choice import categorical, choice, permutation
from fgrad.random._counts import binomial, multinomial, poisson
from fgrad.random._gamma import (
    ball,
    beta,
    chisquare,
    dirichlet,
    f,
    gamma,
    generalized_normal,
    loggamma,
    t,
)
from fgrad.random._inverse import (
    cauchy,
    exponential,
    geometric,
    gumbel,
    laplace,
    logistic,
    pareto,
    rayleigh,
    triangular,
    weibull_min,
)
from fgrad.random._keys import (
    PRNGKey,
    clone,
    fold_in,
    key,
    key_data,
    key_dtype,
    key_impl,
    split,
    wrap_key_data,
)
from fgrad.random._normal import (
    double_sided_maxwell,
    lognormal,
    maxwell,
    multivariate_normal,
    normal,
    orthogonal,
    truncated_normal,
    wald,
)
from fgrad.random._uniform import bernoulli, bits, rademacher, randint, uniform
