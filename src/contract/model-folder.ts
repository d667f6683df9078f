/**
 * What a training step leaves as its model: an MLflow model folder. `MLmodel` (YAML) with flavour `onnx` (`data:`
 * names the file; `model.onnx`) or `python_function` (as `mlflow.sklearn.save_model` writes it, with `requirements.txt`)
 * and `signature` (inputs and outputs as JSON text); optional `input_example.json`
 * (`{"columns": [...], "data": [[...]]}`). Optional `metadata.features` in `MLmodel` maps a column to
 * `{ view, feature, entity }`; without it, columns that a feature view of the extract step made are mapped by name.
 */
export const MODEL_FILE = 'MLmodel';
