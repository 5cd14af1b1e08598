"""Policies of checkpoint: which values are saved for the backward pass.

A policy is a function ``policy(primitive, *avals, **params)`` of an operation, the types of its
operands and its parameters, which tells whether to save its results. An operation is known by its
``primitive.name``: ``"einsum"`` is the product of two arrays, ``"conv"`` the convolution, and
``"name"``, with a parameter ``name``, what `checkpoint_name` gives.
"""

from typing import NamedTuple

from fgrad.core.source import located
from fgrad.primitives.contract import einsum, parse
from fgrad.primitives.convolution import conv
from fgrad.primitives.name import name as name_p


def everything_saveable(prim, *avals, **params) -> bool:
    """Save every value, as if there were no `checkpoint`."""
    return True


def nothing_saveable(prim, *avals, **params) -> bool:
    """Save nothing but the arguments: what `checkpoint` does by itself."""
    return False


def dots_saveable(prim, *avals, **params) -> bool:
    """Save products of arrays and convolutions, and compute the cheap rest again.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> policy = fgrad.checkpoint_policies.dots_saveable
    >>> layer = fgrad.checkpoint(lambda w, x: fnp.sin(w @ x).sum(), policy=policy)
    >>> fgrad.grad(layer)(fnp.zeros((2, 3)), fnp.ones(3))
    Array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    return prim is einsum or prim is conv


def dots_with_no_batch_dims_saveable(prim, *avals, **params) -> bool:
    """Save those products of arrays that are one product of matrices: of a layer, not of each
    example by itself.
    """
    if prim is not einsum:
        return False
    lhs, rhs, out = map(set, parse(params["subscripts"]))
    return not lhs & rhs & out


checkpoint_dots = dots_saveable
checkpoint_dots_with_no_batch_dims = dots_with_no_batch_dims_saveable


class _Named(NamedTuple):
    """Saves values that have names: those that are `names`, or those that are not."""

    names: frozenset
    these: bool

    def __call__(self, prim, *avals, **params):
        return prim is name_p and (params["name"] in self.names) == self.these


class _Either(NamedTuple):
    policies: tuple

    def __call__(self, prim, *avals, **params):
        return any(p(prim, *avals, **params) for p in self.policies)


def save_only_these_names(*names_which_can_be_saved):
    """Save the values that `checkpoint_name` gave one of some names.

    Parameters
    ----------
    *names_which_can_be_saved : str

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> from fgrad.ad_checkpoint import checkpoint_name
    >>> policy = fgrad.checkpoint_policies.save_only_these_names("hidden")
    >>> f = fgrad.checkpoint(
    ...     lambda x: fnp.sin(checkpoint_name(fnp.exp(x), "hidden")), policy=policy
    ... )
    >>> fgrad.grad(f)(0.0) == fnp.cos(1.0)
    np.True_
    """
    return _Named(frozenset(names_which_can_be_saved), True)


def save_any_names_but_these(*names_not_to_save):
    """Save the values that `checkpoint_name` gave any other name.

    Parameters
    ----------
    *names_not_to_save : str
    """
    return _Named(frozenset(names_not_to_save), False)


def save_anything_except_these_names(*names_not_to_save):
    """Save every value but those that `checkpoint_name` gave one of some names.

    The operand of `checkpoint_name` is a value without a name, and saved.

    Parameters
    ----------
    *names_not_to_save : str
    """
    refused = _Named(frozenset(names_not_to_save), True)
    return lambda prim, *avals, **params: not refused(prim, *avals, **params)


def save_from_both_policies(policy_1, policy_2):
    """Save what one of two policies would save.

    Parameters
    ----------
    policy_1, policy_2 : callable
    """
    return _Either((policy_1, policy_2))


def offload_dot_with_no_batch_dims(offload_src, offload_dst):
    """As `dots_with_no_batch_dims_saveable`: the memory of the device is that of the host.

    Parameters
    ----------
    offload_src, offload_dst : str
        Accepted for compatibility.
    """
    return dots_with_no_batch_dims_saveable


def save_and_offload_only_these_names(
    *, names_which_can_be_saved, names_which_can_be_offloaded, offload_src, offload_dst
):
    """As `save_only_these_names` of both: the memory of the device is that of the host.

    Parameters
    ----------
    names_which_can_be_saved, names_which_can_be_offloaded : sequence of str
    offload_src, offload_dst : str
        Accepted for compatibility.

    Raises
    ------
    ValueError
        If a name is among both.
    """
    saved, offloaded = frozenset(names_which_can_be_saved), frozenset(names_which_can_be_offloaded)
    if saved & offloaded:
        both = ", ".join(map(repr, sorted(saved & offloaded)))
        raise ValueError(
            located(
                "save_and_offload_only_these_names: a name is to be saved or to be offloaded; got "
                f"{both} for both"
            )
        )
    return _Named(saved | offloaded, True)
