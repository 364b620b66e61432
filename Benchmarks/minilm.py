"""all-MiniLM-L6-v2 for ONNX Runtime, made from the weights that `recollect model install` leaves.

The graph has no mask: texts of equally many tokens go through it together, so none is padded.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import safetensors.numpy
import tokenizers
from onnx import TensorProto, helper, numpy_helper

class MiniLM:
    def __init__(self, folder, threads):
        folder = pathlib.Path(folder)
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(
            json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"])
        config = json.loads((folder / "config.json").read_text())
        graph = Graph(safetensors.numpy.load_file(folder / "model.safetensors"), config)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(
            graph.model().SerializeToString(), options, ["CPUExecutionProvider"])
        self.dimension = config["hidden_size"]

    def tokens(self, texts):
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    def embed(self, tokens):
        """Unit vectors of lists of tokens that are equally long."""
        return self.session.run(None, {"tokens": np.asarray(tokens, dtype=np.int64)})[0]


class Graph:
    """The operations of BERT, and after them the mean over a text's tokens at length one."""

    def __init__(self, weights, config):
        self.weights, self.config = weights, config
        self.nodes, self.constants = [], {}

    def model(self):
        hidden = self.embeddings()
        for number in range(self.config["num_hidden_layers"]):
            hidden = self.layer(f"encoder.layer.{number}", hidden)
        mean = self.node("ReduceMean", hidden, self.constant("axis", [1]), keepdims=0)
        length = self.node("ReduceL2", mean, self.constant("axis", [1]), keepdims=1)
        self.nodes.append(helper.make_node("Div", [mean, length], ["vectors"]))
        graph = helper.make_graph(
            self.nodes, "minilm",
            [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["texts", "tokens"])],
            [helper.make_tensor_value_info(
                "vectors", TensorProto.FLOAT, ["texts", self.config["hidden_size"]])],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)

    def embeddings(self):
        words = self.node("Gather", self.weight("embeddings.word_embeddings.weight"), "tokens")
        length = self.node("Shape", "tokens", start=1)
        positions = self.node("Slice", self.constant("positions", self.positions()),
                              self.constant("zero", [0]), length)
        return self.normalised("embeddings.LayerNorm", self.node("Add", words, positions))

    def positions(self):
        """Every token is of the first of BERT's two sorts, which is added to each position."""
        sort = self.weights["embeddings.token_type_embeddings.weight"][0]
        return self.weights["embeddings.position_embeddings.weight"] + sort

    def layer(self, name, hidden):
        heads = self.config["num_attention_heads"]
        width = self.config["hidden_size"] // heads
        query, key, value = (
            self.node("Reshape", self.linear(f"{name}.attention.self.{part}", hidden),
                      self.constant("split", [0, 0, heads, width]))
            for part in ["query", "key", "value"])
        query = self.node("Transpose", query, perm=[0, 2, 1, 3])
        key = self.node("Transpose", key, perm=[0, 2, 3, 1])
        value = self.node("Transpose", value, perm=[0, 2, 1, 3])
        scores = self.node("Mul", self.node("MatMul", query, key),
                           self.constant("scale", np.float32(width ** -0.5)))
        mixed = self.node("MatMul", self.node("Softmax", scores, axis=-1), value)
        mixed = self.node("Reshape", self.node("Transpose", mixed, perm=[0, 2, 1, 3]),
                          self.constant("join", [0, 0, heads * width]))
        hidden = self.normalised(
            f"{name}.attention.output.LayerNorm",
            self.node("Add", self.linear(f"{name}.attention.output.dense", mixed), hidden))
        inner = self.node("Gelu", self.linear(f"{name}.intermediate.dense", hidden))
        return self.normalised(
            f"{name}.output.LayerNorm",
            self.node("Add", self.linear(f"{name}.output.dense", inner), hidden))

    def linear(self, name, hidden):
        weight = self.constant(f"{name}.transposed", self.weights[f"{name}.weight"].T.copy())
        return self.node("Add", self.node("MatMul", hidden, weight), self.weight(f"{name}.bias"))

    def normalised(self, name, hidden):
        return self.node("LayerNormalization", hidden, self.weight(f"{name}.weight"),
                         self.weight(f"{name}.bias"), epsilon=self.config["layer_norm_eps"])

    def weight(self, name):
        return self.constant(name, self.weights[name])

    def constant(self, name, value):
        value = np.asarray(value)
        self.constants[name] = value.astype(np.int64) if value.dtype == int else value
        return name

    def node(self, operation, *inputs, **attributes):
        output = f"{operation}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [output], **attributes))
        return output
