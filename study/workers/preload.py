"""What a worker process has imported before it begins: see `study.workers.engine`.

It is imported before the modules that workers are asked for, which whoever starts the engine names.
Importing this takes as long as importing TensorFlow. Ctrl-C is for the process that waits for it,
and later for the one that gives the work: workers never heed it.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)

import distributed  # noqa: E402, F401  # workers are Dask's

from study.workers.worker_process import warm_up  # noqa: E402

warm_up()
