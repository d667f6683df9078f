"""Rows as the extract step writes them, and as the model takes them."""

import numpy as np
import pandas as pd

# Inputs of the model, in the order of its signature.
COLUMNS = [
    "hour",
    "weekday",
    "distance",
    "origin_delay_late_share",
    "destination_delay_late_share",
]
LABEL = "late"


def read_rows(path: str) -> pd.DataFrame:
    """The rows of a parquet file whose label is known, in file order."""
    frame = pd.read_parquet(path)
    return frame[frame[LABEL].notna()].reset_index(drop=True)


def matrix(frame: pd.DataFrame) -> np.ndarray:
    """Inputs as float32, which is what the served graph computes with; a missing value is NaN."""
    return frame[COLUMNS].to_numpy(dtype=np.float32, na_value=np.nan)


def labels(frame: pd.DataFrame) -> np.ndarray:
    return frame[LABEL].to_numpy(dtype=np.int64)
