"""JAX's primitive operations under their names there: `fgrad.lax`."""

from fgrad.control_flow.associative import associative_scan
from fgrad.control_flow.cond import cond, switch
from fgrad.control_flow.linear_solve import custom_linear_solve
from fgrad.control_flow.loops import fori_loop, map, scan
from fgrad.control_flow.root import custom_root
from fgrad.control_flow.while_loop import while_loop
from fgrad.lax import linalg
from fgrad.lax._bits import bitcast_convert_type, mulhi, reduce_precision
from fgrad.lax._collective import (
    all_gather,
    all_to_all,
    axis_index,
    axis_size,
    pmax,
    pmean,
    pmin,
    ppermute,
    precv,
    psend,
    pshuffle,
    psum,
    psum_scatter,
    pswapaxes,
)
from fgrad.lax._contract import DotDimensionNumbers, batch_matmul, dot, dot_general, scaled_dot
from fgrad.lax._convolution import (
    conv,
    conv_general_dilated,
    conv_general_dilated_local,
    conv_general_dilated_patches,
    conv_transpose,
    conv_with_general_padding,
)
from fgrad.lax._elementwise import (
    RoundingMethod,
    Tolerance,
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    cbrt,
    ceil,
    clamp,
    clz,
    complex,
    conj,
    cos,
    cosh,
    div,
    eq,
    erf,
    erf_inv,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    ge,
    gt,
    imag,
    integer_pow,
    is_finite,
    le,
    log,
    log1p,
    logistic,
    lt,
    max,
    min,
    mul,
    ne,
    neg,
    nextafter,
    population_count,
    pow,
    real,
    reciprocal,
    rem,
    round,
    rsqrt,
    select,
    select_n,
    shift_left,
    shift_right_arithmetic,
    shift_right_logical,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    sub,
    tan,
    tanh,
)
from fgrad.lax._fft import FftType, fft
from fgrad.lax._gather import GatherDimensionNumbers, gather
from fgrad.lax._places import GatherScatterMode
from fgrad.lax._precision import Precision, PrecisionLike
from fgrad.lax._ragged import ragged_dot
from fgrad.lax._reduce import (
    argmax,
    argmin,
    cumlogsumexp,
    cummax,
    cummin,
    cumprod,
    cumsum,
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_sum,
    reduce_xor,
)
from fgrad.lax._reduce_by import reduce
from fgrad.lax._reduce_window import reduce_window
from fgrad.lax._scatter import (
    ScatterDimensionNumbers,
    scatter,
    scatter_add,
    scatter_apply,
    scatter_max,
    scatter_min,
    scatter_mul,
    scatter_sub,
)
from fgrad.lax._shape import (
    broadcast,
    broadcast_in_dim,
    broadcast_like,
    broadcast_to_rank,
    broadcasted_iota,
    collapse,
    concatenate,
    convert_element_type,
    dtype,
    empty,
    expand_dims,
    full,
    full_like,
    iota,
    pad,
    reshape,
    rev,
    shape_as_value,
    split,
    squeeze,
    stack,
    transpose,
)
from fgrad.lax._slicing import (
    dynamic_index_in_dim,
    dynamic_slice,
    dynamic_slice_in_dim,
    dynamic_update_index_in_dim,
    dynamic_update_slice,
    dynamic_update_slice_in_dim,
    index_in_dim,
    index_take,
    slice,
    slice_in_dim,
)
from fgrad.lax._sort import approx_max_k, approx_min_k, sort, sort_key_val, top_k
from fgrad.lax._special import (
    bessel_i0e,
    bessel_i1e,
    betainc,
    digamma,
    igamma,
    igamma_grad_a,
    igammac,
    lgamma,
    polygamma,
    random_gamma_grad,
    zeta,
)
from fgrad.lax._stage import dce_sink, optimization_barrier, platform_dependent, stage
from fgrad.lax._windows import (
    ConvDimensionNumbers,
    ConvGeneralDilatedDimensionNumbers,
    conv_dimension_numbers,
    conv_general_permutations,
    conv_general_shape_tuple,
    conv_shape_tuple,
    conv_transpose_shape_tuple,
    padtype_to_pads,
    reduce_window_shape_tuple,
)
from fgrad.numpy import broadcast_shapes, tile, unstack
from fgrad.transforms.custom import stop_gradient
