"""Special functions: `fgrad.scipy.special`."""

from fgrad.lax import bessel_i0e as i0e
from fgrad.lax import bessel_i1e as i1e
from fgrad.lax import betainc, digamma, erf, erfc
from fgrad.lax import erf_inv as erfinv
from fgrad.lax import igamma as gammainc
from fgrad.lax import igammac as gammaincc
from fgrad.lax import lgamma as gammaln
from fgrad.lax import logistic as expit
from fgrad.nn import logsumexp
from fgrad.scipy.special._bessel import bessel_jn, i0, i1
from fgrad.scipy.special._entropy import (
    boxcox,
    boxcox1p,
    entr,
    kl_div,
    logit,
    rel_entr,
    xlog1py,
    xlogy,
)
from fgrad.scipy.special._gamma import (
    beta,
    betaln,
    comb,
    factorial,
    gamma,
    gammasgn,
    loggamma,
    multigammaln,
    poch,
    polygamma,
)
from fgrad.scipy.special._harmonics import sph_harm_y
from fgrad.scipy.special._hypergeometric import hyp1f1, hyp2f1
from fgrad.scipy.special._integrals import exp1, expi, expn, fresnel, sici, spence
from fgrad.scipy.special._normal import dawsn, erfcx, log_ndtr, ndtr, ndtri, owens_t, wofz
from fgrad.scipy.special._softmax import log_softmax, softmax
from fgrad.scipy.special._zeta import bernoulli, zeta
