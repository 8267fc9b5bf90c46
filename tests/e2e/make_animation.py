"""Makes the README's moving picture: the real pipeline on the bundled clip, both views.

python tests/e2e/make_animation.py
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from hands3c_core.assets import asset_path  # noqa: E402
from hands3c_core.pipeline import HandMeshPipeline  # noqa: E402
from hands3c_core.render import HandScene, OverlayStyle, SceneHand, draw_overlay  # noqa: E402  # noqa: E402
from hands3c_core.sources import open_source  # noqa: E402
from hands3c_core.types import FrameResult  # noqa: E402

OUT = ROOT / "docs" / "img" / "demo.webp"
PANEL = (440, 330)
#: Part of the clip, s, and every how many of its frames.
START, END, STRIDE = 2.6, 10.2, 3
ORBIT_PX = 130


def main() -> None:
    pipeline = HandMeshPipeline()
    scene = HandScene(pipeline.render_mesh, supersample=2)
    scene.open(PANEL)
    scene.zoom(3.0)
    pictures = []
    with open_source(asset_path("demo.mp4")) as source:
        rate = source.fps / STRIDE
        while (frame := source.read()) is not None and frame.timestamp < END:
            result = pipeline.process(frame)
            if frame.timestamp >= START and frame.index % STRIDE == 0:
                pictures.append(picture(result, pipeline, scene, len(pictures)))
    scene.close()
    pipeline.close()
    write_webp(pictures, rate)
    print(f"{OUT}: {len(pictures)} pictures, {OUT.stat().st_size / 2**20:.2f} MB")


def picture(
    result: FrameResult, pipeline: HandMeshPipeline, scene: HandScene, number: int
) -> np.ndarray:
    """The overlay beside the 3D view, which swings gently to and fro."""
    image = result.frame.image
    style = OverlayStyle(skeleton=number % 50 >= 25, labels=True)
    left = draw_overlay(image, result, style, pipeline.render_mesh)
    scene.set_hands([SceneHand(h.is_right, h.vertices, h.joints_3d) for h in result.hands])
    swing = ORBIT_PX * (np.sin(0.1 * (number + 1)) - np.sin(0.1 * number))
    scene.orbit(float(swing), 0.0)
    left = cv2.resize(left, PANEL, interpolation=cv2.INTER_AREA)
    return np.hstack([left, scene.render()])


def write_webp(pictures: list[np.ndarray], rate: float) -> None:
    height, width = pictures[0].shape[:2]
    with av.open(str(OUT), "w", format="webp", options={"loop": "0"}) as container:
        stream = container.add_stream("libwebp_anim", rate=Fraction(rate).limit_denominator(100))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"quality": "80", "compression_level": "6"}
        for image in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
