"""Imports that a worker process makes before it starts: see `study.workers.engine`.

This module is imported before the modules that the caller of the engine asks for. Importing it
takes as long as importing TensorFlow. Ctrl-C is handled by the process that waits for the import
and later by the one that gives the work; workers always ignore it.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)

import distributed  # noqa: E402, F401  # the workers are Dask's

from study.workers.worker_process import warm_up  # noqa: E402

warm_up()
