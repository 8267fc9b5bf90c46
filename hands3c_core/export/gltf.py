"""A session's hands as an animated, skinned, textured GLB that any 3D program opens.

Frame of the file: glTF's (y up, z towards the viewer, metres); the pipeline's camera frame hangs
below a root node turned by half a turn about x, and the real camera is the file's camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import ROTATION_NAMES, ROTATION_PARENTS
from hands3c_core.errors import UserError
from hands3c_core.export.gltf_file import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GltfFile
from hands3c_core.export.hand_motion import HandMotion, MotionCollector, bone_offsets
from hands3c_core.export.hand_rig import HandRig, RigMotion, build_rig
from hands3c_core.export.results import LoggedFrame
from hands3c_core.hand_model import HandModelData, faces_for
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.types import Camera, FrameResult

_IMAGE_TYPES: Final = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}


@dataclass(frozen=True)
class GlbSummary:
    """What ``GlbRecorder.save`` wrote."""

    path: Path
    frames: int
    hands: int
    """Hand nodes in the file."""
    morph_targets: int
    """Over all hands."""
    bytes: int


class GlbRecorder:
    """Collects results, then writes one GLB.

    Each hand is a node with a 16-joint skeleton, skin weights, a texture and morph targets for the
    pose correctives (see ``hand_rig``). A hand that is not there is scaled to nothing by a stepped
    animation. A hand has one shape in the file: that of ``hand_motion.take_shape``.

    Args:
        model: the hand model the results were made with.
        texture: skin image (PNG or JPEG) to embed; None for a plain skin.
    """

    def __init__(self, model: HandModelData, texture: str | Path | None = None) -> None:
        if not model.is_right:
            raise ValueError("the recorder takes the right hand's model and mirrors it itself")
        self._model = model
        self._texture = texture
        self._collected = MotionCollector()

    @property
    def frames(self) -> int:
        """Frames added so far."""
        return len(self._collected)

    def add(self, frame: FrameResult | LoggedFrame) -> None:
        """Record a frame. Frames must come in order of time; one that does not is left out."""
        self._collected.add(frame)

    def save(self, path: str | Path) -> GlbSummary:
        """Write the file (whole or not at all); more frames may be added and saved again.

        Raises UserError if the skin cannot be read or the file not be written.
        """
        file = GltfFile("hands3c")
        root = file.add("nodes", {"name": "camera_frame", "rotation": [1.0, 0.0, 0.0, 0.0]})
        scene_nodes = [root]
        motions, times = self._collected.motions, self._collected.times
        if self._collected.camera is not None:
            scene_nodes.append(_add_camera(file, self._collected.camera))
        file.add("scenes", {"nodes": scene_nodes})
        file.document["scene"] = 0
        materials = self._add_materials(file) if motions else (0, 0)
        animation: dict[str, Any] = {"name": "session", "samplers": [], "channels": []}
        morphs, holders = 0, []
        for motion in motions:
            rig, moves = build_rig(
                self._model,
                motion.is_right,
                np.stack(motion.poses),
                motion.shape,
                np.stack(motion.translations),
                np.stack(motion.joints),
            )
            morphs += len(rig.morphs)
            writer = _HandWriter(file, self._model, motion, materials)
            holder, mesh = writer.add_rig(rig)
            holders.append(holder)
            scene_nodes.append(mesh)  # a skinned mesh follows its joints alone
            writer.animate(animation, moves, np.array(motion.frames), times)
        if holders:
            file.document["nodes"][root]["children"] = holders
        if animation["channels"]:
            file.document["animations"] = [animation]
        content = file.to_bytes()
        written = write_atomically(path, content)
        return GlbSummary(written, len(times), len(motions), morphs, len(content))

    def _add_materials(self, file: GltfFile) -> tuple[int, int]:
        surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 0.55}
        skin = dict(surface)
        if self._texture is not None and self._model.vt is not None:
            source = Path(self._texture)
            kind = _IMAGE_TYPES.get(source.suffix.lower())
            if kind is None:
                raise UserError(f"the skin {source} is neither PNG nor JPEG; convert it")
            try:
                content = source.read_bytes()
            except OSError as error:
                raise UserError(f"cannot read the skin {source}: {error.strerror}") from error
            image = file.add("images", {"bufferView": file.view(content), "mimeType": kind})
            sampler = file.add("samplers", {"magFilter": 9729, "minFilter": 9987})
            texture = file.add("textures", {"source": image, "sampler": sampler})
            skin["baseColorTexture"] = {"index": texture}
        else:
            skin["baseColorFactor"] = [0.56, 0.33, 0.23, 1.0]
        cap = {**surface, "baseColorFactor": [0.30, 0.13, 0.10, 1.0]}
        return (
            file.add("materials", {"name": "skin", "pbrMetallicRoughness": skin}),
            file.add("materials", {"name": "cap", "pbrMetallicRoughness": cap}),
        )


def _add_camera(file: GltfFile, camera: Camera) -> int:
    lens = {
        "yfov": float(2 * np.arctan(camera.height / (2 * camera.fy))),
        "aspectRatio": camera.width * camera.fy / (camera.height * camera.fx),
        "znear": 0.01,
        "zfar": 20.0,
    }
    index = file.add("cameras", {"type": "perspective", "perspective": lens})
    return file.add("nodes", {"name": "camera", "camera": index})


class _HandWriter:
    """Writes one hand's nodes, mesh, skin and animation channels."""

    def __init__(
        self,
        file: GltfFile,
        model: HandModelData,
        motion: HandMotion,
        materials: tuple[int, int],
    ) -> None:
        self._file = file
        self._model = model
        self._is_right = motion.is_right
        self._materials = materials
        self._name = motion.name

    def add_rig(self, rig: HandRig) -> tuple[int, int]:
        """Add skeleton, mesh and skin; the node to hang below the camera frame and the mesh's."""
        file = self._file
        first = len(file.document["nodes"])
        for joint, offset in enumerate(bone_offsets(rig.rest_joints)):
            node: dict[str, Any] = {
                "name": f"{self._name}_{ROTATION_NAMES[joint]}",
                "translation": offset.tolist(),
            }
            children = [first + k for k, p in enumerate(ROTATION_PARENTS) if p == joint]
            if children:
                node["children"] = children
            file.add("nodes", node)
        self._joints = list(range(first, first + len(ROTATION_PARENTS)))
        # The holder carries the visibility: the wrist joint's own scale stays free for users.
        self._holder = file.add("nodes", {"name": self._name, "children": [first]})
        inverse_bind = np.tile(np.eye(4, dtype=np.float32), (len(self._joints), 1, 1))
        inverse_bind[:, :3, 3] = -rig.rest_joints
        skin = file.add(
            "skins",
            {
                "name": self._name,
                "joints": self._joints,
                "skeleton": self._holder,
                "inverseBindMatrices": file.accessor(inverse_bind),
            },
        )
        mesh: dict[str, Any] = {"name": self._name, "primitives": self._primitives(rig)}
        if len(rig.morphs):
            mesh["weights"] = [0.0] * len(rig.morphs)
        node = {"name": f"{self._name}_mesh", "mesh": file.add("meshes", mesh), "skin": skin}
        self._mesh_node = file.add("nodes", node)
        return self._holder, self._mesh_node

    def _primitives(self, rig: HandRig) -> list[dict[str, Any]]:
        model, right = self._model, self._is_right
        owner: NDArray[Any]
        corners: NDArray[Any]
        faces = faces_for(model, right)
        normals = vertex_normals(rig.rest_vertices.astype(np.float32), faces)
        if model.vt is not None and model.ft is not None:
            # One vertex per texture coordinate: glTF has one index for all attributes.
            order = np.lexsort((np.arange(model.ft.size), model.ft.reshape(-1)))
            used, where = np.unique(model.ft.reshape(-1)[order], return_index=True)
            owner = np.zeros(len(model.vt), np.int64)
            owner[used] = model.faces.reshape(-1)[order][where]
            corners = model.ft if right else model.ft[:, ::-1]
            uv = np.stack([model.vt[:, 0], 1.0 - model.vt[:, 1]], axis=1).astype(np.float32)
        else:
            owner, corners, uv = np.arange(model.num_vertices), faces, None
        result = [self._primitive(rig, owner, corners, normals[owner], uv, self._materials[0])]
        cap = faces_for(model, right, cap=True)[len(faces) :]
        if len(cap):
            owner = cap.reshape(-1)
            a, b, c = (rig.rest_vertices[cap[:, k]] for k in range(3))
            flat = np.cross(b - a, c - a)
            flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
            corners = np.arange(len(owner)).reshape(-1, 3)
            flat = np.repeat(flat, 3, axis=0)
            result.append(self._primitive(rig, owner, corners, flat, None, self._materials[1]))
        return result

    def _primitive(
        self,
        rig: HandRig,
        owner: NDArray,
        corners: NDArray,
        normals: NDArray,
        uv: NDArray | None,
        material: int,
    ) -> dict[str, Any]:
        """A mesh primitive whose vertex k is the rig's vertex ``owner[k]``."""
        file = self._file

        def vertex_data(values: NDArray, dtype: Any = np.float32, bounds: bool = False) -> int:
            return file.accessor(values.astype(dtype), ARRAY_BUFFER, bounds)

        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = np.where(length > 0.5, normals, [[0.0, 0.0, 1.0]])
        weights = rig.weights[owner].astype(np.float32)
        # An unused influence must name joint 0, says the specification.
        joints = np.where(weights > 0, rig.influences[owner], 0)
        attributes = {
            "POSITION": vertex_data(rig.rest_vertices[owner], bounds=True),
            "NORMAL": vertex_data(normals),
            "JOINTS_0": vertex_data(joints, np.uint8),
            "WEIGHTS_0": vertex_data(weights / weights.sum(axis=1, keepdims=True)),
        }
        if uv is not None:
            attributes["TEXCOORD_0"] = vertex_data(uv)
        index = corners.reshape(-1).astype(np.uint16 if len(owner) < 65535 else np.uint32)
        primitive: dict[str, Any] = {
            "attributes": attributes,
            "indices": file.accessor(index, ELEMENT_ARRAY_BUFFER),
            "material": material,
        }
        if len(rig.morphs):
            primitive["targets"] = [
                {"POSITION": vertex_data(morph[owner], bounds=True)} for morph in rig.morphs
            ]
        return primitive

    def animate(
        self, animation: dict[str, Any], motion: RigMotion, frames: NDArray, times: NDArray
    ) -> None:
        """Add this hand's channels. ``frames`` (N,) are the frames it is seen in, of ``times``."""
        file = self._file
        seen_times = file.accessor(times[frames].astype(np.float32), bounds=True)

        def channel(node: int, path: str, clock: int, values: NDArray, how: str) -> None:
            animation["samplers"].append(
                {
                    "input": clock,
                    "output": file.accessor(values.astype(np.float32)),
                    "interpolation": how,
                }
            )
            animation["channels"].append(
                {
                    "sampler": len(animation["samplers"]) - 1,
                    "target": {"node": node, "path": path},
                }
            )

        channel(self._joints[0], "translation", seen_times, motion.root, "LINEAR")
        for joint, node in enumerate(self._joints):
            channel(node, "rotation", seen_times, motion.rotations[:, joint], "LINEAR")
        if motion.morph_weights.shape[1]:
            weights = motion.morph_weights.reshape(-1)
            channel(self._mesh_node, "weights", seen_times, weights, "LINEAR")
        visible = np.zeros(len(times), bool)
        visible[frames] = True
        if not visible.all():
            changes = np.concatenate([[0], np.nonzero(np.diff(visible))[0] + 1])
            clock = file.accessor(times[changes].astype(np.float32), bounds=True)
            scale = np.repeat(visible[changes].astype(np.float32)[:, None], 3, axis=1)
            channel(self._holder, "scale", clock, scale, "STEP")
