"""The result file that DexYCB's own toolkit evaluates (``evaluate_hpe.py``).

One line an image: its number in the split (frames without a hand count), then 21 joints x, y, z in
millimetres, camera frame, our order, with commas between all (NVlabs/dex-ycb-toolkit,
``hpe_eval.py`` at 1daeda7). The toolkit wants every image that shows a hand, of either side.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.data.dataset import HandDataset
from hands3c_core.data.dexycb import DexYcb
from hands3c_core.errors import UserError
from hands3c_core.evaluation.evaluate import Evaluation
from hands3c_core.model_space import ModelSpace


def write_dexycb_results(evaluation: Evaluation, dataset: HandDataset, path: Path) -> int:
    """Write the toolkit's result file.

    Wrists are at their true place, which the labels tell, as papers on DexYCB do it; so the
    toolkit's 'absolute' errors are its 'root-relative' ones.

    Args:
        evaluation: of the whole split.
        dataset: what was evaluated, with both sides' hands and every frame.
        path: the file, by custom .txt.

    Returns:
        The number of images in which no hand was found, or that could not be read; they get the
        mean hand of all others.

    Raises:
        UserError: it is another dataset or only a part of one, or the file cannot be written.
    """
    if not isinstance(dataset, DexYcb):
        raise UserError("--benchmark dexycb is for --data dexycb:FOLDER.")
    if not dataset.is_whole:
        raise UserError(
            "DexYCB's toolkit evaluates every image of a split: leave out hand= and step=."
        )
    count = len(dataset)
    seen = len(evaluation.results) + len(evaluation.failed) + len(evaluation.skipped)
    if seen != count or not evaluation.results:
        raise UserError(
            f"DexYCB's toolkit wants {count} images, {seen} were evaluated: leave out --limit."
        )
    joints = np.full((count, 21, 3), np.nan)
    for result in evaluation.results:
        own = np.asarray(result.prediction.joints_3d, np.float64)
        root = np.zeros(3) if result.root is None else result.root.astype(np.float64)
        joints[result.index] = ModelSpace(result.is_right).points(own - own[0] + root)
    missing = np.isnan(joints[:, 0, 0])
    joints[missing] = joints[~missing].mean(axis=0)
    lines = [
        ",".join([str(number), *(f"{value:.4f}" for value in row)])
        for number, row in zip(dataset.image_ids, 1000 * joints.reshape(count, -1), strict=True)
    ]
    write_atomically(path, ("\n".join(lines) + "\n").encode("ascii"))
    return int(missing.sum())
