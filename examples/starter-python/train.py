"""Fits the model and leaves it as an MLflow folder with ONNX inside; the rows it kept for the test go to test.csv."""

import json
from pathlib import Path

import joblib
import mlflow
import pandas as pd

from penguins import COLUMNS, LABEL, fit, save

params = json.loads(Path("params.json").read_text())
files = sorted(Path("inputs/penguins").rglob("*.csv"))
rows = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
# A fixed rule, so that a rerun gives the same files: every third penguin is for the test.
is_test = rows["penguin"] % 3 == 0
train, test = rows[~is_test], rows[is_test]
train.to_csv("train.csv", index=False)
test.to_csv("test.csv", index=False)

model = fit(train[COLUMNS], train[LABEL], c=params["c"])
save(model, train[COLUMNS], "model")
# The estimator itself, for evaluate.py and for whoever opens a notebook.
joblib.dump(model, "model/sklearn.joblib")

# The record of this step: the server sets MLFLOW_TRACKING_URI and MLFLOW_RUN_ID.
with mlflow.start_run():
    mlflow.log_params({"c": params["c"], "columns": ", ".join(COLUMNS)})
    mlflow.log_metric("train_rows", len(train))
print(f"{len(train)} penguins to train with, {len(test)} for the test")
