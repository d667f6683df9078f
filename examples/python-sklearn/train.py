"""Fits the model on the rows of the extract step and leaves it as an MLflow folder with ONNX inside."""

import json

import joblib
import mlflow
from sklearn.metrics import log_loss

from flights.model import fit, save, to_graph
from flights.rows import labels, matrix, read_rows

with open("params.json") as file:
    params = json.load(file)

rows = read_rows("inputs/extract.train")
x, y = matrix(rows), labels(rows)
model = fit(x, y, trees=params["trees"], learning_rate=params["learning_rate"])

save(to_graph(model), "model", x[:5])
# The estimator itself, for evaluate.py and for whoever opens a notebook.
joblib.dump(model, "model/sklearn.joblib")

# MLFLOW_TRACKING_URI and MLFLOW_RUN_ID are set: this is the record of this step.
with mlflow.start_run():
    mlflow.log_params(model.get_params())
    mlflow.log_metric("train_rows", len(rows))
    mlflow.log_metric("train_log_loss", log_loss(y, model.predict_proba(x)[:, 1]))
    mlflow.log_artifacts("model", "model")
print(f"{len(rows)} rows, {model.n_iter_} trees")
