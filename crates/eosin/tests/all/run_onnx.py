"""Runs a graph that takes pixels in ONNX Runtime and prints the probabilities of each image, a line each.

Needs: onnx, onnxruntime, numpy.   Usage: run_onnx.py GRAPH IMAGES SIDE

IMAGES are [images, 3, SIDE, SIDE], f64, 0 to 255.
"""
import sys
import numpy as np, onnx, onnxruntime as ort

graph, images, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
onnx.checker.check_model(onnx.load(graph), full_check=True)
session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
pixels = np.fromfile(images, dtype=np.float64).astype(np.float32).reshape(-1, 3, side, side)
for row in session.run(["probs"], {"pixels": pixels})[0]:
    print(" ".join(repr(float(value)) for value in row))
