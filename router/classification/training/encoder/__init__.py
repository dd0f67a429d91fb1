"""Training the encoder: from a public multilingual encoder to the shipped layers and pieces.

In: examples, and the weights to start from. Out: the two files of `classification/encoder/`. Never:
needed to run the router; torch and onnx come with the extra `train`.
"""
