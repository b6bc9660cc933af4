# %% [markdown]
# # 3. Write a search space and search it
#
# Run this in the project's folder. The space is examples/small_space.py: a file of your own, like
# those in search_spaces/. It is code and is run as such, here and on the workers.

# %%
from pathlib import Path

import study

print(Path("examples/small_space.py").read_text())

# %% [markdown]
# A preset says what may be spent. This one is tiny: a few seconds of training.

# %%
Path("tiny.toml").write_text(
    """
description = "Just enough to see that it works."

[data.lines]
images_per_class = 20

[search]
max_trials = 3
max_epochs = 1
"""
)

# %% [markdown]
# The search is `python -m study search` in a process of its own; `tell` hears what that prints.
# An interrupted search continues when it is called again.

# %%
run = study.run_search(
    space="examples/small_space.py", name="small-space", preset="tiny.toml", tell=print
)

# %%
print(run.trials()[["score", "filters", "stages", "dropout", "rate"]])

# %% [markdown]
# What cannot be is said in one line.

# %%
try:
    study.run_search(space="examples/small_space.py", name="small-space", preset="tiny.toml")
except study.StudyError as error:
    print(error)
