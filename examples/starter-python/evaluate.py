"""Scores the test rows with scikit-learn; Rondo compares these scores with what the gateway answers."""

import json
from pathlib import Path

import joblib
import mlflow
import pandas as pd
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from penguins import LABEL, matrix

model = joblib.load("inputs/train.model/sklearn.joblib")
rows = pd.read_csv("inputs/train.test")
scores = model.predict_proba(matrix(rows))[:, 1]

report = {
    "auc": roc_auc_score(rows[LABEL], scores),
    "log_loss": log_loss(rows[LABEL], scores),
    "accuracy": accuracy_score(rows[LABEL], scores > 0.5),
    "rows": len(rows),
}
with mlflow.start_run():
    mlflow.log_metrics(report)
Path("report.json").write_text(json.dumps(report, indent=2))
pd.DataFrame({"score": scores}).to_csv("scores.csv", index=False)
print(json.dumps(report))
