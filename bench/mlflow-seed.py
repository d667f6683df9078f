"""Fills an SQLite database of MLflow with runs: mlflow-seed.py FILE ARTIFACTS RUNS POINTS. Prints the id of its experiment."""

import sqlite3
import sys

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

path, artifacts, runs, points = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = SqlAlchemyStore(f"sqlite:///{path}", artifacts)
experiment = int(store.create_experiment("bench"))
store.engine.dispose()
rows = range(runs)
with sqlite3.connect(path) as db:
    db.executemany(
        "insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
        " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " values (?, ?, 'LOCAL', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', ?, ?)",
        ((f"{i:032x}", f"run-{i}", i, i + 1, f"{artifacts}/{i}", experiment) for i in rows),
    )
    db.executemany(
        "insert into tags (key, value, run_uuid) values ('mlflow.runName', ?, ?)",
        ((f"run-{i}", f"{i:032x}") for i in rows),
    )
    db.executemany(
        "insert into params (key, value, run_uuid) values ('kind', ?, ?)",
        (("a" if i % 2 else "b", f"{i:032x}") for i in rows),
    )
    values = [("auc", (i * 7919 % runs) / runs, f"{i:032x}") for i in rows]
    for table in ("metrics", "latest_metrics"):
        db.executemany(
            f"insert into {table} (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, 1, ?, 0, 0)",
            values,
        )
    db.executemany(
        "insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values ('loss', ?, ?, ?, ?, 0)",
        ((1 / (i + 1), i, f"{0:032x}", i) for i in range(points)),
    )
    db.execute(
        "insert into latest_metrics (key, value, timestamp, run_uuid, step, is_nan) values ('loss', ?, ?, ?, ?, 0)",
        (1 / points, points - 1, f"{0:032x}", points - 1),
    )
print(experiment)
