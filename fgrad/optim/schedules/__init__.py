"""Hyperparameters as functions of the number of steps taken.

>>> from fgrad import optim
>>> schedule = optim.schedules.linear_schedule(0.0, 1.0, transition_steps=4)
>>> [float(schedule(count)) for count in range(6)]
[0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
"""

from .._base import Schedule, StatefulSchedule
from ._cosine import cosine_decay_schedule, sgdr_schedule, warmup_cosine_decay_schedule
from ._exponential import exponential_decay, warmup_exponential_decay_schedule
from ._inject import (
    InjectStatefulHyperparamsState,
    WrappedSchedule,
    inject_hyperparams,
)
from ._join import join_schedules
from ._piecewise import (
    cosine_onecycle_schedule,
    linear_onecycle_schedule,
    piecewise_constant_schedule,
    piecewise_interpolate_schedule,
)
from ._polynomial import (
    constant_schedule,
    linear_schedule,
    polynomial_schedule,
    warmup_constant_schedule,
)
