"""The conventions every module shares. Nothing else may restate them.

* Lengths are metres. Angles are radians unless a name ends in ``_deg``.
* Camera frame: x right, y down, z forward (the OpenCV pinhole camera).
* Images are RGB uint8 arrays of shape (H, W, 3). A pixel's centre has integer coordinates, so the
  image covers [-0.5, W - 0.5] x [-0.5, H - 0.5].
* Hands have 21 joints in the order of ``JOINT_NAMES`` and 16 rotations in the order of
  ``ROTATION_NAMES`` (MANO's).
* ``pose`` is (16, 3) axis-angle: row 0 the global orientation, rows 1..15 relative to the hand
  model's mean pose (MANO's ``flat_hand_mean=False``).
* The model always sees a right hand: the crop of a left hand is mirrored, so ``pose`` and ``shape``
  describe the mirrored hand; vertices and joints are mirrored back (x negated) and the triangles'
  winding is flipped (``model_space``).
"""

from __future__ import annotations

from typing import Final

NUM_JOINTS: Final = 21
NUM_ROTATIONS: Final = 16
NUM_SHAPE: Final = 10

FINGER_NAMES: Final = ("thumb", "index", "middle", "ring", "little")

#: The 21 joints: the wrist, then each finger from its root (1) to its tip (4).
JOINT_NAMES: Final = (
    "wrist",
    *(f"{finger}{number}" for finger in FINGER_NAMES for number in range(1, 5)),
)

#: The 16 rotations of ``pose``, in MANO's order. Row k turns the joint of this name.
ROTATION_NAMES: Final = (
    "wrist",
    *(
        f"{finger}{number}"
        for finger in ("index", "middle", "little", "ring", "thumb")
        for number in range(1, 4)
    ),
)

#: Parent of each rotation in the kinematic tree, -1 for the root (MANO's ``kintree_table``).
ROTATION_PARENTS: Final = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)

#: Joint index (0..20) of each of the 16 rotations: ``joints[ROTATION_TO_JOINT[k]]`` is the point
#: about which rotation k turns.
ROTATION_TO_JOINT: Final = tuple(JOINT_NAMES.index(name) for name in ROTATION_NAMES)

#: Joint indices of the five fingertips, thumb to little.
TIP_JOINTS: Final = (4, 8, 12, 16, 20)

#: Joint indices that move with the palm alone: the wrist and the roots of the four fingers.
PALM_JOINTS: Final = (0, 5, 9, 13, 17)

#: Vertex indices of the fingertips on a 778-vertex mesh, thumb to little, as the published HandS3C
#: code and most of the field take them (another mesh carries its own ``fingertip_ids``).
MANO_TIP_VERTICES: Final = (745, 317, 444, 556, 673)

#: Parent joint of each of the 21 joints, -1 for the wrist.
JOINT_PARENTS: Final = (-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19)

#: The 20 bones as (parent joint, child joint).
BONES: Final = tuple((parent, child) for child, parent in enumerate(JOINT_PARENTS) if parent >= 0)

#: RGB colour of each finger for drawing, keyed like FINGER_NAMES; the wrist is drawn in white.
FINGER_COLORS: Final = {
    "thumb": (255, 128, 64),
    "index": (255, 214, 64),
    "middle": (96, 220, 96),
    "ring": (64, 176, 255),
    "little": (196, 112, 255),
}

#: Square crop side over the longer side of the 21 joints' bounding box (HandS3C's pre-processing).
CROP_SCALE: Final = 1.5
#: Side of the network's input crop in pixels.
CROP_SIZE: Final = 256

#: Horizontal field of view assumed when nothing is known about the camera, in degrees.
DEFAULT_FOV_DEG: Final = 60.0
