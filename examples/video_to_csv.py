"""A video in, every hand's joint angles as CSV out: a row per hand and frame, degrees.

python examples/video_to_csv.py clip.mp4 angles.csv
"""

import sys

from hands3c_core import HandMeshPipeline, UserError
from hands3c_core.export import AngleTable


def main(video: str, table: str, most_frames: int = 0) -> None:
    with HandMeshPipeline("auto") as pipeline:
        angles = None
        for result in pipeline.run(video):
            # The angles are about the axes of the hand model that the poses are of.
            angles = angles or AngleTable(pipeline.hand_model)
            angles.add(result)
            if result.index + 1 == most_frames:
                break
    if angles is None:
        raise UserError(f"{video} has no frames.")
    print("wrote", angles.save(table))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3], *map(int, sys.argv[3:]))
    except UserError as error:
        sys.exit(f"error: {error}")
