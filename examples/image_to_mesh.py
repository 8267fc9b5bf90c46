"""A picture in, an OBJ with skin and a picture with the overlay out.

python examples/image_to_mesh.py photo.jpg hands.obj
"""

import sys
from pathlib import Path

import cv2

from hands3c_core import HandMeshPipeline, UserError, draw_overlay, write_obj


def main(picture: str, mesh: str) -> None:
    image = cv2.imread(picture)
    if image is None:
        raise UserError(f"{picture} is no picture that can be read.")
    # Pictures that have nothing to do with one another: nothing is followed or smoothed.
    with HandMeshPipeline("auto", mode="image") as pipeline:
        result = pipeline(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    for hand in result.hands:
        side = "right" if hand.is_right else "left"
        print(f"{side} hand, {hand.joints_3d[0, 2]:.2f} m away, {len(hand.vertices)} vertices")
    written = write_obj(mesh, result)
    overlay = Path(mesh).with_suffix(".png")
    drawn = draw_overlay(result.frame.image, result)
    cv2.imwrite(str(overlay), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
    print("wrote", *(file.name for file in [*written, overlay]))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except UserError as error:
        sys.exit(f"error: {error}")
