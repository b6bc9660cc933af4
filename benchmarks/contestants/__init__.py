"""The peers, as their own guides would have them written.

python -m benchmarks.contestants.NAME TASK SEED METHOD adds a line {"score": validation accuracy}
to the file `scores` of the working directory after every epoch.
"""
