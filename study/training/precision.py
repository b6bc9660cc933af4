"""What the trials of a search are trained in: float32, or bfloat16 where processors compute it.

It follows from the setting and the processors alone: a timing would choose anew every time, and
with it other scores. The final networks are always retrained in float32, so that none can score
worse for it.
"""

from study.machine import processor
from study.records.study import Dtype, DtypePolicy
from study.workers.engine import Engine


def resolve(dtype: Dtype, engine: Engine) -> DtypePolicy:
    """The policy for a run's searches; "auto": bfloat16 if every worker's processor computes it.

    On processors with AVX512-BF16 or AMX it trains 1.2 to 1.5 times as fast as float32.
    """
    if dtype != "auto":
        return dtype
    able = engine.everywhere(processor.computes_bfloat16)
    return "mixed_bfloat16" if all(able) else "float32"
