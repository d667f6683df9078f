"""Does the same to any MLflow tracking store and prints what it answers, without ids and times of its own."""

import json
import math
import os
import sys

os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
out = {}


def plain(value):
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
    return value


def attempt(name, action):
    """What an action answers, or the code of its error."""
    try:
        out[name] = action()
    except MlflowException as error:
        out[name] = {"error": error.error_code}


# Experiments -------------------------------------------------------------------------------------------------------
for index, name in enumerate(["alpha", "beta", "Gamma", "alphabet", "100%"]):
    client.create_experiment(name, tags={"kind": "even" if index % 2 == 0 else "odd"})
experiments = {e.name: e.experiment_id for e in client.search_experiments()}
names = {e.experiment_id: e.name for e in client.search_experiments()}


def search_experiments(**query):
    return [e.name for e in client.search_experiments(**query)]


for filter_string in [
    "name = 'alpha'",
    "name != 'alpha'",
    "name LIKE 'alpha%'",
    "name LIKE 'ALPHA%'",
    "name ILIKE 'ALPHA%'",
    "name LIKE '%_eta'",
    "name LIKE '100%'",
    "tags.kind = 'odd'",
    "tag.kind != 'odd'",
    "tags.`kind` LIKE 'e%' AND name ILIKE 'g%'",
    "tags.kind IS NULL",
    "tags.kind IS NOT NULL",
    "tags.other IS NULL",
    "creation_time > 0",
    "last_update_time < 5",
    "metrics.a > 1",
    "name > 'a'",
    "creation_time = 'a'",
    "name IN ('alpha')",
    "experiment_id IN ('1', '2')",
    "experiment_id LIKE '1'",
    "nothing = 'a'",
    "name = 'a' OR name = 'b'",
]:
    attempt(
        f"experiments {filter_string}",
        # The default experiment is as old as the store.
        lambda: [e for e in search_experiments(filter_string=filter_string, order_by=["name"]) if e != "Default"],
    )
for order_by in [["name"], ["name DESC"], ["experiment_id"], ["experiment_id DESC"], ["tags.kind"], ["bad"], ["name UP"]]:
    attempt(f"experiments order {order_by}", lambda: search_experiments(order_by=order_by))
attempt("experiments page", lambda: len(client.search_experiments(max_results=2)))
attempt("experiments none", lambda: client.search_experiments(max_results=0))
attempt("experiments too many", lambda: client.search_experiments(max_results=50001))
attempt("experiment twice", lambda: client.create_experiment("alpha"))
attempt("experiment unnamed", lambda: client.create_experiment(""))
attempt("experiment long", lambda: client.create_experiment("x" * 501))
attempt("experiment unknown", lambda: client.get_experiment("999"))
attempt("experiment bad id", lambda: client.get_experiment("abc"))
attempt("experiment by unknown name", lambda: client.get_experiment_by_name("nobody"))
attempt("rename", lambda: client.rename_experiment(experiments["beta"], "delta"))
attempt("delete", lambda: client.delete_experiment(experiments["beta"]))
attempt("delete again", lambda: client.delete_experiment(experiments["beta"]))
attempt("rename deleted", lambda: client.rename_experiment(experiments["beta"], "epsilon"))
attempt("tag deleted", lambda: client.set_experiment_tag(experiments["beta"], "a", "b"))
attempt("run in deleted", lambda: client.create_run(experiments["beta"]).info.status)
attempt("create under a deleted name", lambda: client.create_experiment("delta"))
attempt("view active", lambda: sorted(search_experiments(view_type=ViewType.ACTIVE_ONLY)))
attempt("view deleted", lambda: search_experiments(view_type=ViewType.DELETED_ONLY))
attempt("view all", lambda: sorted(search_experiments(view_type=ViewType.ALL)))
attempt("restore", lambda: client.restore_experiment(experiments["beta"]))
attempt("restore again", lambda: client.restore_experiment(experiments["beta"]))
attempt("stage", lambda: client.get_experiment(experiments["beta"]).lifecycle_stage)
attempt("tag", lambda: client.set_experiment_tag(experiments["alpha"], "a/b", "c"))
attempt("tag bad", lambda: client.set_experiment_tag(experiments["alpha"], "../b", "c"))
attempt("tag long", lambda: client.set_experiment_tag(experiments["alpha"], "b", "c" * 20001))
attempt("untag", lambda: client.delete_experiment_tag(experiments["alpha"], "a/b"))
attempt("untag again", lambda: client.delete_experiment_tag(experiments["alpha"], "a/b"))
attempt("tags", lambda: client.get_experiment(experiments["alpha"]).tags)

# Runs --------------------------------------------------------------------------------------------------------------
experiment = experiments["alpha"]
other = experiments["Gamma"]
values = [0.1, 0.5, float("nan"), None, -3.25, float("inf"), -float("inf"), 0.5, 1e-300, 7]
runs = {}
for index, value in enumerate(values):
    run = client.create_run(
        experiment if index < 8 else other,
        start_time=1_000 + 10 * index,
        run_name=f"Run {index}",
        tags={"parity": "even" if index % 2 == 0 else "odd", "mlflow.user": f"user{index % 3}"},
    )
    runs[index] = run.info.run_id
    batch = [] if value is None else [Metric("acc", value, 5, 0)]
    batch += [Metric("loss", 1 / (index + 1), 5 + step, step) for step in range(index)]
    params = [Param("lr", str(index / 10)), Param("model name", "Tree" if index < 4 else "tree_2")]
    client.log_batch(run.info.run_id, batch, params, [RunTag("note", "x%y_z" if index == 1 else "plain")])
    if index % 4 == 0:
        client.set_terminated(run.info.run_id, "FINISHED", end_time=2_000 - index)
    elif index % 4 == 1:
        client.set_terminated(run.info.run_id, "FAILED", end_time=3_000)
names_of = {run_id: f"Run {index}" for index, run_id in runs.items()}
dataset = Dataset("points", "a1b2c3d4", "local", "{}", schema='{"a": 1}', profile=None)


def dataset_input(which, **tags):
    return DatasetInput(which, [InputTag(key.replace("_", "."), value) for key, value in tags.items()])


client.log_inputs(runs[2], [dataset_input(dataset, mlflow_data_context="training", note="first")])
client.log_inputs(runs[2], [dataset_input(dataset, mlflow_data_context="testing")])
client.log_inputs(
    runs[3], [dataset_input(Dataset("others", "ffff", "http", "{}"), mlflow_data_context="testing")]
)
client.delete_run(runs[7])


def search(filter_string="", order_by=None, view=ViewType.ACTIVE_ONLY, where=None, max_results=1000):
    token, found = None, []
    while True:
        page = client.search_runs(where or [experiment, other], filter_string, view, max_results, order_by, token)
        found += [names_of[run.info.run_id] for run in page]
        token = page.token
        if not token:
            return found


FILTERS = [
    "metrics.acc > 0.1",
    "metrics.acc >= 0.5",
    "metrics.acc = 0.5",
    "metrics.acc != 0.5",
    "metrics.acc < 0",
    "metrics.acc <= 1e-300",
    "metric.acc > -1e400",
    "metrics.acc < 1e309",
    "metrics.loss < 0.2 AND metrics.acc > 0",
    "metrics.missing > 0",
    "params.lr = '0.1'",
    "params.lr != '0.1'",
    "param.lr LIKE '0.%'",
    "parameters.`model name` LIKE 'tree%'",
    "params.\"model name\" ILIKE 'TREE%'",
    "params.`model name` LIKE 'tree_2'",
    "params.`model name` LIKE 'TREE'",
    "params.missing IS NULL",
    "params.lr IS NOT NULL",
    "tags.parity = 'even'",
    "tags.parity != 'even'",
    "tag.note LIKE 'x%'",
    "tag.note LIKE '%%y_z'",
    "tags.note LIKE '%[a-z]%'",
    "tags.note LIKE '%?%'",
    "tags.note ILIKE 'PL_IN'",
    "tags.missing IS NULL AND tags.parity = 'odd'",
    "tags.`mlflow.user` = 'user1'",
    "attributes.status = 'FINISHED'",
    "status != 'FINISHED'",
    "status LIKE 'F%'",
    "attribute.run_name = 'Run 1'",
    "run_name LIKE 'Run %'",
    "run_name ILIKE 'rUN _'",
    "attributes.\"Run name\" = 'Run 2'",
    "attributes.start_time > 1030",
    "start_time = 1030",
    "attributes.end_time > 2500",
    "end_time <= 1996",
    "created >= 1060",
    "dataset.name = 'points'",
    "datasets.name != 'points'",
    "dataset.name LIKE 'po%'",
    "dataset.name IN ('points', 'others')",
    "dataset.context = 'training'",
    "dataset.context = 'testing'",
    f"dataset.digest = '{dataset.digest}'",
    "dataset.digest NOT IN ('a')",
    f"run_id = '{runs[4]}'",
    f"run_id IN ('{runs[4]}', '{runs[5]}')",
    f"attributes.run_id NOT IN ('{runs[4]}')",
    "metrics.acc > '1'",
    "metrics.acc LIKE '1'",
    "params.lr > '0.1'",
    "params.lr = 0.1",
    "tags.parity IN ('even')",
    "status IN ('FINISHED')",
    "attributes.nothing = '1'",
    "what.lr = '0.1'",
    "metrics.acc > 1 OR metrics.acc < 1",
    "(metrics.acc > 1)",
    "metrics.acc",
    "params.lr = 'unclosed",
    "start_time > 'a'",
    "dataset.what = 'a'",
    "metrics.acc IS NULL",
    "run_id IN ()",
]
for filter_string in FILTERS:
    shown = filter_string
    for run_id, name in names_of.items():
        shown = shown.replace(run_id, name)
    attempt(f"runs {shown}", lambda: search(filter_string))
    attempt(f"runs paged {shown}", lambda: search(filter_string, max_results=2))
ORDERS = [
    ["metrics.acc"],
    ["metrics.acc DESC"],
    ["metrics.acc ASC", "start_time ASC"],
    ["metrics.loss desc", "metrics.acc"],
    ["params.lr"],
    ["params.`model name` DESC", "metrics.acc"],
    ["tags.note", "params.lr DESC"],
    ["tags.missing"],
    ["start_time"],
    ["attributes.start_time DESC"],
    ["end_time"],
    ["end_time DESC", "start_time ASC"],
    ["status", "run_name DESC"],
    ["attribute.run_name"],
    ["created DESC"],
    ["dataset.name"],
    ["nothing"],
    ["metrics.acc SIDEWAYS"],
    ["metrics.acc", "metrics.acc"],
]
for order_by in ORDERS:
    for view in [ViewType.ACTIVE_ONLY, ViewType.ALL]:
        attempt(f"order {order_by} {view}", lambda: search(order_by=order_by, view=view))
        attempt(f"order paged {order_by} {view}", lambda: search(order_by=order_by, view=view, max_results=3))
out.pop("order ['metrics.acc', 'metrics.acc'] 1")
for name in list(out):
    # A server fault there, a refusal here.
    if "['metrics.acc', 'metrics.acc']" in name:
        out.pop(name)
attempt("deleted only", lambda: search(view=ViewType.DELETED_ONLY))
attempt("one experiment", lambda: search(where=[other]))
attempt("too many", lambda: search(max_results=50001))
attempt("none", lambda: search(max_results=0))

# What is logged ----------------------------------------------------------------------------------------------------
run_id = runs[0]


def record(which):
    run = client.get_run(which)
    return {
        "params": dict(sorted(run.data.params.items())),
        "metrics": {key: plain(value) for key, value in sorted(run.data.metrics.items())},
        "tags": dict(sorted(run.data.tags.items())),
        "status": run.info.status,
        "name": run.info.run_name,
        "stage": run.info.lifecycle_stage,
        "times": [run.info.start_time, run.info.end_time],
        "inputs": [
            [i.dataset.name, i.dataset.digest, i.dataset.source_type, sorted((t.key, t.value) for t in i.tags)]
            for i in run.inputs.dataset_inputs
        ],
    }


def history(key, which=run_id):
    return [[m.step, m.timestamp, plain(m.value)] for m in client.get_metric_history(which, key)]


attempt("param again", lambda: client.log_param(run_id, "lr", "0.0"))
attempt("param changed", lambda: client.log_param(run_id, "lr", "5"))
attempt("param long", lambda: client.log_param(run_id, "long", "x" * 6001))
attempt("param empty", lambda: client.log_param(run_id, "empty", ""))
attempt("param bad", lambda: client.log_param(run_id, "a//b", "1"))
attempt("param odd", lambda: client.log_param(run_id, "a:b c-d.e/f", "1"))
attempt("param worse", lambda: client.log_param(run_id, "a$b", "1"))
attempt("param key long", lambda: client.log_param(run_id, "k" * 251, "1"))
attempt("tag long", lambda: client.set_tag(run_id, "long", "x" * 8001))
attempt("tag set", lambda: client.set_tag(run_id, "mine", "one"))
attempt("tag set again", lambda: client.set_tag(run_id, "mine", "two"))
attempt("tag name", lambda: client.set_tag(run_id, "mlflow.runName", "renamed"))
attempt("tag gone", lambda: client.delete_tag(run_id, "note"))
attempt("tag gone again", lambda: client.delete_tag(run_id, "note"))
attempt("metric", lambda: client.log_metric(run_id, "m", 1.5, timestamp=10, step=1))
attempt("metric again", lambda: client.log_metric(run_id, "m", 1.5, timestamp=10, step=1))
attempt("metric older", lambda: client.log_metric(run_id, "m", 9, timestamp=20, step=0))
attempt("metric nan", lambda: client.log_metric(run_id, "m", float("nan"), timestamp=30, step=1))
attempt("metric later", lambda: client.log_metric(run_id, "m", 2, timestamp=40, step=1))
attempt("metric negative step", lambda: client.log_metric(run_id, "m", 3, timestamp=50, step=-5))
attempt("metric bad name", lambda: client.log_metric(run_id, "../m", 3, timestamp=50))
attempt("metric bad time", lambda: client.log_metric(run_id, "m", 3, timestamp=-1))
attempt("batch", lambda: client.log_batch(run_id, [Metric("b", i, i, i % 7) for i in range(1000)]))
attempt("batch again", lambda: client.log_batch(run_id, [Metric("b", i, i, i % 7) for i in range(1000)]))
attempt("batch two", lambda: client.log_batch(run_id, [], [Param("x", "1"), Param("x", "2")]))
attempt("batch changed", lambda: client.log_batch(run_id, [], [Param("lr", "7")]))
attempt("batch no run", lambda: client.log_batch("nobody", [Metric("b", 1, 1, 1)]))
for key in ["m", "b", "acc", "nothing"]:
    attempt(f"history {key}", lambda: history(key))
attempt("history infinite", lambda: history("acc", runs[5]))
attempt("record", lambda: record(run_id))
attempt("record with inputs", lambda: record(runs[2]))
attempt("record of deleted", lambda: record(runs[7]))
for name, action in {
    "metric": lambda: client.log_metric(runs[7], "m", 1),
    "param": lambda: client.log_param(runs[7], "m", 1),
    "tag": lambda: client.set_tag(runs[7], "m", "1"),
    "batch": lambda: client.log_batch(runs[7], [Metric("m", 1, 1, 1)]),
    "update": lambda: client.set_terminated(runs[7]),
}.items():
    attempt(f"deleted {name}", action)
attempt("restore run", lambda: client.restore_run(runs[7]))
attempt("write again", lambda: client.log_param(runs[7], "m", 1))
attempt("unknown run", lambda: client.get_run("nobody"))
attempt("unknown metric", lambda: client.log_metric("nobody", "m", 1))
attempt("update name", lambda: client.update_run(runs[7], status="SCHEDULED", name="other"))
attempt("record of restored", lambda: record(runs[7]))
child = client.create_run(experiment, tags={"mlflow.parentRunId": runs[0]}, start_time=5)
names_of[child.info.run_id] = "child"
attempt("children", lambda: search(f"tags.mlflow.parentRunId = '{runs[0]}'"))
attempt("names differ", lambda: client.create_run(experiment, run_name="a", tags={"mlflow.runName": "b"}))

print(json.dumps(out))
