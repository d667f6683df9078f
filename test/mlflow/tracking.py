"""Logs with the stock MLflow client and prints what it reads back: `tracking.py WHICH URI [FOLDER]`."""

import hashlib
import json
import os
import sys

os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

which, uri = sys.argv[1:3]
folder = sys.argv[3] if len(sys.argv) > 3 else "."
mlflow.set_tracking_uri(uri)
client = MlflowClient()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def refusal(action):
    try:
        action()
        return None
    except MlflowException as error:
        return [error.error_code, str(error)]


def notebook():
    """What a notebook does in an afternoon."""
    mlflow.set_experiment("notebook")
    mlflow.set_experiment("notebook")
    with mlflow.start_run(run_name="parent", description="of two") as parent:
        mlflow.log_param("trees", 100)
        mlflow.log_params({"depth": 3, "name": "größe / π"})
        mlflow.log_metric("auc", 0.7)
        mlflow.log_metrics({"auc": 0.9, "loss": 0.1}, step=2)
        mlflow.set_tags({"team": "a", "quelle": "Übung"})
        for index in range(20):
            mlflow.log_metric("queued", index, step=index, synchronous=False)
        mlflow.flush_async_logging()
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("auc", 0.8)
    with mlflow.start_run(run_id=parent.info.run_id):
        mlflow.log_metric("auc", 0.95, step=3)
        changed = refusal(lambda: mlflow.log_param("trees", 200))
    try:
        with mlflow.start_run(run_name="broken") as broken:
            raise RuntimeError("stop")
    except RuntimeError:
        pass
    found = mlflow.search_runs(experiment_names=["notebook"], order_by=["metrics.auc DESC"])
    run = client.get_run(parent.info.run_id)
    return {
        "names": list(found["tags.mlflow.runName"]),
        "status": {row["tags.mlflow.runName"]: row["status"] for _, row in found.iterrows()},
        "parent": run.data.params | run.data.metrics | {"team": run.data.tags["team"]},
        "queued": [m.value for m in client.get_metric_history(parent.info.run_id, "queued")],
        "nested": client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id,
        "changed": changed,
        "runId": parent.info.run_id,
    }


def artifacts():
    """Files up and down, large ones too, and the ways out that must not be."""
    mlflow.set_experiment("files")
    write(f"{folder}/up/model/weights.bin", os.urandom(50 << 20))
    write(f"{folder}/up/model/deep/er/leaf ü.txt", b"leaf")
    write(f"{folder}/up/empty.txt", b"")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(f"{folder}/up")
        mlflow.log_artifact(f"{folder}/up/empty.txt", "other/place")
        mlflow.log_text("one", "note.txt")
        mlflow.log_text("two", "note.txt")
        mlflow.log_dict({"a": [1]}, "deep/a.json")
    run_id = run.info.run_id
    down = mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=f"{folder}/down")
    names = sorted(
        os.path.relpath(os.path.join(root, name), down) for root, _, files in os.walk(down) for name in files
    )
    same = all(
        digest(f"{folder}/up/{name}") == digest(f"{down}/{name}")
        for name in names
        if os.path.exists(f"{folder}/up/{name}")
    )
    listed = [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, "model")]
    return {
        "names": names,
        "same": same,
        "listed": sorted(listed),
        "root": sorted(f.path for f in client.list_artifacts(run_id)),
        "note": mlflow.artifacts.load_text(f"{run.info.artifact_uri}/note.txt"),
        "json": mlflow.artifacts.load_dict(f"runs:/{run_id}/deep/a.json"),
        "missing": refusal(lambda: mlflow.artifacts.load_text(f"runs:/{run_id}/nothing.txt")) is not None,
        "none": client.list_artifacts(run_id, "nothing"),
        "runId": run_id,
    }


def history():
    """A history that takes the client several pages."""
    experiment = client.create_experiment("history")
    run_id = client.create_run(experiment).info.run_id
    count = 60_000
    for start in range(0, count, 1000):
        client.log_batch(run_id, [Metric("m", i / 7, 1000 + i // 3, i) for i in range(start, start + 1000)])
    points = client.get_metric_history(run_id, "m")
    return {
        "count": len(points),
        "same": all(p.value == i / 7 and p.step == i and p.timestamp == 1000 + i // 3 for i, p in enumerate(points)),
        "latest": client.get_run(run_id).data.metrics["m"] == (count - 1) / 7,
    }


def models():
    """scikit-learn: autologging, logged models, loading by run and by model, datasets."""
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("models")
    random = np.random.default_rng(0)
    x = pd.DataFrame({"a": random.normal(size=80), "b": random.normal(size=80)})
    y = (x.a + x.b > 0).astype(int)
    mlflow.sklearn.autolog()
    with mlflow.start_run() as auto:
        fitted = LogisticRegression().fit(x, y)
    mlflow.sklearn.autolog(disable=True)
    logged = client.get_run(auto.info.run_id)
    dataset = mlflow.data.from_pandas(x, name="points")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training")
        info = mlflow.sklearn.log_model(fitted, name="model", input_example=x.head(2), params={"C": 1.0})
        mlflow.log_metric("auc", 0.9, dataset=dataset, model_id=info.model_id)
    by_run = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    by_id = mlflow.sklearn.load_model(f"models:/{info.model_id}")
    found = mlflow.search_logged_models(
        experiment_ids=[run.info.experiment_id],
        filter_string="metrics.auc > 0.8 AND params.C = '1.0'",
        order_by=[{"field_name": "metrics.auc", "ascending": False}],
        output_format="list",
    )
    client.set_logged_model_tags(info.model_id, {"stage/of life": "young", "b": "2"})
    client.delete_logged_model_tag(info.model_id, "b")
    model = client.get_logged_model(info.model_id)
    inputs = client.get_run(run.info.run_id).inputs
    read = client.get_run(run.info.run_id).outputs.model_outputs
    other = mlflow.create_external_model(name="outside", params={"k": "v"}, tags={"t": "1"})
    client.delete_logged_model(other.model_id)
    return {
        "autologged": {
            "metrics": sorted(logged.data.metrics),
            "param": logged.data.params["C"],
            "datasets": [i.dataset.name for i in logged.inputs.dataset_inputs],
            "models": len(logged.outputs.model_outputs),
        },
        "sameByRun": bool((by_run.predict(x) == fitted.predict(x)).all()),
        "sameById": bool((by_id.predict(x) == fitted.predict(x)).all()),
        "found": [m.model_id == info.model_id for m in found],
        "status": str(model.status),
        "tag": model.tags.get("stage/of life"),
        "noTag": "b" in model.tags,
        "params": model.params,
        "metric": [[m.key, m.value, m.dataset_name, m.model_id == info.model_id] for m in model.metrics],
        "inputs": [[i.dataset.name, [t.value for t in i.tags]] for i in inputs.dataset_inputs],
        "outputs": [m.model_id == info.model_id for m in read],
        "gone": refusal(lambda: client.get_logged_model(other.model_id))[0],
        "badName": refusal(lambda: mlflow.initialize_logged_model(name="a/b"))[0],
    }


print(json.dumps({"notebook": notebook, "artifacts": artifacts, "history": history, "models": models}[which]()))
