"""A take's hands as animated, skinned, textured USD, packed as one ``.usdz`` (UsdSkel).

Frame of the file: y up, z towards the viewer, metres; the pipeline's camera frame hangs below a
root turned by half a turn about x, as in the GLB. Needs the package usd-core.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import ROTATION_NAMES, ROTATION_PARENTS
from hands3c_core.errors import UserError
from hands3c_core.export.hand_motion import HandMotion, MotionCollector, bone_offsets
from hands3c_core.export.hand_rig import HandRig, RigMotion, build_rig
from hands3c_core.export.results import LoggedFrame
from hands3c_core.hand_model import HandModelData, faces_for
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.render.render_mesh import render_mesh

_ROOT: Final = "/hands"
_USUAL_RATE: Final = 30.0


def _joint_paths() -> list[str]:
    """'wrist', 'wrist/index1', 'wrist/index1/index2', ... in the order of ``ROTATION_NAMES``."""
    paths: list[str] = []
    for name, parent in zip(ROTATION_NAMES, ROTATION_PARENTS, strict=True):
        paths.append(name if parent < 0 else f"{paths[parent]}/{name}")
    return paths


class UsdRecorder:
    """Collects a take, then writes one ``.usdz``: a skeleton, a skinned mesh with the skin and
    blend shapes for the pose correctives per hand, as in the GLB. A hand that is away is invisible.

    Args:
        model: the (right) hand model the results were made with.
        texture: skin image to pack; None for a plain skin.
    """

    def __init__(self, model: HandModelData, texture: str | Path | None = None) -> None:
        self._model = model
        self._texture = None if texture is None else Path(texture)
        self._collected = MotionCollector()

    def add(self, frame: LoggedFrame) -> None:
        """Add a frame, in order of time."""
        self._collected.add(frame)

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; raises UserError if it cannot be written."""
        from pxr import UsdUtils

        with tempfile.TemporaryDirectory() as folder:
            layer, package = Path(folder) / "hands.usdc", Path(folder) / "hands.usdz"
            if self._texture is not None:
                try:
                    skin = self._texture.read_bytes()
                except OSError as error:
                    raise UserError(
                        f"cannot read the skin {self._texture}: {error.strerror}"
                    ) from error
                (layer.parent / f"skin{self._texture.suffix}").write_bytes(skin)
            self._write_stage(layer)
            if not UsdUtils.CreateNewUsdzPackage(str(layer), str(package)):
                raise UserError(f"{Path(path).name} was not written: USD could not pack it")
            return write_atomically(path, package.read_bytes())

    def _write_stage(self, layer: Path) -> None:
        from pxr import Gf, Usd, UsdGeom

        times = self._collected.times
        stage = Usd.Stage.CreateNew(str(layer))
        UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
        UsdGeom.SetStageMetersPerUnit(stage, 1.0)
        period = float(np.median(np.diff(times))) if len(times) > 1 else 1.0 / _USUAL_RATE
        rate = max(1.0, round(1.0 / period)) if period > 0 else _USUAL_RATE
        stage.SetTimeCodesPerSecond(rate)
        stage.SetFramesPerSecond(rate)
        stage.SetStartTimeCode(0.0)
        stage.SetEndTimeCode(float(times[-1] * rate) if len(times) else 0.0)
        root = UsdGeom.Xform.Define(stage, _ROOT)
        stage.SetDefaultPrim(root.GetPrim())
        root.AddRotateXYZOp().Set(Gf.Vec3f(180.0, 0.0, 0.0))
        Usd.ModelAPI(root.GetPrim()).SetKind("component")
        if self._collected.motions:
            materials = _add_materials(stage, self._texture, self._model)
            for motion in self._collected.motions:
                rig, moves = build_rig(
                    self._model,
                    motion.is_right,
                    np.stack(motion.poses),
                    motion.shape,
                    np.stack(motion.translations),
                    np.stack(motion.joints),
                )
                hand = _UsdHand(stage, self._model, motion, rate)
                hand.add(rig, moves, materials, times)
        stage.GetRootLayer().Save()


def _add_materials(stage: Any, texture: Path | None, model: HandModelData) -> tuple[Any, Any]:
    """The skin's and the cap's."""
    from pxr import Gf, Sdf, UsdShade

    def surface(name: str, color: tuple[float, float, float]) -> tuple[Any, Any]:
        path = f"{_ROOT}/materials/{name}"
        material = UsdShade.Material.Define(stage, path)
        shader = UsdShade.Shader.Define(stage, f"{path}/surface")
        shader.CreateIdAttr("UsdPreviewSurface")
        shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(0.55)
        shader.CreateInput("metallic", Sdf.ValueTypeNames.Float).Set(0.0)
        shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).Set(Gf.Vec3f(*color))
        material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
        return material, shader

    stage.DefinePrim(f"{_ROOT}/materials", "Scope")
    skin, shader = surface("skin", (0.56, 0.33, 0.23))
    if texture is not None and model.vt is not None:
        path = f"{_ROOT}/materials/skin"
        reader = UsdShade.Shader.Define(stage, f"{path}/st")
        reader.CreateIdAttr("UsdPrimvarReader_float2")
        reader.CreateInput("varname", Sdf.ValueTypeNames.String).Set("st")
        image = UsdShade.Shader.Define(stage, f"{path}/image")
        image.CreateIdAttr("UsdUVTexture")
        file = image.CreateInput("file", Sdf.ValueTypeNames.Asset)
        file.Set(Sdf.AssetPath(f"./skin{texture.suffix}"))
        image.CreateInput("sourceColorSpace", Sdf.ValueTypeNames.Token).Set("sRGB")
        image.CreateInput("wrapS", Sdf.ValueTypeNames.Token).Set("clamp")
        image.CreateInput("wrapT", Sdf.ValueTypeNames.Token).Set("clamp")
        result = reader.CreateOutput("result", Sdf.ValueTypeNames.Float2)
        image.CreateInput("st", Sdf.ValueTypeNames.Float2).ConnectToSource(result)
        color = image.CreateOutput("rgb", Sdf.ValueTypeNames.Float3)
        shader.GetInput("diffuseColor").ConnectToSource(color)
    return skin, surface("cap", (0.30, 0.13, 0.10))[0]


class _UsdHand:
    """Writes one hand: SkelRoot, skeleton, animation and mesh."""

    def __init__(self, stage: Any, model: HandModelData, motion: HandMotion, rate: float) -> None:
        self._stage = stage
        self._model = model
        self._motion = motion
        self._rate = rate
        self._path = f"{_ROOT}/{motion.name}"

    def add(
        self,
        rig: HandRig,
        moves: RigMotion,
        materials: tuple[Any, Any],
        times: NDArray[np.float64],
    ) -> None:
        """Add all of it; ``times`` (N,) s are those of the take's frames."""
        from pxr import UsdSkel

        root = UsdSkel.Root.Define(self._stage, self._path)
        self._visibility(root, times)
        skeleton = self._skeleton(rig)
        animation = self._animation(rig, moves, times)
        binding = UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
        binding.CreateAnimationSourceRel().SetTargets([animation.GetPath()])
        mesh = self._mesh(rig, materials)
        skinned = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
        skinned.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
        self._skin(skinned, rig)
        root.CreateExtentAttr(_extent(rig.rest_vertices + moves.root.mean(axis=0)))

    def _visibility(self, root: Any, times: NDArray[np.float64]) -> None:
        visible = np.zeros(len(times), bool)
        visible[self._motion.frames] = True
        if visible.all():
            return
        attribute = root.CreateVisibilityAttr()
        changes = np.concatenate([[0], np.nonzero(np.diff(visible))[0] + 1])
        for frame in changes:
            value = "inherited" if visible[frame] else "invisible"
            attribute.Set(value, float(times[frame] * self._rate))

    def _skeleton(self, rig: HandRig) -> Any:
        from pxr import Gf, UsdSkel

        skeleton = UsdSkel.Skeleton.Define(self._stage, f"{self._path}/skeleton")
        skeleton.CreateJointsAttr(_joint_paths())
        skeleton.CreateJointNamesAttr([f"{self._motion.name}_{name}" for name in ROTATION_NAMES])

        def moved(places: NDArray[np.float64]) -> list[Any]:
            return [Gf.Matrix4d(1.0).SetTranslate(Gf.Vec3d(*place)) for place in places.tolist()]

        skeleton.CreateBindTransformsAttr(moved(rig.rest_joints))
        skeleton.CreateRestTransformsAttr(moved(bone_offsets(rig.rest_joints)))
        return skeleton

    def _animation(self, rig: HandRig, moves: RigMotion, times: NDArray[np.float64]) -> Any:
        from pxr import Gf, UsdSkel, Vt

        animation = UsdSkel.Animation.Define(self._stage, f"{self._path}/animation")
        animation.CreateJointsAttr(_joint_paths())
        animation.CreateScalesAttr(Vt.Vec3hArray(len(ROTATION_NAMES), Gf.Vec3h(1.0, 1.0, 1.0)))
        translations, rotations = (
            animation.CreateTranslationsAttr(),
            animation.CreateRotationsAttr(),
        )
        names = [f"corrective{k}" for k in range(len(rig.morphs))]
        weights = None
        if names:
            animation.CreateBlendShapesAttr(names)
            weights = animation.CreateBlendShapeWeightsAttr()
        offsets = bone_offsets(rig.rest_joints)
        for row, frame in enumerate(self._motion.frames):
            code = float(times[frame] * self._rate)
            offsets[0] = moves.root[row]
            translations.Set(Vt.Vec3fArray.FromNumpy(offsets.astype(np.float32)), code)
            turns = [Gf.Quatf(w, x, y, z) for x, y, z, w in moves.rotations[row].tolist()]
            rotations.Set(Vt.QuatfArray(turns), code)
            if weights is not None:
                values = np.ascontiguousarray(moves.morph_weights[row], np.float32)
                weights.Set(Vt.FloatArray.FromNumpy(values), code)
        return animation

    def _mesh(self, rig: HandRig, materials: tuple[Any, Any]) -> Any:
        from pxr import Sdf, UsdGeom, UsdShade, Vt

        model, right = self._model, self._motion.is_right
        skin = faces_for(model, right)
        faces = faces_for(model, right, cap=True)
        cap = np.arange(len(skin), len(faces), dtype=np.int32)
        normals = vertex_normals(rig.rest_vertices.astype(np.float32), skin)
        mesh = UsdGeom.Mesh.Define(self._stage, f"{self._path}/mesh")
        mesh.CreateSubdivisionSchemeAttr("none")
        mesh.CreatePointsAttr(_vectors(rig.rest_vertices))
        mesh.CreateExtentAttr(_extent(rig.rest_vertices))
        mesh.CreateFaceVertexCountsAttr(Vt.IntArray(len(faces), 3))
        mesh.CreateFaceVertexIndicesAttr(_integers(faces))
        mesh.CreateNormalsAttr(_vectors(normals))
        mesh.SetNormalsInterpolation("vertex")
        layout = render_mesh(model, right)
        if layout.uv is not None:
            api = UsdGeom.PrimvarsAPI(mesh)
            kind = Sdf.ValueTypeNames.TexCoord2fArray
            coordinates = api.CreatePrimvar("st", kind, "faceVarying")
            coordinates.Set(Vt.Vec2fArray.FromNumpy(np.ascontiguousarray(layout.uv, np.float32)))
            coordinates.SetIndices(_integers(layout.all_faces))
        UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(materials[0])
        if len(cap):
            parts = (
                ("skin", np.arange(len(skin), dtype=np.int32), materials[0]),
                ("cap", cap, materials[1]),
            )
            for name, numbers, material in parts:
                subset = UsdGeom.Subset.CreateGeomSubset(
                    mesh, name, "face", _integers(numbers), "materialBind", "partition"
                )
                UsdShade.MaterialBindingAPI.Apply(subset.GetPrim()).Bind(material)
        return mesh

    def _skin(self, binding: Any, rig: HandRig) -> None:
        from pxr import Gf, UsdSkel, Vt

        count = rig.influences.shape[1]
        binding.CreateJointIndicesPrimvar(False, count).Set(_integers(rig.influences))
        weights = np.ascontiguousarray(rig.weights.reshape(-1), np.float32)
        binding.CreateJointWeightsPrimvar(False, count).Set(Vt.FloatArray.FromNumpy(weights))
        binding.CreateGeomBindTransformAttr(Gf.Matrix4d(1.0))
        names, targets = [], []
        for k, morph in enumerate(rig.morphs):
            shape = UsdSkel.BlendShape.Define(self._stage, f"{self._path}/mesh/corrective{k}")
            shape.CreateOffsetsAttr(_vectors(morph))
            shape.CreateNormalOffsetsAttr(_vectors(np.zeros_like(morph)))
            names.append(f"corrective{k}")
            targets.append(shape.GetPath())
        if names:
            binding.CreateBlendShapesAttr(names)
            binding.CreateBlendShapeTargetsRel().SetTargets(targets)


def _vectors(values: NDArray[Any]) -> Any:
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(values, np.float32))


def _integers(values: NDArray[Any]) -> Any:
    from pxr import Vt

    return Vt.IntArray.FromNumpy(np.ascontiguousarray(values.reshape(-1), np.int32))


def _extent(points: NDArray[Any]) -> Any:
    return _vectors(np.stack([points.min(axis=0), points.max(axis=0)]))
