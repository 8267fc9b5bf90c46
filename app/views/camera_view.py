# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera picture with its overlay: aspect-correct, sharp on high-DPI, mirrored and enlarged at
will."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from ..session_types import Picture
from ..theme import Theme
from ..wording import tr
from ..zoom import WHOLE, Part, Zoom, kept_inside, visible_part
from .joint_frame import JointFrame
from .joint_info import JointPlaces, JointSelection
from .stage_frame import image_of
from .wipe import Wipe

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData

#: Enlargement per notch of the wheel (120 eighths of a degree) and per press of a key.
ZOOM_STEP = 1.25
_NOTCH = 120.0
#: While it plays, hands that are gone for less are not worth a word, s.
_PATIENCE_S = 0.7
#: What is written lower than this does not touch the title, logical pixels.
_BELOW_CHIP = 38.0


class CameraView(JointFrame):
    """Shows the newest ``Picture``. Wheel, pinch and keys enlarge it, dragging moves it."""

    full_screen_asked = pyqtSignal()
    painted = pyqtSignal(object)
    """A ``Picture``, once, when it was painted for the first time."""
    zoom_asked = pyqtSignal(object)
    """The ``Zoom`` that the user wants."""
    let_go = pyqtSignal()
    """The user moved the picture away from what it follows."""

    def __init__(
        self, theme: Theme, selection: JointSelection | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("Camera"), "camera", theme, selection or JointSelection(), parent)
        self.picture: Picture | None = None
        self.zoom = WHOLE
        """What the user chose; a followed picture adds to it."""
        self._follows = False
        self._is_playing = False
        self._caption = ""
        self._is_new = False
        self._image: QImage | None = None
        self._second: QImage | None = None
        self.wipe = Wipe()
        """The line between two estimators' pictures, while they are compared."""
        self._last = QPointF()
        self._hands_at = 0.0
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self.update)
        self.grabGesture(Qt.GestureType.PinchGesture)

    def set_picture(self, picture: Picture | None) -> None:
        """Show ``picture``; None shows the hint."""
        self.picture = picture
        self._is_new = picture is not None
        self._image = image_of(picture.display) if picture is not None else None
        second = picture.second if picture is not None else None
        self._second = image_of(second.display) if second is not None else None
        if picture is not None and picture.result.hands:
            self._hands_at = time.monotonic()
        self.update()

    def set_playing(self, playing: bool) -> None:
        """Whether further pictures follow soon."""
        self._is_playing = playing
        self.update()

    def set_follows(self, follows: bool) -> None:
        """Whether the picture goes with the hands."""
        if follows and not self._follows:
            self.zoom = WHOLE
        self._follows = follows

    def set_caption(self, caption: str) -> None:
        """What is said of the picture beside its title, such as its name and number."""
        if caption != self._caption:
            self._caption = caption
            self.update()

    # ------------------------------------------------------------------------------- geometry

    def shown_zoom(self) -> Zoom:
        """How far the picture is enlarged: what the user chose, or where the hands took it."""
        if self._follows and self.picture is not None:
            return self.picture.zoom
        return self.zoom

    def _part(self) -> Part:
        assert self.picture is not None
        height, width = self.picture.image.shape[:2]
        return visible_part((width, height), (self.width(), self.height()), self.shown_zoom())

    def image_rect(self) -> QRectF:
        """Where the whole picture would be painted, logical pixels; enlarged, it is larger than the
        view."""
        if self.picture is None:
            return QRectF(self.rect())
        part = self._part()
        height, width = self.picture.image.shape[:2]
        seen = self.seen_rect()
        x = part.x
        if self.picture.mirrored:
            x = width - part.x - part.width
        return QRectF(
            seen.x() - x * part.scale,
            seen.y() - part.y * part.scale,
            width * part.scale,
            height * part.scale,
        )

    def seen_rect(self) -> QRectF:
        """Where the visible part of the picture is painted, logical pixels."""
        if self.picture is None:
            return QRectF(self.rect())
        part = self._part()
        size = (part.width * part.scale, part.height * part.scale)
        return QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size)

    def to_view(self, u: float, v: float) -> QPointF:
        """Position in the widget of pixel (u, v) of the true, unmirrored frame."""
        assert self.picture is not None
        place = self.image_rect()
        height, width = self.picture.image.shape[:2]
        across = (u + 0.5) / width
        if self.picture.mirrored:
            across = 1.0 - across
        return QPointF(
            place.x() + across * place.width(), place.y() + (v + 0.5) / height * place.height()
        )

    def _share_at(self, position: QPointF) -> tuple[float, float]:
        """The place in the unmirrored frame under ``position``, as shares of its size."""
        assert self.picture is not None
        place = self.image_rect()
        x = (position.x() - place.x()) / place.width()
        y = (position.y() - place.y()) / place.height()
        return (1.0 - x if self.picture.mirrored else x), y

    def joint_places(self) -> JointPlaces:
        if self.picture is None:
            return ()
        hidden = self.wipe.second_side(self.seen_rect()) if self._second is not None else QRectF()

        def seen(u: float, v: float) -> QPointF | None:
            place = self.to_view(u, v)
            return None if hidden.contains(place) else place  # the other one's hand is seen there

        return [
            (hand, [seen(float(u), float(v)) for u, v in hand.joints_2d])
            for hand in self.picture.result.hands
        ]

    def hand_model(self) -> HandModelData | None:
        return self.picture.hand_model if self.picture is not None else None

    # --------------------------------------------------------------------------------- the wipe

    def move_wipe(self, by: float) -> None:
        """Move the line between two estimators' pictures by a share of their width."""
        self.wipe.move(by)
        self.update()

    def _is_at_wipe(self, place: QPointF) -> bool:
        return self._second is not None and self.wipe.is_at(place, self.seen_rect())

    # --------------------------------------------------------------------------------- zooming

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge ``factor`` times more; what is under ``at`` stays there."""
        if self.picture is None:
            return
        if self._follows:
            self._ask(Zoom(self.zoom.x, self.zoom.y, max(self.zoom.factor * factor, 0.25)))
            return
        place = self._share_at(at) if at is not None else None
        self._ask(self.zoom.to(self.zoom.factor * factor, place))

    def reset_zoom(self) -> None:
        """All of the picture again."""
        self._ask(WHOLE)

    def _ask(self, zoom: Zoom) -> None:
        if self.picture is not None and not self._follows:
            height, width = self.picture.image.shape[:2]
            zoom = kept_inside(zoom, (width, height), (self.width(), self.height()))
        if zoom != self.zoom:
            self.zoom = zoom
            self.zoom_asked.emit(zoom)
            self.update()

    def _pan(self, moved: QPointF) -> None:
        if self.picture is None or self.shown_zoom().is_whole:
            return
        if self._follows:  # the user takes over where the hands have led
            self.zoom = self.picture.zoom
            self._follows = False
            self.let_go.emit()
        place = self.image_rect()
        dx = moved.x() / place.width() * (-1 if not self.picture.mirrored else 1)
        self._ask(self.zoom.moved(dx, -moved.y() / place.height()))

    def wheelEvent(self, a0: QWheelEvent | None) -> None:
        if a0 is None:
            return
        notches = a0.angleDelta().y() / _NOTCH
        if notches:
            self.zoom_by(ZOOM_STEP**notches, a0.position())
        a0.accept()

    def event(self, a0: QEvent | None) -> bool:
        """Pinching on a touch screen or a touch pad."""
        if isinstance(a0, QNativeGestureEvent):
            if a0.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1.0 + a0.value(), a0.position())
                return True
        elif isinstance(a0, QGestureEvent):
            pinch = a0.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                centre = QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint()))
                self.zoom_by(pinch.scaleFactor(), centre)
                a0.accept()
                return True
        return super().event(a0)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            self.wipe.is_held = self._is_at_wipe(a0.position())
            if self.wipe.is_held:
                return
        super().mousePressEvent(a0)
        if a0 is not None:
            self._last = a0.position()

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        if self.wipe.is_held and a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            self.wipe.is_held = False
            return
        super().mouseReleaseEvent(a0)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and self.wipe.is_held:
            self.wipe.move_to(a0.position().x(), self.seen_rect())
            self.update()
            return
        super().mouseMoveEvent(a0)
        if a0 is None:
            return
        if not a0.buttons() and self._is_at_wipe(a0.position()):
            self.setCursor(Qt.CursorShape.SplitHCursor)
            return
        if a0.buttons() and not (a0.buttons() & Qt.MouseButton.LeftButton and self._pressed):
            self._pan(a0.position() - self._last)
            self._last = a0.position()
        movable = not self.shown_zoom().is_whole
        shape = Qt.CursorShape.OpenHandCursor if movable else Qt.CursorShape.ArrowCursor
        if a0.buttons() and movable:
            shape = Qt.CursorShape.ClosedHandCursor
        self.setCursor(shape)

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        super().mouseDoubleClickEvent(a0)
        self.full_screen_asked.emit()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._ask(self.zoom)  # another shape shows other edges

    # -------------------------------------------------------------------------------- painting

    def status_text(self) -> str:
        """What has to be said of a picture without hands; '' where there is nothing to say."""
        picture = self.picture
        if picture is None or picture.result.hands:
            return ""
        if picture.hand_model is None:
            return tr("Loading the hand model…")
        left = _PATIENCE_S - (time.monotonic() - self._hands_at)
        if self._is_playing and left > 0:
            if not self._patience.isActive():
                self._patience.start(round(1000 * left) + 20)
            return ""
        return tr("No hand found")

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        self.clip(painter)
        if self._image is None or self.picture is None:
            self.paint_hint(painter)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            self._paint_picture(painter, self.picture, self._image)
            if self._second is not None:
                self._paint_second(painter, self.picture, self._second)
            status = self.status_text()
            if status:
                self._paint_status(painter, status)
            self.paint_joint_info(painter, beside=self._legend_rect(self.picture))
            self.paint_chip(painter, self._title_text(self.picture))
            zoom = self.shown_zoom()
            if not zoom.is_whole:
                self.paint_chip(painter, f"{zoom.factor:.1f}×", right=True)
            if self.picture.second is not None:
                top = max(self.seen_rect().top() + 8.0, _BELOW_CHIP)
                self.wipe.paint(painter, self.seen_rect(), self.picture.second, top)
        self.paint_edge(painter)
        if self._is_new:
            self._is_new = False
            painter.end()
            self.painted.emit(self.picture)

    def _paint_picture(self, painter: QPainter, picture: Picture, image: QImage) -> None:
        seen, ratio = self.seen_rect(), self.devicePixelRatioF()
        up_to_date = picture.zoom == self.shown_zoom()
        exact = (
            up_to_date
            and abs(image.width() - seen.width() * ratio) < 1.5
            and abs(image.height() - seen.height() * ratio) < 1.5
        )
        if exact:
            # Drawn for this size already: copied pixel by pixel, which takes under 1 ms.
            image.setDevicePixelRatio(ratio)
            corner = QPointF(round(seen.x() * ratio) / ratio, round(seen.y() * ratio) / ratio)
            painter.drawImage(corner, image)
            return
        image.setDevicePixelRatio(1.0)
        place = seen
        part = picture.part
        if part is not None and not up_to_date:  # until it is drawn anew: where it belongs now
            whole = self.image_rect()
            scale = whole.width() / picture.image.shape[1]
            x = part.x
            if picture.mirrored:
                x = picture.image.shape[1] - part.x - part.width
            place = QRectF(
                whole.x() + x * scale,
                whole.y() + part.y * scale,
                part.width * scale,
                part.height * scale,
            )
        painter.drawImage(place, image)

    def _paint_second(self, painter: QPainter, picture: Picture, image: QImage) -> None:
        painter.save()
        painter.setClipRect(self.wipe.second_side(self.seen_rect()), Qt.ClipOperation.IntersectClip)
        self._paint_picture(painter, picture, image)
        painter.restore()

    def _title_text(self, picture: Picture) -> str:
        title = tr("Camera · mirrored") if picture.mirrored else tr("Camera")
        if self._caption:
            title = (
                tr("{name} · mirrored", name=self._caption) if picture.mirrored else self._caption
            )
        return title

    def _legend_rect(self, picture: Picture) -> QRectF | None:
        """Where the legend in the picture is, logical pixels."""
        if picture.legend_place is None or self._image is None:
            return None
        seen = self.seen_rect()
        scale = seen.width() / max(self._image.width(), 1)
        x, y, width, height = (value * scale for value in picture.legend_place)
        return QRectF(seen.x() + x, seen.y() + y, width, height)

    def _paint_status(self, painter: QPainter, text: str) -> None:
        font = QFont(self.font())
        font.setPixelSize(13)
        font.setBold(True)
        painter.setFont(font)
        seen = self.seen_rect()
        width = painter.fontMetrics().horizontalAdvance(text) + 28
        place = QRectF(seen.center().x() - width / 2, seen.bottom() - 44, width, 30)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 15, 190))
        painter.drawRoundedRect(place, 15, 15)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
