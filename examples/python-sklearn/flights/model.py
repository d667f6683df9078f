"""The model: gradient-boosted trees of scikit-learn, served as an ONNX graph."""

import mlflow.onnx
import numpy as np
import onnx
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier

from flights.rows import COLUMNS


def fit(x: np.ndarray, y: np.ndarray, trees: int, learning_rate: float) -> HistGradientBoostingClassifier:
    """Trees that take missing values as they are. The same rows always give the same model."""
    model = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=learning_rate,
        max_leaf_nodes=15,
        min_samples_leaf=100,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    return model.fit(x, y)


def to_graph(model: HistGradientBoostingClassifier) -> onnx.ModelProto:
    """The model as ONNX. The first dimension stays open, so that the gateway can answer many requests in one call."""
    example = np.zeros((1, len(COLUMNS)), dtype=np.float32)
    # Without a zipmap the probabilities are a plain tensor instead of a list of maps.
    return to_onnx(model, example, options={"zipmap": False})


def save(graph: onnx.ModelProto, folder: str, examples: np.ndarray) -> None:
    """Writes an MLflow model folder. Its signature says what the endpoint takes by name."""
    inputs = [
        # A small airport may have no fresh value; everything else has to be given.
        ColSpec("double", name, required=not name.endswith("late_share"))
        for name in COLUMNS
    ]
    outputs = [ColSpec("long", "label"), ColSpec("double", "probabilities")]
    mlflow.onnx.save_model(
        graph,
        folder,
        signature=ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs)),
        input_example=pd.DataFrame(examples.astype(float), columns=COLUMNS),
        pip_requirements="requirements.txt",
        metadata={
            "positive_class": 1,
            # Columns that the gateway looks up itself, by the airport of the request.
            "features": {
                "origin_delay_late_share": {
                    "view": "origin_delay",
                    "feature": "late_share",
                    "entity": "origin",
                },
                "destination_delay_late_share": {
                    "view": "destination_delay",
                    "feature": "late_share",
                    "entity": "destination",
                },
            },
        },
    )
