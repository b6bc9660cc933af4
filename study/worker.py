"""What a worker process has imported before it begins: see `study.engine`.

Importing this takes as long as importing TensorFlow.
"""

import distributed  # noqa: F401  # workers are Dask's

from study import search, train  # noqa: F401  # what they are asked to do
from study.engine import warm_up

warm_up()
