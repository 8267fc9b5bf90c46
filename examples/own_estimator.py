"""An estimator of one's own in the pipeline: here one that gives every hand the resting pose.

An estimator says what pose, shape and place each tracked hand has. Crop, tracking, smoothing,
meshes, exports and the app's views are the pipeline's business. Real ones look at the image.

python examples/own_estimator.py clip.mp4
"""

import sys

import numpy as np

from hands3c_core import HandMeshPipeline, UserError, load_hand_model
from hands3c_core.geometry import solve_translation
from hands3c_core.hand_model import FastHandLayer
from hands3c_core.types import HandEstimate


class RestingHand:
    """Every hand is the mean hand at rest, as it was modelled, put where the landmarks are."""

    name = "resting"

    def __init__(self, hand):
        self.hand = hand  # the one that the results are shown with
        self._layer = FastHandLayer(hand)

    def estimate(self, image, hands, camera, timestamp):
        pose, shape = np.zeros((16, 3), np.float32), np.zeros(10, np.float32)
        joints = self._layer.joints(pose, shape, np.zeros(3))
        return [self._one(hand, pose, shape, joints, camera) for hand in hands]

    def _one(self, hand, pose, shape, joints, camera):
        points = hand.detection.landmarks_2d.astype(float)
        if not hand.is_right:  # the model is a right hand: a left one is seen in a mirror
            points = points * [-1.0, 1.0] + [2.0 * camera.cx, 0.0]
        place = solve_translation(joints, points, camera)
        return HandEstimate(pose, shape, place.astype(np.float32), confidence=0.1)

    def reset(self):
        """There is nothing to forget."""


def main(video: str, most_frames: int = 30) -> None:
    with HandMeshPipeline(RestingHand(load_hand_model("hand_mid"))) as pipeline:
        for result in pipeline.run(video):
            for found in result.hands:
                error = found.reprojection_error_px
                print(f"frame {result.index}: hand {found.track_id} is {error:.0f} px off")
            if result.index + 1 == most_frames:
                break


if __name__ == "__main__":
    try:
        main(sys.argv[1], *map(int, sys.argv[2:]))
    except UserError as error:
        sys.exit(f"error: {error}")
