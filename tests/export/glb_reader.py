"""Reads a GLB by the letter of the specification."""

from __future__ import annotations

import json
import struct

import numpy as np


class Glb:
    """A GLB parsed by the letter of the specification, enough to pose its hands."""

    def __init__(self, content: bytes) -> None:
        magic, version, length = struct.unpack_from("<III", content)
        assert (magic, version, length) == (0x46546C67, 2, len(content))
        size, kind = struct.unpack_from("<II", content, 12)
        assert kind == 0x4E4F534A
        assert size % 4 == 0
        self.doc = json.loads(content[20 : 20 + size])
        self.binary = b""
        if 20 + size < len(content):
            binary_size, kind = struct.unpack_from("<II", content, 20 + size)
            assert kind == 0x004E4942
            assert binary_size % 4 == 0
            self.binary = content[28 + size : 28 + size + binary_size]
            assert self.doc["buffers"][0]["byteLength"] == len(self.binary)

    def array(self, index: int) -> np.ndarray:
        item = self.doc["accessors"][index]
        view = self.doc["bufferViews"][item["bufferView"]]
        dtype = {5126: "<f4", 5125: "<u4", 5123: "<u2", 5121: "u1"}[item["componentType"]]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[item["type"]]
        assert view["byteOffset"] % np.dtype(dtype).itemsize == 0
        assert view["byteOffset"] + view["byteLength"] <= len(self.binary)
        values = np.frombuffer(self.binary, dtype, item["count"] * width, view["byteOffset"])
        assert values.nbytes == view["byteLength"]
        values = values.reshape(item["count"], width)
        if "min" in item:
            np.testing.assert_allclose(values.min(axis=0), item["min"], rtol=1e-6)
            np.testing.assert_allclose(values.max(axis=0), item["max"], rtol=1e-6)
        return values

    def sample(self, node: int, path: str, time: float):
        """Value of an animated property (nearest key frame, held; steps as steps)."""
        for animation in self.doc.get("animations", []):
            for channel in animation["channels"]:
                if channel["target"] == {"node": node, "path": path}:
                    sampler = animation["samplers"][channel["sampler"]]
                    times = self.array(sampler["input"])[:, 0]
                    assert (np.diff(times) > 0).all()
                    values = self.array(sampler["output"]).reshape(len(times), -1)
                    if sampler["interpolation"] == "STEP":
                        return values[np.searchsorted(times, time + 1e-6, side="right") - 1]
                    return values[np.abs(times - time).argmin()]
        return None

    def local(self, node: int, time: float) -> np.ndarray:
        item = self.doc["nodes"][node]

        def value(path: str, default: list[float]) -> np.ndarray:
            animated = self.sample(node, path, time)
            return np.array(item.get(path, default)) if animated is None else animated

        x, y, z, w = value("rotation", [0, 0, 0, 1])
        turn = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        matrix = np.eye(4)
        matrix[:3, :3] = turn * value("scale", [1, 1, 1])
        matrix[:3, 3] = value("translation", [0, 0, 0])
        return matrix

    def world(self, node: int, time: float) -> np.ndarray:
        matrix = self.local(node, time)
        for parent, item in enumerate(self.doc["nodes"]):
            if node in item.get("children", []):
                return self.world(parent, time) @ matrix
        return matrix

    def posed(self, node: int, primitive: int, time: float) -> np.ndarray:
        """(V, 3) skinned vertices of a mesh node, in the file's world."""
        item = self.doc["nodes"][node]
        part = self.doc["meshes"][item["mesh"]]["primitives"][primitive]
        points = self.array(part["attributes"]["POSITION"]).astype(float)
        morph = self.sample(node, "weights", time)
        for k, target in enumerate(part.get("targets", [])):
            assert morph is not None
            points = points + morph[k] * self.array(target["POSITION"])
        skin = self.doc["skins"][item["skin"]]
        inverse = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        joints = np.stack([self.world(j, time) @ inverse[k] for k, j in enumerate(skin["joints"])])
        index = self.array(part["attributes"]["JOINTS_0"])
        weights = self.array(part["attributes"]["WEIGHTS_0"])
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
        homogeneous = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        blended = np.einsum("vk,vkij->vij", weights, joints[index])
        return np.einsum("vij,vj->vi", blended, homogeneous)[:, :3]


def mesh_nodes(glb: Glb) -> list[int]:
    return [k for k, node in enumerate(glb.doc["nodes"]) if "mesh" in node]
