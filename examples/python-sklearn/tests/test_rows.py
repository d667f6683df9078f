import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd

from flights.rows import COLUMNS, labels, matrix, read_rows


def frame(**columns: list) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({**{name: [1.0] * rows for name in COLUMNS}, **columns})


class RowsTest(unittest.TestCase):
    def test_inputs_stand_in_the_order_of_the_signature(self):
        rows = frame(late=[1])
        rows["hour"], rows["distance"] = [17], [2586]
        # The file has its columns in an order of its own.
        rows = rows[sorted(rows.columns)]
        self.assertEqual(matrix(rows)[0].tolist(), [17.0, 1.0, 2586.0, 1.0, 1.0])

    def test_a_missing_share_is_nan_and_nothing_else_changes(self):
        rows = frame(late=[0, 1], origin_delay_late_share=pd.array([None, 0.25], dtype="Float64"))
        x = matrix(rows)
        self.assertEqual(x.dtype, np.float32)
        self.assertTrue(np.isnan(x[0, 3]))
        self.assertEqual(x[1, 3], 0.25)

    def test_flights_without_a_label_are_left_out(self):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "rows.parquet")
            frame(late=pd.array([1, None, 0], dtype="Int64")).to_parquet(path)
            self.assertEqual(labels(read_rows(path)).tolist(), [1, 0])


if __name__ == "__main__":
    unittest.main()
