"""What the stock MLflow client sees of a model registry. Prints one JSON document.

registry.py compare URI     the same calls on any registry: answers without times and ids
registry.py live URI NAME   log_model, register_model, load_model, what is refused
registry.py champion URI MODEL ALIAS   a version that a pipeline made
"""

import json
import os
import sys
import time

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_ENABLE_ASYNC_LOGGING", "false")

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient


def tick():
    # Changes in one millisecond have no order.
    time.sleep(0.003)


def told(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except MlflowException as error:
        return {"error": error.error_code}


def model_facts(model):
    if model is None or isinstance(model, dict):
        return model
    return {
        "name": model.name,
        "description": model.description or "",
        "tags": dict(model.tags),
        "aliases": {alias: str(version) for alias, version in model.aliases.items()},
        "latest": sorted([str(one.version), one.current_stage] for one in model.latest_versions),
        "changed": model.last_updated_timestamp > model.creation_timestamp,
    }


def version_facts(version):
    if version is None or isinstance(version, dict):
        return version
    return {
        "name": version.name,
        "version": str(version.version),
        "description": version.description or "",
        "tags": dict(version.tags),
        "aliases": list(version.aliases),
        "stage": version.current_stage,
        "status": version.status,
        "source": version.source,
        "run_id": version.run_id or "",
        "changed": version.last_updated_timestamp > version.creation_timestamp,
    }


def compare(uri):
    client = MlflowClient(uri, uri)
    seen = []

    def note(what, value):
        seen.append([what, value])

    def model(what, call, *args, **kwargs):
        tick()
        note(what, model_facts(told(call, *args, **kwargs)))

    def version(what, call, *args, **kwargs):
        tick()
        note(what, version_facts(told(call, *args, **kwargs)))

    def silent(what, call, *args, **kwargs):
        tick()
        note(what, told(call, *args, **kwargs))

    model("create", client.create_registered_model, "alpha", {"team": "a", "n": "1"}, "first")
    model("create with odd name", client.create_registered_model, "alpha beta.%_é")
    model("create again", client.create_registered_model, "alpha")
    for bad in ["", "a/b", "a:b", "..", "./a", "a/"]:
        model(f"create {bad!r}", client.create_registered_model, bad)
    for name in ["Alpha", "beta", "beta_1", "betaX1", "gamma"]:
        model("create", client.create_registered_model, name, {"n": str(len(name))})
    for name, count in [("alpha", 4), ("beta", 2), ("beta_1", 1)]:
        for index in range(count):
            version(
                "version",
                client.create_model_version,
                name,
                f"s3://bucket/{name}/{index}",
                tags={"index": str(index)},
                description=f"no. {index}" if index % 2 else None,
            )
    version("version of nothing", client.create_model_version, "nothing", "s3://bucket/x")
    version("get", client.get_model_version, "alpha", "2")
    version("get none", client.get_model_version, "alpha", "99")
    version("get odd", client.get_model_version, "alpha", "two")
    silent("address", client.get_model_version_download_uri, "alpha", "2")

    version("describe", client.update_model_version, "alpha", "1", "described")
    model("describe", client.update_registered_model, "gamma", "described")
    silent("tag", client.set_registered_model_tag, "gamma", "key one", "v")
    silent("tag again", client.set_registered_model_tag, "gamma", "key one", "w")
    silent("tag empty", client.set_registered_model_tag, "gamma", "empty", "")
    silent("tag badly", client.set_registered_model_tag, "gamma", "a;b", "v")
    silent("tag long key", client.set_registered_model_tag, "gamma", "k" * 251, "v")
    silent("tag long value", client.set_registered_model_tag, "gamma", "k", "v" * 100_001)
    silent("tag nothing", client.set_registered_model_tag, "nothing", "k", "v")
    silent("untag", client.delete_registered_model_tag, "gamma", "empty")
    silent("untag what is not there", client.delete_registered_model_tag, "gamma", "none")
    silent("tag version", client.set_model_version_tag, "alpha", "3", "k", "v")
    silent("tag no version", client.set_model_version_tag, "alpha", "33", "k", "v")
    silent("untag version", client.delete_model_version_tag, "alpha", "3", "index")
    model("get", client.get_registered_model, "gamma")

    for alias in ["best", "v1", "latest", "LATEST", "a b", "", "v", "x" * 256]:
        silent(f"alias {alias[:9]!r}", client.set_registered_model_alias, "alpha", alias, "2")
    silent("alias moves", client.set_registered_model_alias, "alpha", "best", "3")
    silent("alias to none", client.set_registered_model_alias, "alpha", "best", "99")
    version("by alias", client.get_model_version_by_alias, "alpha", "best")
    version("by no alias", client.get_model_version_by_alias, "alpha", "worst")
    version("by latest", client.get_model_version_by_alias, "alpha", "latest")
    silent("alias away", client.delete_registered_model_alias, "alpha", "v")
    silent("alias away again", client.delete_registered_model_alias, "alpha", "v")
    model("get", client.get_registered_model, "alpha")

    stage = client.transition_model_version_stage
    version("stage", stage, "alpha", "1", "staging")
    version("stage archives", stage, "alpha", "2", "Staging", archive_existing_versions=True)
    version("stage production", stage, "alpha", "3", "production")
    version("stage unknown", stage, "alpha", "3", "best")
    for stages in [None, ["Staging"], ["none", "archived"], ["wrong"]]:
        found = told(client.get_latest_versions, "alpha", stages)
        if not isinstance(found, dict):
            found = sorted([str(one.version), one.current_stage, list(one.aliases)] for one in found)
        note(f"latest {stages}", found)

    def models(query, **more):
        found = told(client.search_registered_models, query, **more)
        note(f"models {query} {more}", found if isinstance(found, dict) else [one.name for one in found])

    for query in [
        None,
        "",
        "name = 'alpha'",
        "name != 'alpha'",
        "name LIKE 'alpha%'",
        "name ILIKE 'ALPHA%'",
        "name LIKE 'beta_1'",
        "name LIKE '%[a]%'",
        "name IN ('alpha', \"beta\")",
        "name NOT IN ('alpha', 'beta')",
        "attribute.name = 'beta'",
        "tags.n = '4'",
        "tag.n != '4'",
        "tags.`key one` = 'w'",
        "tags.n LIKE '_' AND name ILIKE '%A'",
        "tags.n = '1' AND tags.team = 'a'",
        "tags.n = '1' AND tags.n != '2'",
        "tags.`mlflow.prompt.is_prompt` != 'true'",
        "tags.`mlflow.prompt.is_prompt` = 'false'",
        "tags.none = 'x'",
        "name = 5",
        "name > 'a'",
        "nam = 'a'",
        "metrics.x = 1",
        "name = 'a' OR name = 'b'",
        "tags.n IN ('1')",
    ]:
        models(query)
    for order in [
        ["name DESC"],
        ["last_updated_timestamp DESC"],
        ["timestamp"],
        ["timestamp DESC", "name"],
        ["creation_timestamp"],
        ["version"],
        ["name sideways"],
    ]:
        models(None, order_by=order)
    page = client.search_registered_models(None, max_results=3)
    names = [one.name for one in page]
    while page.token:
        page = client.search_registered_models(None, max_results=3, page_token=page.token)
        names += [one.name for one in page]
    note("pages", names)
    models(None, max_results=1001)

    def versions(query, **more):
        found = told(client.search_model_versions, query, **more)
        if not isinstance(found, dict):
            found = [f"{one.name} {one.version}" for one in found]
        note(f"versions {query} {more}", found)

    for query in [
        None,
        "name = 'alpha'",
        "name LIKE 'b%'",
        "name ILIKE 'A%' AND version_number > 1",
        "version_number = 2",
        "version_number != 2",
        "version_number <= 1 AND name = 'beta'",
        "version_number = '2'",
        "version_number = 'two'",
        "version_number = 1.5",
        "version_number IN (1, 2)",
        "version_number LIKE '1'",
        "run_id = 'x'",
        "run_id IN ('x', 'y')",
        "source_path LIKE 's3://bucket/alpha/%'",
        "source_path = 's3://bucket/beta/1'",
        "tags.index = '1'",
        "tags.index != '0' AND name = 'alpha'",
        "tags.k ILIKE 'V'",
        "current_stage = 'Staging'",
        "version = 1",
        "name = 'alpha' OR name = 'beta'",
    ]:
        versions(query)
    for order in [
        ["version_number ASC", "name DESC"],
        ["name DESC"],
        ["creation_timestamp DESC"],
        ["last_updated_timestamp ASC"],
        ["run_id"],
        ["source_path DESC"],
    ]:
        versions(None, order_by=order)

    model("rename", client.rename_registered_model, "beta", "delta")
    model("rename to a taken name", client.rename_registered_model, "delta", "alpha")
    model("rename badly", client.rename_registered_model, "delta", "a/b")
    model("rename nothing", client.rename_registered_model, "nothing", "something")
    version("get renamed", client.get_model_version, "delta", "2")
    silent("delete version", client.delete_model_version, "alpha", "3")
    silent("delete version again", client.delete_model_version, "alpha", "3")
    version("get deleted", client.get_model_version, "alpha", "3")
    version("by alias of a deleted one", client.get_model_version_by_alias, "alpha", "best")
    version("next number", client.create_model_version, "alpha", "s3://bucket/next")
    silent("delete", client.delete_registered_model, "delta")
    silent("delete again", client.delete_registered_model, "delta")
    model("make again", client.create_registered_model, "delta")
    version("first number", client.create_model_version, "delta", "s3://bucket/first")
    versions(None)
    return seen


def live(uri, name):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    out = {}
    skinny = "skinny" in sys.argv
    mlflow.set_experiment("notebook")
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", 0.75)
        if skinny:
            mlflow.log_text("flavors: {}\n", "model/MLmodel")
        else:
            from sklearn.linear_model import LogisticRegression

            rows = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
            fitted = LogisticRegression().fit(rows, [0, 0, 1, 1])
            logged = mlflow.sklearn.log_model(fitted, name="model", input_example=rows[:1])
    run_id = run.info.run_id
    if skinny:
        client.create_registered_model(name)
        client.create_model_version(name, f"runs:/{run_id}/model", run_id)
    else:
        first = mlflow.register_model(logged.model_uri, name, tags={"from": "notebook"})
        second = mlflow.register_model(f"runs:/{run_id}/model", name)
        out["registered"] = [version_facts(first), version_facts(second)]
        out["same run"] = first.run_id == second.run_id == run_id
        client.set_registered_model_alias(name, "best", "1")
        expected = fitted.predict(rows).tolist()
        for address in ["@best", "/1", "/2", "/latest"]:
            loaded = mlflow.sklearn.load_model(f"models:/{name}{address}")
            plain = mlflow.pyfunc.load_model(f"models:/{name}{address}")
            same = loaded.predict(rows).tolist() == expected == list(plain.predict(rows))
            out[f"loaded {address}"] = same
        tagged = client.get_logged_model(logged.model_id).tags
        out["logged model knows its versions"] = name in tagged.get(
            "mlflow.modelVersions", ""
        )
        with mlflow.start_run():
            mlflow.sklearn.log_model(fitted, name="again", registered_model_name=name)
        copied = client.copy_model_version(f"models:/{name}/1", "copied-model")
        out["copied"] = [copied.version, copied.source, copied.run_id == run_id]
        prompt = mlflow.genai.register_prompt("greeting", "Hello {{name}}")
        mlflow.genai.set_prompt_alias("greeting", alias="champion", version=prompt.version)
        out["prompt"] = mlflow.genai.load_prompt("prompts:/greeting@champion").template
        out["prompts hidden"] = "greeting" not in [
            one.name for one in client.search_registered_models()
        ]
    if not skinny:
        events = ["model_version.created", "model_version_alias.created"]
        hook = client.create_webhook("hook", "http://127.0.0.1:9/x", events, secret="key")
        hook = client.update_webhook(hook.webhook_id, description="told of versions", status="DISABLED")
        listed = [[one.name, one.description] for one in client.list_webhooks()]
        tried = client.test_webhook(hook.webhook_id)
        client.delete_webhook(hook.webhook_id)
        out["webhook"] = [
            sorted(str(event) for event in hook.events),
            str(hook.status),
            listed,
            tried.success,
            len(client.list_webhooks()),
        ]
    out["versions"] = [
        str(one.version)
        for one in client.search_model_versions(f"name = '{name}'", order_by=["version_number"])
    ]
    refused = {}
    for what, call in {
        "champion": lambda: client.set_registered_model_alias(name, "champion", "1"),
        "challenger": lambda: client.set_registered_model_alias(name, "challenger", "1"),
    }.items():
        try:
            call()
            refused[what] = None
        except MlflowException as error:
            refused[what] = [error.error_code, str(error)]
    out["refused"] = refused
    return out


def champion(uri, model, alias):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    version = client.get_model_version_by_alias(model, alias)
    run = client.get_run(version.run_id)
    out = {
        "version": version_facts(version),
        "run": [run.info.status, run.data.tags.get("rondo.pipeline")],
        "found": [
            [str(one.version), one.run_id == version.run_id]
            for one in mlflow.search_model_versions(filter_string=f"name = '{model}'")
        ],
    }
    refused = {}
    for what, call in {
        "alias away": lambda: client.delete_registered_model_alias(model, alias),
        "delete version": lambda: client.delete_model_version(model, version.version),
        "delete model": lambda: client.delete_registered_model(model),
        "rename": lambda: client.rename_registered_model(model, "other"),
    }.items():
        try:
            call()
            refused[what] = None
        except MlflowException as error:
            refused[what] = error.error_code
    out["refused"] = refused
    if "skinny" not in sys.argv:
        onnx = mlflow.onnx.load_model(f"models:/{model}@{alias}")
        out["inputs"] = [one.name for one in onnx.graph.input]
        loaded = mlflow.pyfunc.load_model(f"models:/{model}/{version.version}")
        example = loaded.input_example
        out["example"] = None if example is None else example.values.tolist()
        session = loaded.get_raw_model()
        out["outputs"] = [one.name for one in session.get_outputs()]
        if example is not None:
            import numpy

            given = session.get_inputs()[0]
            rows = numpy.asarray(example.values, dtype=numpy.float32)
            scores = session.run(None, {given.name: rows})[-1]
            out["scores"] = numpy.asarray(scores).reshape(len(rows), -1)[:, -1].tolist()
    return out


print(json.dumps({"compare": compare, "live": live, "champion": champion}[sys.argv[1]](
    *[argument for argument in sys.argv[2:] if argument != "skinny"]
)))
