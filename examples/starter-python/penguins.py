"""What training and evaluation share: the columns, the model, its folder. Change COLUMNS and LABEL for data of your own."""

import mlflow.onnx
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
LABEL = "male"


def matrix(rows: pd.DataFrame) -> np.ndarray:
    """Inputs as float32, which is what the served graph computes with; a missing value is NaN."""
    return rows[COLUMNS].to_numpy(dtype=np.float32, na_value=np.nan)


def fit(rows: pd.DataFrame, labels: pd.Series, c: float) -> Pipeline:
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=c))
    return model.fit(matrix(rows), labels)


def save(model: Pipeline, rows: pd.DataFrame, folder: str) -> None:
    """Writes an MLflow model folder. Its signature says what the endpoint takes by name."""
    example = rows[COLUMNS].head(3).astype(float)
    # Without a zipmap the probabilities are a plain tensor instead of a list of maps.
    graph = to_onnx(model, matrix(example), options={"zipmap": False})
    mlflow.onnx.save_model(
        graph,
        folder,
        signature=infer_signature(example),
        input_example=example,
        pip_requirements="requirements.txt",
        metadata={"positive_class": 1},
    )
