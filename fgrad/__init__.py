"""fgrad: JAX's programming model at NumPy's weight."""

from typing import TYPE_CHECKING

from fgrad import errors, numpy, tree, tree_util
from fgrad.core.array import Array
from fgrad.core.check import enable_checks
from fgrad.core.lazy import importer
from fgrad.transforms.forward import jvp
from fgrad.transforms.grad import grad, linearize, value_and_grad, vjp
from fgrad.transforms.jit import disable_jit, jit
from fgrad.transforms.stage import ShapeDtypeStruct, eval_shape, make_jaxpr
from fgrad.transforms.vmap import vmap

if TYPE_CHECKING:  # imported when they are first asked for, so that the rest starts at once
    from fgrad import (
        checkpoint_policies,
        custom_batching,
        custom_derivatives,
        debug,
        dtypes,
        image,
        lax,
        nn,
        ops,
        random,
    )
    from fgrad.ad_checkpoint import remat
    from fgrad.checkpoint_files import checkpoint
    from fgrad.core.avals import float0
    from fgrad.debug._switches import checking_leaks, debug_infs, debug_nans
    from fgrad.one_device import (
        Device,
        clear_caches,
        default_backend,
        default_device,
        device_count,
        device_get,
        device_put,
        devices,
        effects_barrier,
        local_device_count,
        local_devices,
        process_count,
        process_index,
    )
    from fgrad.random._key_reuse import debug_key_reuse
    from fgrad.settings import (
        config,
        default_matmul_precision,
        enable_x64,
        log_compiles,
        numpy_dtype_promotion,
        numpy_rank_promotion,
    )
    from fgrad.transforms.callback import pure_callback
    from fgrad.transforms.closure import closure_convert
    from fgrad.transforms.custom import custom_jvp
    from fgrad.transforms.custom_gradient import custom_gradient
    from fgrad.transforms.custom_vjp import custom_vjp
    from fgrad.transforms.fwd_and_bwd import fwd_and_bwd
    from fgrad.transforms.inspection import block_until_ready, ensure_compile_time_eval, typeof
    from fgrad.transforms.jacobian import hessian, jacfwd, jacobian, jacrev
    from fgrad.transforms.linear_transpose import linear_transpose
    from fgrad.transforms.pmap import pmap
    from fgrad.transforms.scope import named_call, named_scope

__getattr__, __dir__ = importer(
    __name__,
    {
        "Device": "fgrad.one_device",
        "block_until_ready": "fgrad.transforms.inspection",
        "checking_leaks": "fgrad.debug._switches",
        "checkpoint": "fgrad.checkpoint_files",
        "clear_caches": "fgrad.one_device",
        "closure_convert": "fgrad.transforms.closure",
        "config": "fgrad.settings",
        "custom_gradient": "fgrad.transforms.custom_gradient",
        "custom_jvp": "fgrad.transforms.custom",
        "custom_vjp": "fgrad.transforms.custom_vjp",
        "debug_infs": "fgrad.debug._switches",
        "debug_key_reuse": "fgrad.random._key_reuse",
        "debug_nans": "fgrad.debug._switches",
        "default_backend": "fgrad.one_device",
        "default_device": "fgrad.one_device",
        "default_matmul_precision": "fgrad.settings",
        "device_count": "fgrad.one_device",
        "device_get": "fgrad.one_device",
        "device_put": "fgrad.one_device",
        "devices": "fgrad.one_device",
        "effects_barrier": "fgrad.one_device",
        "enable_x64": "fgrad.settings",
        "ensure_compile_time_eval": "fgrad.transforms.inspection",
        "float0": "fgrad.core.avals",
        "fwd_and_bwd": "fgrad.transforms.fwd_and_bwd",
        "hessian": "fgrad.transforms.jacobian",
        "jacfwd": "fgrad.transforms.jacobian",
        "jacobian": "fgrad.transforms.jacobian",
        "jacrev": "fgrad.transforms.jacobian",
        "linear_transpose": "fgrad.transforms.linear_transpose",
        "local_device_count": "fgrad.one_device",
        "local_devices": "fgrad.one_device",
        "log_compiles": "fgrad.settings",
        "named_call": "fgrad.transforms.scope",
        "named_scope": "fgrad.transforms.scope",
        "numpy_dtype_promotion": "fgrad.settings",
        "numpy_rank_promotion": "fgrad.settings",
        "pmap": "fgrad.transforms.pmap",
        "process_count": "fgrad.one_device",
        "process_index": "fgrad.one_device",
        "pure_callback": "fgrad.transforms.callback",
        "remat": "fgrad.ad_checkpoint",
        "typeof": "fgrad.transforms.inspection",
    },
)

__version__ = "0.1.0"
