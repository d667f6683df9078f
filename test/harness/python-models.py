"""Model folders as mlflow.sklearn writes them, each with rows and what mlflow's own predict gives for them.

    python3 python-models.py FOLDER    writes FOLDER/NAME/ and FOLDER/NAME.json for every model
"""

import json
import os
import sys

import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder = sys.argv[1]
random = np.random.default_rng(7)
rows = 300
frame = pd.DataFrame(
    {
        "x": random.normal(size=rows),
        "n": random.integers(0, 50, size=rows),
        "place": random.choice(["Oslo", "Malmö", "Åre"], size=rows),
        "busy": random.random(rows) < 0.5,
    }
)
value = 3 * frame["x"] + 0.1 * frame["n"] + frame["busy"]
late = (value + random.normal(size=rows) > 2).astype(int)
numbers = frame[["x", "n"]]


def words():
    return ColumnTransformer(
        [("place", OneHotEncoder(handle_unknown="error"), ["place"]), ("numbers", StandardScaler(), ["x", "n", "busy"])]
    )


def save(name, model, columns, **more):
    given = columns.head(40)
    mlflow.sklearn.save_model(
        model,
        os.path.join(folder, name),
        signature=infer_signature(columns, model.predict(columns)),
        input_example=columns.head(2),
        serialization_format="cloudpickle",
        pip_requirements=["mlflow", "scikit-learn"],
        **more,
    )
    loaded = mlflow.pyfunc.load_model(os.path.join(folder, name))
    expected = loaded.predict(given)
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf8") as file:
        json.dump({"rows": given.to_dict(orient="records"), "expected": np.asarray(expected).tolist()}, file)


save("regressor", RandomForestRegressor(10, random_state=0).fit(numbers, value), numbers)
save("classifier", LogisticRegression().fit(numbers, late), numbers)
save(
    "probabilities",
    LogisticRegression().fit(numbers, late),
    numbers,
    pyfunc_predict_fn="predict_proba",
)
save(
    "pipeline",
    make_pipeline(words(), LogisticRegression()).fit(frame, late),
    frame,
    pyfunc_predict_fn="predict_proba",
)


class Waiting(mlflow.pyfunc.PythonModel):
    """Answers with a data frame: hours since the start of 2026, and the place, or "nowhere"."""

    def predict(self, context, model_input, params=None):
        hours = (model_input["at"] - pd.Timestamp("2026-01-01")).dt.total_seconds() / 3600
        places = ["nowhere" if pd.isna(place) else str(place) for place in model_input["place"]]
        return pd.DataFrame({"hours": hours, "place": places})


waits = pd.DataFrame({"at": pd.to_datetime(["2026-01-01T06:30:00", "2026-01-02T00:00:00"]), "place": ["Oslo", None]})
mlflow.pyfunc.save_model(
    os.path.join(folder, "frame"),
    python_model=Waiting(),
    signature=infer_signature(waits, Waiting().predict(None, waits)),
    input_example=waits,
    pip_requirements=["mlflow"],
)

# A signature of tensors has no names for its columns.
array = numbers.to_numpy(dtype="float32")
tensor = LogisticRegression().fit(array, late)
mlflow.sklearn.save_model(
    tensor,
    os.path.join(folder, "tensor"),
    signature=infer_signature(array, tensor.predict_proba(array)),
    input_example=array[:2],
    pyfunc_predict_fn="predict_proba",
    serialization_format="cloudpickle",
    pip_requirements=["mlflow", "scikit-learn"],
)
loaded = mlflow.pyfunc.load_model(os.path.join(folder, "tensor"))
with open(os.path.join(folder, "tensor.json"), "w", encoding="utf8") as file:
    rows = [{"x0": float(row[0]), "x1": float(row[1])} for row in array[:40]]
    json.dump({"rows": rows, "expected": loaded.predict(array[:40]).tolist()}, file)
