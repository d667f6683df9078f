import unittest

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx

from penguins import COLUMNS, fit, matrix


def penguins(rows: int = 200) -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(7)
    frame = pd.DataFrame(random.normal(size=(rows, len(COLUMNS))), columns=COLUMNS)
    frame.loc[random.random(rows) < 0.1, COLUMNS[0]] = None
    return frame, (frame["body_mass_g"] > 0).astype(int)


class PenguinsTest(unittest.TestCase):
    def test_it_learns(self):
        rows, labels = penguins()
        model = fit(rows, labels, c=1.0)
        self.assertGreater((model.predict(matrix(rows)) == labels).mean(), 0.9)

    def test_the_graph_answers_as_scikit_learn_does(self):
        rows, labels = penguins()
        model = fit(rows, labels, c=1.0)
        graph = to_onnx(model, matrix(rows)[:1], options={"zipmap": False})
        session = onnxruntime.InferenceSession(graph.SerializeToString())
        _, probabilities = session.run(None, {session.get_inputs()[0].name: matrix(rows)})
        np.testing.assert_allclose(probabilities, model.predict_proba(matrix(rows)), atol=1e-5)


if __name__ == "__main__":
    unittest.main()
