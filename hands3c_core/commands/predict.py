"""Run a network on ready hand crops (no detector) and write every output to an npz file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hands3c_core.atomic import check_place
from hands3c_core.command import progress_bar
from hands3c_core.errors import UserError


@dataclass(frozen=True)
class Options:
    """Run a network on ready hand crops (no detector) and write every output to an npz file."""

    weights: Path
    """Weights: our .safetensors, or a published snapshot_*.pth.tar."""
    crops: tuple[Path, ...]
    """Right hands (left ones mirrored), square: images, .npy arrays, .npz with 'images'."""
    out: Path
    """The npz file to write: 'images', 'names', 'joints_coord_img', 'mesh_coord_cam', ..."""
    hand_model: str | None = None
    """Hand model to pose instead of the one the weights were trained for."""
    device: str = "cpu"
    """Where to run: cpu, cuda, cuda:1, ..."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of the computation and of the outputs."""
    runtime: str = "eager"
    """How to run it: eager; auto, the fastest that is exact; or openvino-bf16, ... (doctor.py)."""
    batch_size: int = 8
    """Crops per pass."""
    features: bool = True
    """Also write the two feature maps, 'backbone_feat' and 's3c_feat' (1 MB a crop each)."""


def run(options: Options) -> None:
    """Read, predict, write."""
    check_place(options.out)
    import numpy as np
    import torch

    from hands3c_core.models import load_weights
    from hands3c_core.models.crop_files import predict_crops, read_crops, write_outputs
    from hands3c_core.models.crop_predictor import CropPredictor
    from hands3c_core.runtime import make_runtime

    model = load_weights(options.weights, hand=options.hand_model, device=options.device)
    model = model.to(getattr(torch, options.dtype))
    crops = read_crops(options.crops, model.input_size)
    predictor: CropPredictor = model
    if options.runtime != "eager":
        if options.dtype != "float32":
            raise UserError("Only the eager runtime computes in float64: leave out --runtime.")
        predictor = make_runtime(model, options.runtime, take=True)
    if crops.resized:
        print(f"{crops.resized} of {len(crops.names)} crops resized to {model.input_size} px.")
    with progress_bar(transient=True) as progress:
        task = progress.add_task(model.name, total=len(crops.names))
        arrays = predict_crops(
            predictor,
            crops.images,
            batch_size=options.batch_size,
            features=options.features,
            progress=lambda done: progress.update(task, completed=done),
        )
    write_outputs(arrays | {"names": np.array(crops.names)}, options.out)
    print(f"Wrote {options.out}: {len(crops.names)} crops, hand model {model.hand.name}.")
