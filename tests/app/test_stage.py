"""How the stage arranges its two views."""

from __future__ import annotations

from PyQt6.QtWidgets import QApplication

from app.views.camera_view import CameraView
from app.views.joint_info import JointSelection
from app.views.stage import Stage
from app.views.viewport3d import Viewport3D


def test_a_wide_picture_lies_over_the_3d_view_where_it_is_larger_there(qtbot, theme):
    joints = JointSelection()
    camera, scene = CameraView(theme, joints), Viewport3D(theme, joints)
    stage = Stage(camera, scene)
    qtbot.addWidget(stage)
    try:
        stage.resize(528, 408)  # of a window of 900 x 600
        stage.show()
        for aspect, stacked in ((4 / 3, False), (16 / 9, True), (9 / 16, False)):
            stage.set_aspect(aspect)
            QApplication.processEvents()
            assert (camera.width() == scene.width()) == stacked
            assert abs(camera.width() / camera.height() - aspect) < 0.03
        stage.resize(1068, 628)  # of 1440 x 820
        stage.set_aspect(16 / 9)
        QApplication.processEvents()
        assert camera.height() == scene.height()
        assert abs(camera.width() / camera.height() - 16 / 9) < 0.03
    finally:
        scene.shutdown()
