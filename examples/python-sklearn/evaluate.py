"""Scores the test rows with scikit-learn; Rondo compares these scores with what the gateway answers."""

import json

import joblib
import mlflow
import pandas as pd
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from flights.rows import labels, matrix, read_rows

model = joblib.load("inputs/train.model/sklearn.joblib")
rows = read_rows("inputs/extract.test")
scores = model.predict_proba(matrix(rows))[:, 1]
late = labels(rows)

report = {
    "auc": roc_auc_score(late, scores),
    "log_loss": log_loss(late, scores),
    "brier": brier_score_loss(late, scores),
    "rows": len(rows),
}
with mlflow.start_run():
    mlflow.log_metrics(report)
with open("report.json", "w") as file:
    json.dump(report, file, indent=2)
pd.DataFrame({"score": scores}).to_parquet("scores.parquet")
print(json.dumps(report))
