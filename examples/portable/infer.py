"""A hand crop through an exported network, with numpy, Pillow and onnxruntime alone.

hands3c export-model weights.safetensors --out hand.onnx
python examples/portable/infer.py hand.onnx crop.png
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

model = Path(sys.argv[1])
facts = json.loads(model.with_suffix(".json").read_text())
side = facts["input"]["shape"][-1]
crop = Image.open(sys.argv[2]).convert("RGB").resize((side, side))
images = np.asarray(crop, np.float32).transpose(2, 0, 1)[None] / 255
session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
names = list(facts["outputs"])
hand = dict(zip(names, session.run(names, {"images": images}), strict=True))
print(hand["vertices"].shape, "first joint, px:", (hand["joints_2d"][0, 0] * side).round(1))
