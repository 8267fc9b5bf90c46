"""What is rendered: the options of the synthetic data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from hands3c_core.errors import UserError


@dataclass(frozen=True)
class SyntheticConfig:
    """Options of ``SyntheticRenderer``. Equal options and seeds give equal samples."""

    size: int = 128
    """Side of the crops, px."""
    hand_model: str = "hand_mid"
    """A shipped hand (all share one parameter space); it needs texture coordinates."""
    backgrounds: str | None = None
    """Folder of hand-free pictures; None makes rooms up."""
    made_up_share: float = 0.15
    """Share of made-up rooms where there is a folder of pictures."""
    uniform_rotations: float = 0.35
    """Share of hands turned any way; the others are held as towards a webcam."""
    occluders: float = 0.25
    """Share of samples with a thing in or before the hand."""
    second_hand: float = 0.12
    """Share of samples with another hand nearby."""
    sleeves: float = 0.55
    """Share of forearms in a sleeve."""
    motion_blur: float = 0.2
    """Share of hands that move during the exposure."""
    dark: float = 0.0
    """Share of pictures taken in the dark: too little light, and the noise of a sensor that makes
    up for it."""
    crop_scale_low: float = 1.3
    """Least side of the crop over the joints' box (the published crop has 1.5)."""
    crop_scale_high: float = 1.8
    """Greatest side of the crop over the joints' box."""
    crop_shift: float = 0.06
    """Standard deviation of the crop's place, as a share of its side."""
    samples: int = 4
    """Samples per pixel: 1, 4 or 8."""
    shadows: bool = True
    """Soft shadows and occlusion."""
    clean: bool = False
    """No occluder, second hand, blur, noise or colour cast: to look at the hands themselves."""

    def check(self) -> SyntheticConfig:
        """The options themselves.

        Raises:
            UserError: one is out of range.
        """
        if not 32 <= self.size <= 1024:
            raise UserError(f"a crop size of {self.size} px is not possible: use 32 to 1024.")
        if self.samples not in (1, 4, 8):
            raise UserError(f"{self.samples} samples per pixel are not possible: use 1, 4 or 8.")
        if not 1.0 <= self.crop_scale_low <= self.crop_scale_high <= 6.0:
            raise UserError("the crop's scales must satisfy 1 <= low <= high <= 6.")
        shares = ("made_up_share", "uniform_rotations", "occluders", "second_hand", "sleeves")
        for name in (*shares, "dark"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise UserError(f"{name} is a share: use 0 to 1, not {value:g}.")
        if not 0.0 <= self.motion_blur <= 1.0 or not 0.0 <= self.crop_shift <= 0.5:
            raise UserError("motion_blur must be 0 to 1 and crop_shift 0 to 0.5.")
        return self

    @property
    def texture_size(self) -> int:
        """Side of the skins, px."""
        return 256 if self.size <= 160 else 512

    def to_json(self) -> str:
        """The options as JSON, without the background folder's place."""
        values = asdict(self)
        values["backgrounds"] = "folder" if self.backgrounds else None
        if not self.dark:  # what was rendered before there was the option is the same
            del values["dark"]
        return json.dumps(values, sort_keys=True)

    def fingerprint(self) -> str:
        """Ten letters that differ between options."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:10]
