# %% [markdown]
# # 1. Read a run and its trials
#
# Run this in the project's folder, as a script or cell by cell in an editor that knows `# %%`.
# It reads the committed run in results/example; nothing is trained.

# %%
import study

run = study.open_run("results/example")
print(run)  # in a notebook, `run` alone shows a table

# %% [markdown]
# Every trial of a search is a row of a pandas DataFrame, with one column per hyperparameter.

# %%
trials = run.trials("line")
best = trials.sort_values("score", ascending=False)
print(best[["score", "epochs", "parameters", "seconds", "optimizer", "depth"]].head())

# %% [markdown]
# Learning curves are one row per trial, metric and epoch.

# %%
curves = run.curves("line")
accuracy = curves[curves["metric"] == "val_accuracy"]
print(accuracy.pivot_table(index="epoch", columns="trial", values="value"))

# %% [markdown]
# Did the search help? The comparison is of several retrainings, on images never seen before.

# %%
for problem in run.problems:
    found = run.comparison(problem)
    print(found)
    if found.caution:
        print("  caution:", found.caution)

# %% [markdown]
# The whole report, from the same records. Without a path it is reports/NAME.html.

# %%
print(run.report("my-report.html"))
