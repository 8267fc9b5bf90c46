"""Many scenes as a few flat arrays, which travel to a device in one copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hands3c_core.data.synthetic.camera_effects import motion_kernel
from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.drawing import Person, Scene
from hands3c_core.data.synthetic.faults import CameraFaults
from hands3c_core.data.synthetic.lights import SKY
from hands3c_core.data.synthetic.occluders import SOLIDS
from hands3c_core.data.synthetic.renderer import flesh
from hands3c_core.render import Material
from hands3c_core.types import Camera

Arrays = dict[str, NDArray[Any]]

#: Arrays begin at multiples of this many bytes, so that any type may be viewed there.
_ALIGNMENT: Final = 16


@dataclass(frozen=True)
class _Row:
    """A person and the number of the scene it is in."""

    scene: int
    person: Person


def pack_scenes(scenes: list[Scene], config: SyntheticConfig) -> Arrays:
    """Everything that the device needs of B scenes.

    People are in order: the labelled hand of every scene, then the second hands. ``*_scene``,
    ``*_person`` say what a row belongs to. Units and frames are those of ``Scene``.
    """
    people = [_Row(n, scene.people[0]) for n, scene in enumerate(scenes)]
    people += [_Row(n, other) for n, scene in enumerate(scenes) for other in scene.people[1:]]
    arrays: Arrays = {
        "camera": np.array([_pinhole(scene.view.crop) for scene in scenes], np.float64),
        "lights": _floats([scene.lighting.lights for scene in scenes]),
        "ambient": _floats([scene.lighting.ambient for scene in scenes]),
        "wrap": _floats([scene.lighting.wrap for scene in scenes]),
        "towards": _floats([np.concatenate([scene.key[None], SKY]) for scene in scenes]),
        "key_share": _floats([scene.key_share for scene in scenes]),
        "background": np.stack([scene.background for scene in scenes]),
        "frame": np.array([scene.view.frame_pixels() for scene in scenes], np.int32),
    }
    arrays |= _pack_people(people)
    arrays |= _pack_sleeves(people)
    for solid in SOLIDS:
        arrays |= _pack_occluders(scenes, solid)
    arrays |= _pack_joints(scenes, config.size)
    faults = [scene.faults for scene in scenes]
    if not config.clean:
        arrays |= _pack_faults([f for f in faults if f is not None], config.size)
    return arrays


def _floats(rows: Any) -> NDArray[np.float32]:
    return np.ascontiguousarray(rows, np.float32)


def _pinhole(camera: Camera) -> tuple[float, float, float, float]:
    return camera.fx, camera.fy, camera.cx, camera.cy


def _gloss(material: Material) -> tuple[float, float, float]:
    return material.specular, material.shininess_log2, material.rim


def _pack_people(people: list[_Row]) -> Arrays:
    rows = [row.person for row in people]
    zero = np.zeros(3, np.float32)
    return {
        "person_scene": np.array([row.scene for row in people], np.int64),
        "person_pose": _floats([p.pose for p in rows]),
        "person_shape": _floats([p.shape for p in rows]),
        "person_translation": _floats([p.translation for p in rows]),
        "person_elbow": _floats([p.elbow for p in rows]),
        "person_mirrored": np.array([p.mirrored for p in rows], np.bool_),
        "person_offset": _floats([zero if p.offset is None else p.offset for p in rows]),
        "person_skin": np.array([p.skin for p in rows], np.int64),
        "person_tint": _floats([p.material.base_color for p in rows]),
        "person_gloss": _floats([_gloss(p.material) for p in rows]),
    }


def _pack_sleeves(people: list[_Row]) -> Arrays:
    sleeves = [(n, row.person.sleeve) for n, row in enumerate(people)]
    worn = [(n, sleeve) for n, sleeve in sleeves if sleeve is not None]
    return {
        "sleeve_person": np.array([n for n, _ in worn], np.int64),
        "sleeve_fit": _floats([(s.start, s.looseness) for _, s in worn]).reshape(-1, 2),
        "sleeve_folds": _floats([(*s.waves, s.folds) for _, s in worn]).reshape(-1, 4),
        "sleeve_color": _floats([s.material.plain_color for _, s in worn]).reshape(-1, 3),
        "sleeve_gloss": _floats([_gloss(s.material) for _, s in worn]).reshape(-1, 3),
    }


def _pack_occluders(scenes: list[Scene], solid: str) -> Arrays:
    things = [(n, scene.occluder) for n, scene in enumerate(scenes)]
    held = [(n, thing) for n, thing in things if thing is not None and thing.solid == solid]
    return {
        f"{solid}_scene": np.array([n for n, _ in held], np.int64),
        f"{solid}_axes": _floats([thing.turn * thing.half for _, thing in held]).reshape(-1, 3, 3),
        f"{solid}_centre": _floats([thing.centre for _, thing in held]).reshape(-1, 3),
        f"{solid}_color": _floats([t.material.plain_color for _, t in held]).reshape(-1, 3),
        f"{solid}_gloss": _floats([_gloss(t.material) for _, t in held]).reshape(-1, 3),
    }


def _pack_joints(scenes: list[Scene], size: int) -> Arrays:
    """The pixel of each joint, whether it is in the picture, and the depth that its skin may have
    at most."""
    pixels, inside, depth = [], [], []
    for scene in scenes:
        joints = scene.people[0].joints
        xy = np.round(scene.joints_2d).astype(np.int64)
        seen = ((xy >= 0) & (xy < size)).all(axis=1)
        inside.append(seen & scene.joints_in_frame())
        pixels.append(np.clip(xy, 0, size - 1))
        depth.append(joints[:, 2] - flesh(joints))
    return {
        "joint_pixel": np.array(pixels, np.int64),
        "joint_inside": np.array(inside, np.bool_),
        "joint_depth": _floats(depth),
    }


def _pack_faults(faults: list[CameraFaults], size: int) -> Arrays:
    moved = [(n, motion_kernel(*f.motion)) for n, f in enumerate(faults) if f.motion is not None]
    widest = max((len(kernel) for _, kernel in moved), default=1)
    kernels = np.zeros((len(moved), widest, widest), np.float32)
    for row, (_, kernel) in zip(kernels, moved, strict=True):
        rim = (widest - len(kernel)) // 2
        row[rim : rim + len(kernel), rim : rim + len(kernel)] = kernel
    noisy = [(n, f) for n, f in enumerate(faults) if f.noise is not None]
    # Half precision: an error of 0.02 grey levels at most, and half the bytes to send.
    noise = np.empty((len(noisy), size, size, 3), np.float16)
    for place, (_, f) in zip(noise, noisy, strict=True):
        place[...] = f.noise
    grade = [(*f.gains, f.gamma, f.contrast, f.saturation) for f in faults]
    return {
        "moved_scene": np.array([n for n, _ in moved], np.int64),
        "moved_kernel": kernels,
        "lens": _floats([(f.blur, f.source_side) for f in faults]),
        "grade": _floats(grade),
        "noise_scene": np.array([n for n, _ in noisy], np.int64),
        "noise": noise,
        "noise_strength": _floats([f.noise_strength for _, f in noisy]),
        "noise_smoothed": np.array([f.noise_smoothed for _, f in noisy], np.bool_),
        "jpeg_quality": np.array([f.jpeg_quality for f in faults], np.int64),
    }


def upload(arrays: Arrays, device: torch.device) -> dict[str, Tensor]:
    """The arrays on a device: laid one after the other in pinned memory (where the device is a
    GPU), sent as one block without waiting, and viewed there."""
    places, total = {}, 0
    for name, array in arrays.items():
        places[name] = total
        total += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
    block = torch.empty(total, dtype=torch.uint8, pin_memory=device.type == "cuda")
    host = block.numpy()
    for name, array in arrays.items():
        start = places[name]
        room = host[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        room[...] = array
    sent = block.to(device, non_blocking=True)
    return {
        name: sent[places[name] : places[name] + array.nbytes]
        .view(_TORCH_TYPES[array.dtype])
        .view(array.shape)
        for name, array in arrays.items()
    }


_TORCH_TYPES: Final[dict[Any, torch.dtype]] = {
    np.dtype(np.float64): torch.float64,
    np.dtype(np.float32): torch.float32,
    np.dtype(np.float16): torch.float16,
    np.dtype(np.int64): torch.int64,
    np.dtype(np.int32): torch.int32,
    np.dtype(np.uint8): torch.uint8,
    np.dtype(np.bool_): torch.bool,
}
