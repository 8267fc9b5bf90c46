"""Tiny copies of the official datasets on disk, made of our own hand in the real file formats."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.io
from written_files import dump, save

from hands3c_core.hand_model import FastHandLayer, HandModelData, load_hand_model
from hands3c_core.model_space import mirror_axis_angle

#: What the tests say the hand model of a dataset is, since MANO itself may not be shipped.
STAND_IN = "hand_mano778"
#: HO-3D's order written out by hand, not taken from the reader.
HO3D_ORDER = [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20]
#: RHD: wrist, then each finger from tip to root. STB: palm, little finger .. thumb.
RHD_ORDER = [0, 4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17]
STB_ORDER = [0, 17, 18, 19, 20, 13, 14, 15, 16, 9, 10, 11, 12, 5, 6, 7, 8, 1, 2, 3, 4]
OPENGL = np.array([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class TrueHand:
    """A hand in front of a camera: the truth that every reader must give back."""

    image: np.ndarray
    camera: np.ndarray
    is_right: bool
    pose: np.ndarray
    """(16, 3) model space, relative to the mean pose."""
    shape: np.ndarray
    joints: np.ndarray
    """(21, 3) metres, true camera frame."""
    vertices: np.ndarray
    """(778, 3) metres, true camera frame."""

    @property
    def joints_2d(self) -> np.ndarray:
        return project(self.joints, self.camera)

    @property
    def own_pose(self) -> np.ndarray:
        """The pose of the hand itself, not of the right hand it mirrors to."""
        return self.pose if self.is_right else mirror_axis_angle(self.pose)


def project(points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    projected = points @ camera.T
    return projected[:, :2] / projected[:, 2:]


@pytest.fixture(scope="session")
def hand_model() -> HandModelData:
    return load_hand_model(STAND_IN)


@pytest.fixture(scope="session")
def make_hand(hand_model: HandModelData) -> Callable[..., TrueHand]:
    layer = FastHandLayer(hand_model)

    def make(seed: int, *, width=640, height=480, focal=600.0, is_right=True, depth=0.6):
        rng = np.random.default_rng(seed)
        pose = rng.normal(size=(16, 3)) * 0.2
        pose[0] = rng.normal(size=3)
        shape = rng.normal(size=10)
        camera = np.array([[focal, 0, width / 2 + 3], [0, focal, height / 2 - 4], [0, 0, 1.0]])
        vertices, joints = layer(pose, shape)
        place = np.array([0.03, -0.02, depth]) - joints.mean(axis=0)
        sides = np.array([1.0 if is_right else -1.0, 1.0, 1.0])
        joints, vertices = (joints + place) * sides, (vertices + place) * sides
        hand = TrueHand(paint(rng, width, height), camera, is_right, pose, shape, joints, vertices)
        for spot in hand.joints_2d:
            cv2.circle(hand.image, (round(spot[0]), round(spot[1])), 3, (220, 160, 130), -1)
        return hand

    return make


def paint(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def freihand(tmp_path: Path, make_hand) -> tuple[Path, list[TrueHand]]:
    """Two training samples in four versions and one for evaluation."""
    root = tmp_path / "FreiHAND_pub_v2"
    hands = [make_hand(seed, width=224, height=224, focal=480.0) for seed in (1, 2)]
    for split, chosen in (("training", hands), ("evaluation", hands[:1])):
        dump(root / f"{split}_K.json", [hand.camera.tolist() for hand in chosen])
        dump(root / f"{split}_xyz.json", [hand.joints.tolist() for hand in chosen])
        dump(root / f"{split}_verts.json", [hand.vertices.tolist() for hand in chosen])
        dump(root / f"{split}_scale.json", [0.03 for _ in chosen])
        mano = [
            [np.concatenate([h.pose.ravel(), h.shape, [112.0, 110.0, 1.0]]).tolist()]
            for h in chosen
        ]
        dump(root / f"{split}_mano.json", mano)
        for version in range(4 if split == "training" else 1):
            for number, hand in enumerate(chosen):
                image = np.clip(hand.image.astype(int) + 10 * version, 0, 255).astype(np.uint8)
                name = f"{number + version * len(chosen):08d}.jpg"
                save(root / split / "rgb" / name, image)
    return root, hands


@pytest.fixture(params=["v2", "v3"])
def ho3d(request, tmp_path: Path, make_hand, hand_model) -> tuple[Path, list[TrueHand]]:
    """Two training images and one for evaluation, in either version's image format."""
    root = tmp_path / f"HO3D_{request.param}"
    suffix = ".png" if request.param == "v2" else ".jpg"
    hands = [make_hand(seed) for seed in (3, 4)]
    for number, hand in enumerate(hands):
        save(root / "train" / "ABF10" / "rgb" / f"{number:04d}{suffix}", hand.image)
        pose = hand.pose.copy()
        pose[0] = cv2.Rodrigues(np.diag(OPENGL) @ cv2.Rodrigues(pose[0])[0])[0].ravel()
        flat = pose.ravel()
        flat[3:] += hand_model.hands_mean
        meta = {
            "handPose": flat,
            "handBeta": hand.shape,
            "handTrans": np.zeros(3),
            "handJoints3D": (hand.joints * OPENGL)[HO3D_ORDER].astype(np.float32),
            "camMat": hand.camera,
            "objName": "021_bleach_cleanser",
            "objRot": np.zeros((3, 1)),
            "objTrans": np.zeros(3),
            "objLabel": 12,
        }
        write_pickle(root / "train" / "ABF10" / "meta" / f"{number:04d}.pkl", meta)
    (root / "train.txt").write_text("ABF10/0000\nABF10/0001\n")
    write_ho3d_evaluation(root, suffix, hands[0])
    return root, hands


def write_ho3d_evaluation(root: Path, suffix: str, hand: TrueHand) -> None:
    folder = root / "evaluation" / "SM1"
    save(folder / "rgb" / f"0000{suffix}", hand.image)
    low, high = hand.joints_2d.min(axis=0), hand.joints_2d.max(axis=0)
    meta = {
        "handJoints3D": hand.joints[0] * OPENGL,
        "handBoundingBox": [*low.tolist(), *high.tolist()],
        "camMat": hand.camera,
        "objName": "021_bleach_cleanser",
    }
    write_pickle(folder / "meta" / "0000.pkl", meta)
    (root / "evaluation.txt").write_text("SM1/0000\n")


def write_pickle(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol=2))


@pytest.fixture(scope="session")
def dexycb(
    tmp_path_factory: pytest.TempPathFactory, make_hand, hand_model
) -> tuple[Path, dict[str, TrueHand]]:
    """All sequences of all subjects; sequence 0 (right, two frames, the second without a hand) and
    4 (left, one frame) have images, the others no frames. Shared: tests must not change it."""
    root = tmp_path_factory.mktemp("dexycb") / "DEX_YCB"
    hands = {"right": make_hand(5), "left": make_hand(6, is_right=False)}
    components = np.linalg.inv(hand_model.hands_components)
    for serial in DEXYCB_CAMERAS:
        folder = root / "calibration" / "intrinsics"
        folder.mkdir(parents=True, exist_ok=True)
        k = hands["right"].camera
        (folder / f"{serial}_640x480.yml").write_text(
            f"color:\n  fx: {k[0, 0]}\n  fy: {k[1, 1]}\n  ppx: {k[0, 2]}\n  ppy: {k[1, 2]}\n"
            "depth:\n  fx: 1.0\n  fy: 1.0\n  ppx: 1.0\n  ppy: 1.0\n"
        )
    for side, hand in hands.items():
        folder = root / "calibration" / f"mano_{side}_calib"
        folder.mkdir(parents=True)
        betas = "".join(f"- {value}\n" for value in hand.shape.tolist())
        (folder / "mano.yml").write_text("betas:\n" + betas)
    for subject in DEXYCB_SUBJECTS:
        for number in range(100):
            side = "left" if number == 4 else "right"
            frames = {0: 2, 4: 1}.get(number, 0)
            folder = root / subject / f"{subject[:8]}_{100000 + number}"
            folder.mkdir(parents=True)
            (folder / "meta.yml").write_text(
                f"num_frames: {frames}\nmano_sides:\n- {side}\nmano_calib:\n- {side}_calib\n"
                "ycb_ids:\n- 2\nycb_grasp_ind: 0\n"
            )
            for serial in DEXYCB_CAMERAS if frames else ():
                write_dexycb_frames(folder / serial, hands[side], components, frames)
    return root, hands


DEXYCB_SUBJECTS = (
    "20200709-subject-01",
    "20200813-subject-02",
    "20200820-subject-03",
    "20200903-subject-04",
    "20200908-subject-05",
    "20200918-subject-06",
    "20200928-subject-07",
    "20201002-subject-08",
    "20201015-subject-09",
    "20201022-subject-10",
)
DEXYCB_CAMERAS = (
    "836212060125",
    "839512060362",
    "840412060917",
    "841412060263",
    "932122060857",
    "932122060861",
    "932122061900",
    "932122062010",
)


def write_dexycb_frames(
    folder: Path, hand: TrueHand, to_coefficients: np.ndarray, frames: int
) -> None:
    folder.mkdir()
    own = hand.own_pose
    fingers = own[1:].ravel()
    if not hand.is_right:  # the left model's components are the mirrored right ones
        fingers = hand.pose[1:].ravel()
    pose = np.concatenate([own[0], fingers @ to_coefficients, np.zeros(3)])
    for frame in range(frames):
        shown = frame == 0
        small = cv2.cvtColor(hand.image, cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / f"color_{frame:06d}.jpg"), small)
        np.savez_compressed(
            folder / f"labels_{frame:06d}.npz",
            seg=np.zeros((4, 4), np.uint8),
            pose_y=np.zeros((1, 3, 4), np.float32),
            pose_m=(pose if shown else np.zeros(51))[None].astype(np.float32),
            joint_3d=(hand.joints if shown else np.full((21, 3), -1))[None].astype(np.float32),
            joint_2d=(hand.joints_2d if shown else np.full((21, 2), -1))[None].astype(np.float32),
        )


@pytest.fixture
def rhd(tmp_path: Path, make_hand) -> tuple[Path, list[TrueHand]]:
    """Image 0 shows mostly the right hand, image 1 mostly the left."""
    root = tmp_path / "RHD_published_v2"
    hands = []
    table = {}
    for number, dominant_right in enumerate((True, False)):
        pair = {
            side: make_hand(10 + number, width=320, height=320, focal=300.0, is_right=side)
            for side in (True, False)
        }
        hand = pair[dominant_right]
        hands.append(hand)
        both = [pair[False], pair[True]]
        uv = np.concatenate([h.joints_2d[RHD_ORDER] for h in both])
        table[number] = {
            "xyz": np.concatenate([h.joints[RHD_ORDER] for h in both]).astype(np.float32),
            "uv_vis": np.concatenate([uv, np.ones((42, 1))], axis=1).astype(np.float32),
            "K": hand.camera.astype(np.float32),
        }
        mask = np.ones((320, 320), np.uint8)
        mask[:100, :50] = 20 if dominant_right else 10
        mask[:10, 60:70] = 10 if dominant_right else 20
        save(root / "training" / "color" / f"{number:05d}.png", hand.image)
        (root / "training" / "mask").mkdir(exist_ok=True)
        cv2.imwrite(str(root / "training" / "mask" / f"{number:05d}.png"), mask)
    write_pickle(root / "training" / "anno_training.pickle", table)
    return root, hands


@pytest.fixture
def stb(tmp_path: Path, make_hand) -> tuple[Path, list[TrueHand]]:
    """Two frames of each sequence of the test background, stereo pair and colour camera alike.

    Joint 0 of the labels is halfway from the wrist to the root of the ring finger."""
    root = tmp_path / "STB"
    pair = np.array([[822.79041, 0, 318.47345], [0, 822.79041, 250.31296], [0, 0, 1]])
    hands = [make_hand(seed, is_right=False) for seed in (20, 21)]
    (root / "labels").mkdir(parents=True)
    for name in ("B1Counting", "B1Random"):
        tables = []
        for number, hand in enumerate(hands):
            joints = hand.joints.copy()
            joints[0] = (joints[0] + joints[13]) / 2
            tables.append(1000 * joints[STB_ORDER].T)
            for kind in ("BB_left", "BB_right", "SK_color"):
                save(root / name / f"{kind}_{number}.png", hand.image)
        para = np.stack(tables, axis=-1)
        for kind in ("BB", "SK"):
            scipy.io.savemat(root / "labels" / f"{name}_{kind}.mat", {"handPara": para})
    return root, [TrueHand(**{**vars(hand), "camera": pair}) for hand in hands]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the developer's own cache."""
    cache = tmp_path / "cache"
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(cache))
    return cache
