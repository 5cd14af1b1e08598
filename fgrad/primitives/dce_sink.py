"""An effect without a result: what it is given counts as used."""

from fgrad.core.trace import Primitive
from fgrad.primitives.define import set_rules

dce_sink = Primitive("dce_sink", multiple_results=True)
dce_sink.effectful = True
set_rules(
    dce_sink,
    impl=lambda x: [],
    abstract_eval=lambda x: [],
    jvp=lambda primals, tangents: (dce_sink(*primals), []),
    batch=lambda args, dims, size: (dce_sink(*args), []),
)
