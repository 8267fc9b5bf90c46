"""The Parquet table, read back by pandas and pyarrow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hands3c_core.export import ResultLog, convert_take
from hands3c_core.hand_model.joint_angles import ANGLE_NAMES, joint_angles

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra 'export')")


@pytest.fixture
def table_file(tmp_path, session, model):
    with ResultLog(tmp_path / "take.jsonl", hand_model=model, estimator="landmarks") as log:
        for result in session:
            log.write(result, result.frame.timestamp + 2.0)
    (file,) = convert_take(log.path, ["parquet"]).files
    return file


def test_all_fields_are_there(table_file, session, model):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(table_file)
    hands = [(result, hand) for result in session for hand in result.hands]
    assert table.num_rows == len(hands)
    for name in ("pose", "shape", "translation", "joints_3d", "joints_2d", "landmarks_2d"):
        expected = np.stack([getattr(hand, name).reshape(-1) for _, hand in hands])
        told = np.stack(table[name].to_pylist())
        np.testing.assert_allclose(told, expected, atol=0.01 if "2d" in name else 1e-5)
    frames = [result.frame for result, _ in hands]
    assert table["frame_index"].to_pylist() == [frame.index for frame in frames]
    np.testing.assert_allclose(table["source_time"], [f.timestamp for f in frames], atol=1e-6)
    np.testing.assert_allclose(table["time"], [f.timestamp + 2.0 for f in frames], atol=1e-6)
    assert table["captured_at"].type == pyarrow.timestamp("us", tz="UTC")
    assert table["is_right"].to_pylist() == [hand.is_right for _, hand in hands]
    angles = np.stack([joint_angles(hand.pose, model).reshape(-1) for _, hand in hands])
    told = np.stack([table[name].to_numpy() for name in ANGLE_NAMES], axis=1)
    np.testing.assert_allclose(told, angles, atol=0.02)


def test_units_and_conventions_are_in_the_schema(table_file):
    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(table_file)
    units = {field.name: field.metadata[b"unit"].decode() for field in schema}
    assert units["joints_3d"] == "m"
    assert units["pose"] == "rad"
    assert units["joints_2d"] == "px"
    assert units["index_pip_flexion_deg"] == "deg"
    assert all(field.metadata[b"description"] for field in schema)
    assert schema.metadata[b"format"] == b"hands3c-table"
    assert json.loads(schema.metadata[b"conventions"])["units"]["length"] == "m"
    assert json.loads(schema.metadata[b"skeleton"])["hand_model"] == "hand_mano778"


def test_pandas_reads_it(table_file, session):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(table_file)
    assert len(frame) == sum(len(result.hands) for result in session)
    assert frame["index_pip_flexion_deg"].max() > 60
    assert frame["captured_at"].dt.tz is not None


def test_a_take_without_hands_is_an_empty_table_with_its_schema(tmp_path, model):
    import pyarrow.parquet
    from sample_hands import make_result

    with ResultLog(tmp_path / "none.jsonl", hand_model=model, estimator="landmarks") as log:
        log.write(make_result(0))
    (file,) = convert_take(log.path, ["parquet"]).files
    table = pyarrow.parquet.read_table(file)
    assert table.num_rows == 0
    assert table.schema.field("pose").type.list_size == 48
