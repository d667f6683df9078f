import tempfile
import unittest
from pathlib import Path

import mlflow.models
import numpy as np
import onnxruntime

from flights.model import fit, save, to_graph
from flights.rows import COLUMNS


def flights(rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Made-up flights that are late more often in the evening and from late airports."""
    random = np.random.default_rng(7)
    x = np.column_stack(
        [
            random.integers(0, 24, rows),
            random.integers(1, 8, rows),
            random.integers(50, 2600, rows),
            random.random(rows),
            random.random(rows),
        ]
    ).astype(np.float32)
    x[random.random(rows) < 0.1, 3] = np.nan
    logit = -2 + x[:, 0] / 12 + np.nan_to_num(x[:, 3], nan=0.5)
    return x, (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int64)


class ModelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.x, cls.y = flights()
        cls.model = fit(cls.x, cls.y, trees=20, learning_rate=0.2)

    def test_it_learns_what_makes_flights_late(self):
        early, late = np.array([[6, 3, 700, 0.1, 0.2]]), np.array([[21, 3, 700, 0.8, 0.2]])
        self.assertGreater(
            self.model.predict_proba(late)[0, 1], self.model.predict_proba(early)[0, 1] + 0.2
        )

    def test_the_same_rows_give_the_same_model(self):
        again = fit(self.x, self.y, trees=20, learning_rate=0.2)
        np.testing.assert_array_equal(
            again.predict_proba(self.x), self.model.predict_proba(self.x)
        )

    def test_the_graph_answers_as_scikit_learn_does(self):
        session = onnxruntime.InferenceSession(to_graph(self.model).SerializeToString())
        rows = np.vstack([self.x, np.full((1, len(COLUMNS)), np.nan, dtype=np.float32)])
        _, probabilities = session.run(None, {session.get_inputs()[0].name: rows})
        np.testing.assert_allclose(probabilities, self.model.predict_proba(rows), atol=1e-5)

    def test_the_folder_names_inputs_and_the_features_behind_them(self):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "model")
            save(to_graph(self.model), path, self.x[:2])
            info = mlflow.models.get_model_info(path)
            self.assertIn("onnx", info.flavors)
            self.assertEqual(info.signature.inputs.input_names(), COLUMNS)
            self.assertEqual(info.metadata["positive_class"], 1)
            self.assertLessEqual(set(info.metadata["features"]), set(COLUMNS))


if __name__ == "__main__":
    unittest.main()
