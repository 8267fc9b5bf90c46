"""The USD file, posed by USD's own skinning and checked by its own validators."""

from __future__ import annotations

import numpy as np
import pytest
from sample_hands import make_result

from hands3c_core.export import ResultLog, convert_take

pxr = pytest.importorskip("pxr", reason="usd-core is not installed (extra 'export')")


@pytest.fixture(scope="module")
def package(tmp_path_factory, session, model):
    folder = tmp_path_factory.mktemp("usd")
    with ResultLog(folder / "take.jsonl", hand_model=model, estimator="landmarks") as log:
        for result in session:
            log.write(result)
    (file,) = convert_take(log.path, ["usdz"]).files
    assert sorted(entry.name for entry in folder.iterdir()) == ["take.jsonl", "take.usdz"]
    return file


@pytest.fixture(scope="module")
def stage(package):
    from pxr import Usd

    return Usd.Stage.Open(str(package))


def skinned_points(stage, name: str, code: float) -> np.ndarray:
    """(V, 3) what USD shows of a hand, in the file's world."""
    from pxr import Gf, UsdGeom, UsdSkel, Vt

    root = UsdSkel.Root(stage.GetPrimAtPath(f"/hands/{name}"))
    mesh = stage.GetPrimAtPath(f"/hands/{name}/mesh")
    cache = UsdSkel.Cache()
    cache.Populate(root, pxr.Usd.PrimDefaultPredicate)
    skeleton = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath(f"/hands/{name}/skeleton")))
    query = cache.GetSkinningQuery(mesh)
    assert query
    points = np.array(UsdGeom.Mesh(mesh).GetPointsAttr().Get(), float)
    weights = skeleton.GetAnimQuery().ComputeBlendShapeWeights(code)
    for weight, child in zip(
        weights, UsdSkel.BindingAPI(mesh).GetBlendShapeTargetsRel().GetTargets(), strict=True
    ):
        offsets = UsdSkel.BlendShape(stage.GetPrimAtPath(child)).GetOffsetsAttr().Get()
        points = points + weight * np.array(offsets, float)
    transforms = skeleton.ComputeSkinningTransforms(code)
    moved = Vt.Vec3fArray.FromNumpy(points.astype(np.float32))
    assert query.ComputeSkinnedPoints(transforms, moved, code)
    world = UsdGeom.XformCache(code).GetLocalToWorldTransform(mesh.GetParent())
    return np.array([world.Transform(Gf.Vec3d(*map(float, point))) for point in moved])


@pytest.mark.parametrize(
    ("name", "hand", "frames"),
    [
        ("right_hand", 0, [0, 7, 15, 29]),
        ("left_hand", 1, [8, 13, 19]),
    ],
)
def test_usds_own_skinning_gives_the_hands(stage, session, name, hand, frames):
    for frame in frames:
        expected = session[frame].hands[hand].vertices * [1, -1, -1]
        points = skinned_points(stage, name, frame / 25 * stage.GetTimeCodesPerSecond())
        assert np.linalg.norm(points - expected, axis=1).max() < 0.0006


def test_a_hand_that_is_away_is_invisible(stage):
    from pxr import UsdGeom

    rate = stage.GetTimeCodesPerSecond()
    hand = UsdGeom.Imageable(stage.GetPrimAtPath("/hands/left_hand"))
    seen = [hand.ComputeVisibility(frame / 25 * rate) for frame in (0, 7, 8, 19, 20, 29)]
    assert seen == ["invisible", "invisible", "inherited", "inherited", "invisible", "invisible"]


def test_units_axis_rate_and_skin(stage):
    from pxr import UsdGeom, UsdShade

    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    assert stage.GetTimeCodesPerSecond() == 25
    assert stage.GetDefaultPrim().GetPath() == "/hands"
    mesh = stage.GetPrimAtPath("/hands/right_hand/mesh")
    assert UsdGeom.PrimvarsAPI(mesh).GetPrimvar("st").GetInterpolation() == "faceVarying"
    image = UsdShade.Shader(stage.GetPrimAtPath("/hands/materials/skin/image"))
    assert image.GetInput("file").Get().resolvedPath.endswith("skin.jpg]")


def test_usds_validators_find_no_error(stage):
    from pxr import UsdValidation

    registry = UsdValidation.ValidationRegistry()
    context = UsdValidation.ValidationContext(registry.GetOrLoadAllValidators())
    errors = context.Validate(stage)
    told = [f"{error.GetName()}: {error.GetMessage()}" for error in errors]
    assert not told


def test_a_take_without_hands_is_an_empty_stage(tmp_path, model):
    from pxr import Usd

    with ResultLog(tmp_path / "none.jsonl", hand_model=model, estimator="landmarks") as log:
        log.write(make_result(0))
    (file,) = convert_take(log.path, ["usdz"]).files
    assert not Usd.Stage.Open(str(file)).GetPrimAtPath("/hands").GetChildren()
