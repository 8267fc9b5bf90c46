"""Hands, arms, sleeves and things of a batch as meshes: ``forearm`` and ``occluders``, batched."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from hands3c_core.data.synthetic.batched.soup import MeshGroup, face_rings
from hands3c_core.data.synthetic.forearm import (
    BROAD,
    CLOTH_SIDES,
    CLOTH_STEPS,
    SKIN_STEPS,
    THIN,
    Forearm,
)
from hands3c_core.data.synthetic.occluders import SOLIDS
from hands3c_core.hand_model import HandLayer, HandModelData

Batch = dict[str, Tensor]


class Bodies(nn.Module):
    """Meshes from what ``packing.pack_scenes`` says of them.

    Args:
        model: the hand.
        forearm: its arm's topology.
    """

    def __init__(self, model: HandModelData, forearm: Forearm) -> None:
        super().__init__()
        self.layer = HandLayer(model)
        count = model.num_vertices + len(SKIN_STEPS) * len(forearm.ring)
        self._keep("skin", forearm.faces, count)
        self._keep("cloth", forearm.cloth_template.faces, CLOTH_STEPS * CLOTH_SIDES)
        for name, solid in SOLIDS.items():
            faces, points = solid()
            self._keep(name, faces, len(points))
            self.register_buffer(f"{name}_points", torch.tensor(points, dtype=torch.float32))
        self._constant("uv_faces", forearm.uv_faces.astype(np.int64))
        self._constant("ring", forearm.ring.astype(np.int64))
        self._constant("steps", SKIN_STEPS.astype(np.float32))
        self._constant("girth", np.stack([BROAD, THIN]).astype(np.float32))
        self._constant("spacing", (np.linspace(0, 1, CLOTH_STEPS) ** 2).astype(np.float32))
        angle = 2 * math.pi * np.arange(CLOTH_SIDES) / CLOTH_SIDES
        self._constant("angle", angle.astype(np.float32))
        # The first ring of cloth lies closest; folds deepen up the arm.
        deeper = np.minimum(1.0, 0.25 + 0.4 * np.arange(CLOTH_STEPS))
        self._constant("deeper", deeper.astype(np.float32))

    uv_faces: Tensor
    ring: Tensor
    steps: Tensor
    girth: Tensor
    spacing: Tensor
    angle: Tensor
    deeper: Tensor

    def _constant(self, name: str, array: np.ndarray) -> None:
        self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(array)), persistent=False)

    def _keep(self, name: str, faces: np.ndarray, count: int) -> None:
        corners = torch.from_numpy(faces.astype(np.int64))
        self.register_buffer(f"{name}_faces", corners, persistent=False)
        self.register_buffer(f"{name}_rings", face_rings(corners, count), persistent=False)

    def groups(self, batch: Batch, scenes: int, sleeves_first: int) -> list[MeshGroup]:
        """Meshes in the order in which ``SyntheticRenderer`` draws them: hands, their sleeves,
        second hands, their sleeves, things.

        Args:
            batch: the packed scenes.
            scenes: B.
            sleeves_first: how many of the sleeves belong to the first B people.
        """
        hands = self.layer(
            batch["person_pose"], batch["person_shape"], batch["person_translation"]
        ).vertices
        wrist = _Wrist(hands[:, self.ring], batch["person_elbow"])
        skin = torch.cat([hands, self._arm(wrist)], 1)
        worn = batch["sleeve_person"]
        cloth, folds = self._sleeve(wrist.take(worn), batch["sleeve_fit"], batch["sleeve_folds"])
        mirrored = batch["person_mirrored"]
        skin = _mirror(skin, mirrored, batch["person_offset"])
        cloth = _mirror(cloth, mirrored[worn], batch["person_offset"][worn])
        found = []
        for people, sleeves in (
            (slice(0, scenes), slice(0, sleeves_first)),
            (slice(scenes, None), slice(sleeves_first, None)),
        ):
            found.append(
                MeshGroup(
                    points=skin[people],
                    faces=self.get_buffer("skin_faces"),
                    rings=self.get_buffer("skin_rings"),
                    scene=batch["person_scene"][people],
                    color=batch["person_tint"][people],
                    gloss=batch["person_gloss"][people],
                    mirrored=mirrored[people],
                    skin=batch["person_skin"][people],
                    uv_faces=self.uv_faces,
                )
            )
            found.append(
                MeshGroup(
                    points=cloth[sleeves],
                    faces=self.get_buffer("cloth_faces"),
                    rings=self.get_buffer("cloth_rings"),
                    scene=batch["person_scene"][worn[sleeves]],
                    color=batch["sleeve_color"][sleeves],
                    gloss=batch["sleeve_gloss"][sleeves],
                    mirrored=mirrored[worn[sleeves]],
                    light=folds[sleeves],
                )
            )
        found += [self._things(batch, name) for name in SOLIDS]
        return [group for group in found if len(group.points)]

    def _things(self, batch: Batch, solid: str) -> MeshGroup:
        points = self.get_buffer(f"{solid}_points") @ batch[f"{solid}_axes"].mT
        return MeshGroup(
            points=points + batch[f"{solid}_centre"][:, None],
            faces=self.get_buffer(f"{solid}_faces"),
            rings=self.get_buffer(f"{solid}_rings"),
            scene=batch[f"{solid}_scene"],
            color=batch[f"{solid}_color"],
            gloss=batch[f"{solid}_gloss"],
            closed=True,
        )

    def _arm(self, wrist: _Wrist) -> Tensor:
        """(N, rings R, 3) points of the bare arm: see ``Forearm.skin``."""
        along, across = wrist.along, wrist.across
        half = torch.stack([along.abs().amax(1), across.abs().amax(1)], -1)[..., None]
        angle = torch.atan2(across / half[:, 1], along / half[:, 0])
        share = (self.steps / 0.3).clamp(max=1.0)[:, None]
        u = (1 - share) * along[:, None] + share * (torch.cos(angle) * half[:, 0])[:, None]
        w = (1 - share) * across[:, None] + share * (torch.sin(angle) * half[:, 1])[:, None]
        flat = along[..., None] * wrist.broad[:, None] + across[..., None] * wrist.thin[:, None]
        tilt = (wrist.offsets - flat)[:, None] * (1 - share)[..., None]
        points = wrist.middle(self.steps)[:, :, None] + tilt
        points = points + (u * self.girth[0][:, None])[..., None] * wrist.broad[:, None, None]
        points = points + (w * self.girth[1][:, None])[..., None] * wrist.thin[:, None, None]
        return points.flatten(1, 2)

    def _sleeve(self, wrist: _Wrist, fit: Tensor, folds: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, 3) points and (N, C) factors on their light: see ``Forearm.sleeve``."""
        step = fit[:, :1] + (2.25 - fit[:, :1]) * self.spacing
        girth = _interpolate(step, self.steps, self.girth)  # (2, N, rows)
        half = torch.stack([wrist.along.abs().amax(1), wrist.across.abs().amax(1)])[..., None]
        wide, high = half * girth + fit[:, 1:]
        waves, count = folds[:, None, None, :3], folds[:, None, None, 3]
        at, angle = step[..., None], self.angle
        fold = 0.10 * torch.sin(count * angle + waves[..., 0] + 9 * at) + 0.08 * torch.sin(
            25 * at + waves[..., 1] + torch.sin(angle + waves[..., 2])
        )
        fold = fold * self.deeper[:, None]
        swell = 1.14 + fold
        swell = torch.cat([swell[:, :1] - 0.06, swell[:, 1:]], 1)
        points = (
            wrist.middle(step)[:, :, None]
            + (wide[..., None] * swell * torch.cos(angle))[..., None] * wrist.broad[:, None, None]
            + (high[..., None] * swell * torch.sin(angle))[..., None] * wrist.thin[:, None, None]
        )
        return points.flatten(1, 2), (1.0 + 1.6 * fold).flatten(1)


class _Wrist:
    """Where N arms begin: see ``Forearm._wrist``.

    Args:
        ring: (N, R, 3) the wrist's outline.
        elbow: (N, 3).
    """

    def __init__(self, ring: Tensor, elbow: Tensor) -> None:
        self.elbow = elbow
        self.centre = ring.mean(1)
        self.offsets = ring - self.centre[:, None]
        axis = nn.functional.normalize(elbow - self.centre, dim=-1)
        flat = self.offsets - (self.offsets @ axis[..., None]) * axis[:, None]
        widest = (flat**2).sum(-1).argmax(1)
        broad = flat[torch.arange(len(flat), device=flat.device), widest]
        self.broad = nn.functional.normalize(broad, dim=-1)
        self.thin = torch.linalg.cross(axis, self.broad)
        self.along = (self.offsets @ self.broad[..., None])[..., 0]
        self.across = (self.offsets @ self.thin[..., None])[..., 0]

    def take(self, rows: Tensor) -> _Wrist:
        """Those of ``rows``."""
        chosen = _Wrist.__new__(_Wrist)
        for name, value in self.__dict__.items():
            setattr(chosen, name, value[rows])
        return chosen

    def middle(self, steps: Tensor) -> Tensor:
        """(N, K, 3) points at shares (K,) or (N, K) of the way to the elbow."""
        return self.centre[:, None] + steps[..., None] * (self.elbow - self.centre)[:, None]


def _mirror(points: Tensor, mirrored: Tensor, offset: Tensor) -> Tensor:
    """Points (N, V, 3), those of ``mirrored`` meshes with x negated, moved by ``offset``."""
    flip = torch.where(mirrored, -1.0, 1.0)
    x = points[..., :1] * flip[:, None, None]
    return torch.cat([x, points[..., 1:]], -1) + offset[:, None]


def _interpolate(x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Linear interpolation of ``values`` (C, K) given at ``places`` (K,), constant past the ends;
    (C, *x.shape)."""
    x = x.clamp(places[0], places[-1])
    after = torch.searchsorted(places, x.contiguous()).clamp(1, len(places) - 1)
    share = (x - places[after - 1]) / (places[after] - places[after - 1])
    return values[:, after - 1] + share * (values[:, after] - values[:, after - 1])
