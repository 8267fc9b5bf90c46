"""Make the bundled clip ``assets/demo.mp4`` and say how well the hand detector sees it.

hands3c make-demo-clip --out assets/demo.mp4            make and check
hands3c make-demo-clip --out assets/demo.mp4 --no-make  only check what is there
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from rich.console import Console
from rich.progress import track

MODES: Final[tuple[Literal["video", "image"], ...]] = ("video", "image")


@dataclass
class Options:
    """Make the bundled clip from the hand model, and check it with the hand detector."""

    out: Path = Path("demo.mp4")
    """The video."""
    seed: int = 7
    """Room, cloth, tremor and noise."""
    fps: int = 30
    """Frames per second."""
    make: bool = True
    """Render the clip (else only check it)."""
    check: bool = True
    """Run the hand detector over it."""
    stills: Path | None = None
    """Folder for a PNG of every second, to look at."""


def run(options: Options) -> None:
    """Make and check as asked."""
    console = Console()
    import cv2

    from hands3c_core.assets import asset_path
    from hands3c_core.demo.check import check_clip
    from hands3c_core.demo.clip import HEIGHT, WIDTH, DemoClip
    from hands3c_core.export.video import VideoWriter
    from hands3c_core.hand_model import load_hand_model

    skin = asset_path("hand/hand_skin_1024.jpg")
    clip = DemoClip(load_hand_model("hand_high"), skin, options.seed)
    if options.make:
        count = round(clip.duration * options.fps)
        writer = VideoWriter(options.out, (WIDTH, HEIGHT), options.fps, quality=19, preset="slow")
        try:
            for n in track(range(count), "Rendering", console=console):
                image = clip.frame(n / options.fps)
                writer.write(image, n / options.fps)
                if options.stills is not None and n % options.fps == 0:
                    options.stills.mkdir(parents=True, exist_ok=True)
                    still = options.stills / f"{n // options.fps:02d}.png"
                    cv2.imwrite(str(still), image[:, :, ::-1])
        finally:
            writer.close()
        print(f"{options.out}: {count} frames, {options.out.stat().st_size / 1e6:.2f} MB")
    if options.check:
        for mode in MODES:
            result = check_clip(options.out, clip, mode)
            console.print(
                f"Detector, {mode} mode, {result.frames} frames: at least one hand in "
                f"{result.any_hand:.1%}, both in {result.both_hands:.1%} (right "
                f"{result.right:.1%}, left {result.left:.1%}); landmarks {result.error_px:.1f} px "
                "from the truth"
            )
            for side, times in result.missed.items():
                if times:
                    console.print(f"  {side} hand missed at {times} s", soft_wrap=True)
