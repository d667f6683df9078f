"""Scores rows with an MLflow `python_function` model for Rondo's gateway.

    python3 rondo_scorer.py SOCKET MEMORY_MB

Connects to the Unix socket SOCKET, is told which model folder to load, warms it with its input example, and then
answers one run after the other with `mlflow.pyfunc.load_model(folder).predict(rows)`. It ends, with all it started,
when its standard input or the socket closes: it never outlives the gateway. Needs Python 3.9 or newer and what the
model itself needs (mlflow, pandas, numpy); nothing else.

Frames, both ways, all numbers little-endian:

    u32 length of what follows | u8 kind | body

    kind 0  HELLO   in:  JSON {"model": folder, "columns": [{"name", "type", "datatype"}]}
                    out: JSON {"outputs": [{"name", "datatype", "shape"}], "plain": bool, "python": version}
                         or {"error": text}; "plain": the model answers with one list without a name
    kind 1  ROWS    u32 sequence | u32 rows | one column after the other, in the order of the hello
    kind 2  ANSWER  u32 sequence | u32 rows | u16 tensors | each:
                    u16 bytes of the name | name | u8 type | u32 width (0: one value a row) | data
    kind 3  FAULT   u32 sequence | text: why this run failed

    type    1 FP64, 2 FP32, 3 INT64, 4 INT32, 5 BOOL (one byte), 6 BYTES (texts)
    data    numbers: the bare array; texts: an i32 length each (-1: missing), then their UTF-8 bytes
"""

import json
import os
import signal
import socket
import struct
import sys
import threading

HELLO, ROWS, ANSWER, FAULT = 0, 1, 2, 3
CODES = {"FP64": 1, "FP32": 2, "INT64": 3, "INT32": 4, "BOOL": 5, "BYTES": 6}
DTYPES = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8", "INT32": "<i4", "BOOL": "?"}
LONGEST_MESSAGE = 2000


def end_with_parent():
    """Ends this process and its group when standard input closes: the gateway holds the other end."""

    def watch():
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        end()

    threading.Thread(target=watch, daemon=True).start()


def end():
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def limit_memory(megabytes):
    """RLIMIT_DATA counts what was allocated; the address space as a whole is far larger with threads and libraries."""
    if megabytes <= 0 or not sys.platform.startswith("linux"):
        return
    import resource

    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def receive(connection, size):
    parts = bytearray()
    while len(parts) < size:
        chunk = connection.recv(min(size - len(parts), 1 << 20))
        if not chunk:
            end()
        parts += chunk
    return bytes(parts)


def receive_frame(connection):
    (length,) = struct.unpack("<I", receive(connection, 4))
    frame = receive(connection, length)
    return frame[0], frame[1:]


def send_frame(connection, kind, *parts):
    body = b"".join(parts)
    connection.sendall(struct.pack("<IB", len(body) + 1, kind) + body)


class Model:
    def __init__(self, folder, columns):
        import mlflow.pyfunc
        import numpy
        import pandas

        self.numpy = numpy
        self.pandas = pandas
        self.folder = folder
        self.columns = columns
        self.model = mlflow.pyfunc.load_model(folder)
        schema = self.model.metadata.get_input_schema()
        self.tensors = schema.inputs if schema is not None and schema.is_tensor_spec() else None

    def describe(self):
        """Warms the model and tells what it answers."""
        rows, given = self.example()
        try:
            tensors, plain = self.answer(self.predict(rows), len(rows[0]) if rows else 0)
        except Exception as error:
            if given:
                raise RuntimeError("it fails on its input example: " + text_of(error)) from error
            raise RuntimeError(
                "it fails on a row of zeros and empty texts, and has no input example to be tried with"
                " (save it with input_example=...): " + text_of(error)
            ) from error
        outputs = [
            {"name": name, "datatype": datatype, "shape": [-1] if width == 0 else [-1, width]}
            for name, datatype, width, _ in tensors
        ]
        return {"outputs": outputs, "plain": plain, "python": sys.version.split()[0]}

    def example(self):
        """Values of the first rows of the input example by column; of one row of zeros where there is none."""
        path = os.path.join(self.folder, "input_example.json")
        if os.path.exists(path):
            with open(path, encoding="utf8") as file:
                content = json.load(file)
            # A model whose signature is a tensor has an example of rows without names.
            if isinstance(content, list):
                content = {"columns": [column["name"] for column in self.columns], "data": content}
            if "columns" in content and content.get("data"):
                data = content["data"][:2]
                places = {name: at for at, name in enumerate(content["columns"])}
                cells = [
                    [row[places[c["name"]]] if c["name"] in places else None for row in data] for c in self.columns
                ]
                return [self.column(c, values) for c, values in zip(self.columns, cells)], True
        zero = {"BYTES": "", "BOOL": False}
        return [self.column(c, [zero.get(c["datatype"], 0)]) for c in self.columns], False

    def column(self, column, values):
        """A column from plain values, as `read` makes it from bytes."""
        if column["datatype"] == "BYTES":
            return [None if value is None else str(value) for value in values]
        if column["datatype"].startswith("FP"):
            values = [float("nan") if value is None else value for value in values]
        return self.numpy.array(values, dtype=DTYPES[column["datatype"]])

    def read(self, body):
        """The columns of a ROWS frame, after its sequence."""
        (rows,) = struct.unpack_from("<I", body, 4)
        at = 8
        columns = []
        for column in self.columns:
            datatype = column["datatype"]
            if datatype == "BYTES":
                lengths = struct.unpack_from("<%di" % rows, body, at)
                at += 4 * rows
                texts = []
                for length in lengths:
                    if length < 0:
                        texts.append(None)
                    else:
                        texts.append(body[at : at + length].decode("utf8"))
                        at += length
                columns.append(texts)
            else:
                dtype = self.numpy.dtype(DTYPES[datatype])
                columns.append(self.numpy.frombuffer(body, dtype, rows, at).copy())
                at += rows * dtype.itemsize
        return columns

    def predict(self, columns):
        if self.tensors is not None:
            return self.model.predict(self.tensor(columns))
        values = {}
        for column, cells in zip(self.columns, columns):
            if column["type"] == "datetime":
                cells = [self.instant(cell) for cell in cells]
                cells = self.pandas.Series(cells, dtype="datetime64[ns]")
            values[column["name"]] = cells
        return self.model.predict(self.pandas.DataFrame(values))

    def instant(self, cell):
        if cell is None or cell == "":
            return None
        if cell.lstrip("-").isdigit():
            return self.pandas.Timestamp(int(cell), unit="ms")
        instant = self.pandas.Timestamp(cell)
        return instant if instant.tz is None else instant.tz_convert("UTC").tz_localize(None)

    def tensor(self, columns):
        """Columns as the tensors of a model whose signature has tensors: one array, or one for each name."""
        tensors = {}
        at = 0
        for spec in self.tensors:
            shape = spec.shape[1:]
            width = int(self.numpy.prod(shape)) if shape else 1
            part = self.numpy.column_stack(columns[at : at + width]).astype(spec.type)
            tensors[spec.name] = part.reshape((len(part), *shape))
            at += width
        if len(self.tensors) == 1 and self.tensors[0].name is None:
            return tensors[None]
        return tensors

    def answer(self, result, rows):
        """What `predict` gave as named tensors [(name, datatype, width, array)], and whether it was a bare list."""
        pandas = self.pandas
        if isinstance(result, pandas.Series):
            result = result.to_frame(name="predictions" if result.name is None else result.name)
        if isinstance(result, pandas.DataFrame):
            named, plain = {str(name): result[name].to_numpy() for name in result.columns}, False
        elif isinstance(result, dict):
            named, plain = {str(name): self.numpy.asarray(value) for name, value in result.items()}, False
        else:
            if hasattr(result, "toarray"):
                result = result.toarray()
            named, plain = {"predictions": self.numpy.asarray(result)}, True
        return [self.output(name, array, rows) for name, array in named.items()], plain

    def output(self, name, array, rows):
        if array.ndim == 0 or array.shape[0] != rows:
            raise ValueError("output %r has shape %s for %d rows" % (name, list(array.shape), rows))
        width = 0 if array.ndim == 1 else int(self.numpy.prod(array.shape[1:]))
        kind = array.dtype.kind
        if kind == "f":
            datatype = "FP32" if array.dtype.itemsize == 4 else "FP64"
        elif kind in "iu":
            datatype = "INT64"
        elif kind == "b":
            datatype = "BOOL"
        else:
            return name, "BYTES", width, [None if missing(cell) else str(cell) for cell in array.reshape(-1)]
        return name, datatype, width, self.numpy.ascontiguousarray(array, dtype=DTYPES[datatype])


def missing(cell):
    return cell is None or (isinstance(cell, float) and cell != cell)


def answer_parts(sequence, rows, tensors):
    parts = [struct.pack("<IIH", sequence, rows, len(tensors))]
    for name, datatype, width, data in tensors:
        label = name.encode("utf8")
        parts.append(struct.pack("<H", len(label)) + label)
        parts.append(struct.pack("<BI", CODES[datatype], width))
        if datatype == "BYTES":
            texts = [None if text is None else text.encode("utf8") for text in data]
            parts.append(struct.pack("<%di" % len(texts), *[-1 if text is None else len(text) for text in texts]))
            parts.extend(text for text in texts if text is not None)
        else:
            parts.append(data.tobytes())
    return parts


def text_of(error):
    return ("%s: %s" % (type(error).__name__, error))[:LONGEST_MESSAGE]


def main():
    end_with_parent()
    limit_memory(int(sys.argv[2]))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[1])
    _, body = receive_frame(connection)
    hello = json.loads(body)
    try:
        model = Model(hello["model"], hello["columns"])
        description = model.describe()
    except Exception as error:
        message = text_of(error)
        if isinstance(error, ImportError):
            message += " (interpreter %s)" % sys.executable
        send_frame(connection, HELLO, json.dumps({"error": message}).encode("utf8"))
        receive(connection, 1)
        return
    send_frame(connection, HELLO, json.dumps(description).encode("utf8"))
    while True:
        _, body = receive_frame(connection)
        sequence, rows = struct.unpack_from("<II", body)
        try:
            tensors, _ = model.answer(model.predict(model.read(body)), rows)
            parts = answer_parts(sequence, rows, tensors)
        except Exception as error:
            send_frame(connection, FAULT, struct.pack("<I", sequence), text_of(error).encode("utf8"))
            continue
        send_frame(connection, ANSWER, *parts)


if __name__ == "__main__":
    main()
