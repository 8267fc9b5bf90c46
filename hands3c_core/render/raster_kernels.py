"""Numba kernels of the software rasteriser: pure functions on arrays, no Python objects.

The work is split into two passes. *Visibility* decides which triangle each sample sees (exact
integer edge functions with a fill rule, so neighbouring triangles leave neither cracks nor
overlaps). *Shading* then looks at every pixel once and evaluates only what is visible.

Perspective-correct barycentrics come from ray geometry rather than from interpolated 1/z: for the
ray ``d`` through a pixel, the weight of corner i is proportional to ``d . (v_j x v_k)``. The
formula needs no projected corners, so a triangle that crosses the near plane shades correctly.

Frame: camera frame of ``hands3c_core.conventions`` (x right, y down, z forward); pixel centres have
integer coordinates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hands3c_core.hand_model.normals import triangle_normal
from hands3c_core.jit import njit

#: Sub-pixel positions per pixel (a power of two); corners are snapped to this grid.
SUBPIXEL = 256
#: Corners further out than this many pixels are clipped so that 64-bit edge products cannot
#: overflow: (2 * 2**20 * 2**8)**2 * 2 < 2**63.
GUARD_BAND_PX = float(2**20)

_jit: Any = njit(error_model="numpy")


@_jit
def faces_towards(points, faces, eye):
    """The triangles of a closed mesh that can be seen from somewhere.

    Args:
        points: (V, 3) float32, metres.
        faces: (F, 3) int32, anticlockwise from outside.
        eye: (3,) float32, in the points' frame.

    Returns:
        (G, 3) int32, those of ``faces`` whose front is turned towards ``eye``, in their order.
    """
    seen = np.empty_like(faces)
    count = 0
    for face in range(len(faces)):
        a, b, c = points[faces[face, 0]], points[faces[face, 1]], points[faces[face, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        outwards = (
            (uy * vz - uz * vy) * (eye[0] - a[0])
            + (uz * vx - ux * vz) * (eye[1] - a[1])
            + (ux * vy - uy * vx) * (eye[2] - a[2])
        )
        if outwards > 0.0:
            seen[count] = faces[face]
            count += 1
    return seen[:count]


@_jit
def irradiance_at(nx, ny, nz, sh, lights, wrap):
    """Diffuse light on a surface of normal n: order-2 spherical harmonics + wrapped suns; linear
    (red, green, blue)."""
    n4, n5, n6 = nx * ny, ny * nz, 3.0 * nz * nz - 1.0
    n7, n8 = nx * nz, nx * nx - ny * ny
    red = green = blue = 0.0
    for k in range(lights.shape[0]):
        cosine = nx * lights[k, 0] + ny * lights[k, 1] + nz * lights[k, 2]
        r = max((cosine + wrap[0]) / (1.0 + wrap[0]), 0.0)
        g = max((cosine + wrap[1]) / (1.0 + wrap[1]), 0.0)
        b = max((cosine + wrap[2]) / (1.0 + wrap[2]), 0.0)
        red += lights[k, 3] * r * r
        green += lights[k, 4] * g * g
        blue += lights[k, 5] * b * b
    return (
        max(red + _harmonics(nx, ny, nz, n4, n5, n6, n7, n8, sh, 0), 0.0),
        max(green + _harmonics(nx, ny, nz, n4, n5, n6, n7, n8, sh, 1), 0.0),
        max(blue + _harmonics(nx, ny, nz, n4, n5, n6, n7, n8, sh, 2), 0.0),
    )


@_jit
def _harmonics(nx, ny, nz, n4, n5, n6, n7, n8, sh, c):
    first = sh[0, c] + sh[1, c] * ny + sh[2, c] * nz + sh[3, c] * nx
    return first + sh[4, c] * n4 + sh[5, c] * n5 + sh[6, c] * n6 + sh[7, c] * n7 + sh[8, c] * n8


@_jit
def vertex_irradiance(normals, sh, lights, wrap):
    """Diffuse light per vertex.

    Args: ``normals`` (V, 3); ``sh`` (9, 3), the nine real spherical-harmonic polynomials without
    their constants in the order 1, y, z, x, xy, yz, 3z^2-1, xz, x^2-y^2; ``lights`` (L, 6), unit
    direction towards the light and linear RGB; ``wrap`` (3,) in [0, 1], how far each colour's light
    bends round the terminator (skin: red most). Returns (V, 3) float32 linear RGB.
    """
    out = np.empty((normals.shape[0], 3), np.float32)
    for v in range(normals.shape[0]):
        nx, ny, nz = normals[v, 0], normals[v, 1], normals[v, 2]
        out[v, 0], out[v, 1], out[v, 2] = irradiance_at(nx, ny, nz, sh, lights, wrap)
    return out


@_jit
def _clip_polygon(polygon, count, scratch, near, k):
    """Clip a camera-space polygon at z >= near and |x| <= k_x z, |y| <= k_y z. Returns its size.

    ``polygon`` and ``scratch`` are (9, 3); the result is in ``polygon``. ``k`` is (4,): limits of
    x/z (low, high) and y/z (low, high).
    """
    for plane in range(5):
        kept = 0
        for i in range(count):
            j = i + 1 if i + 1 < count else 0
            da = _plane_distance(polygon, i, plane, near, k)
            db = _plane_distance(polygon, j, plane, near, k)
            if da >= 0.0:
                scratch[kept, 0] = polygon[i, 0]
                scratch[kept, 1] = polygon[i, 1]
                scratch[kept, 2] = polygon[i, 2]
                kept += 1
            if (da >= 0.0) != (db >= 0.0):
                t = da / (da - db)
                for c in range(3):
                    scratch[kept, c] = polygon[i, c] + t * (polygon[j, c] - polygon[i, c])
                kept += 1
        count = kept
        for i in range(count):
            for c in range(3):
                polygon[i, c] = scratch[i, c]
        if count < 3:
            return 0
    return count


@_jit
def _plane_distance(polygon, i, plane, near, k):
    x, y, z = polygon[i, 0], polygon[i, 1], polygon[i, 2]
    if plane == 0:
        return z - near
    if plane == 1:
        return x - k[0] * z
    if plane == 2:
        return k[1] * z - x
    if plane == 3:
        return y - k[2] * z
    return k[3] * z - y


@_jit
def _fill_triangle(corners, face, zplane, zrange, offsets, work, zinv, ids):
    """Draw one screen triangle into the sample buffers.

    ``corners`` (3, 2) int64, window sub-pixels, positive area. ``zplane`` (3,): 1/z = a u + b v + c
    in window pixels. ``zrange`` (2,): bounds of 1/z over the triangle. ``work`` (4, S) scratch.
    """
    height, width, samples = zinv.shape
    ax, ay = corners[0, 0], corners[0, 1]
    bx, by = corners[1, 0], corners[1, 1]
    cx, cy = corners[2, 0], corners[2, 1]
    reach = SUBPIXEL // 2
    x_low = max((min(ax, bx, cx) - reach) // SUBPIXEL, 0)
    y_low = max((min(ay, by, cy) - reach) // SUBPIXEL, 0)
    x_high = min((max(ax, bx, cx) + reach) // SUBPIXEL + 1, width - 1)
    y_high = min((max(ay, by, cy) + reach) // SUBPIXEL + 1, height - 1)
    if x_low > x_high or y_low > y_high:
        return
    # E_k(p) >= 0 inside; moving one pixel right adds -dy * SUBPIXEL, one down adds dx * SUBPIXEL.
    dx0, dy0 = bx - ax, by - ay
    dx1, dy1 = cx - bx, cy - by
    dx2, dy2 = ax - cx, ay - cy
    px, py = x_low * SUBPIXEL, y_low * SUBPIXEL
    # A sample exactly on an edge belongs to the triangle that runs along it in one direction only.
    row0 = dx0 * (py - ay) - dy0 * (px - ax) - (0 if dy0 > 0 or (dy0 == 0 and dx0 > 0) else 1)
    row1 = dx1 * (py - by) - dy1 * (px - bx) - (0 if dy1 > 0 or (dy1 == 0 and dx1 > 0) else 1)
    row2 = dx2 * (py - cy) - dy2 * (px - cx) - (0 if dy2 > 0 or (dy2 == 0 and dx2 > 0) else 1)
    far0 = dx0 * offsets[0, 1] - dy0 * offsets[0, 0]
    far1 = dx1 * offsets[0, 1] - dy1 * offsets[0, 0]
    far2 = dx2 * offsets[0, 1] - dy2 * offsets[0, 0]
    for s in range(samples):
        work[0, s] = dx0 * offsets[s, 1] - dy0 * offsets[s, 0]
        work[1, s] = dx1 * offsets[s, 1] - dy1 * offsets[s, 0]
        work[2, s] = dx2 * offsets[s, 1] - dy2 * offsets[s, 0]
        far0 = max(far0, work[0, s])
        far1 = max(far1, work[1, s])
        far2 = max(far2, work[2, s])
    zx, zy = zplane[0], zplane[1]
    for y in range(y_low, y_high + 1):
        e0, e1, e2 = row0, row1, row2
        depth_row = zplane[2] + zy * y
        for x in range(x_low, x_high + 1):
            if ((e0 + far0) | (e1 + far1) | (e2 + far2)) >= 0:
                for s in range(samples):
                    if ((e0 + work[0, s]) | (e1 + work[1, s]) | (e2 + work[2, s])) >= 0:
                        z = depth_row + zx * (x + offsets[s, 0] / SUBPIXEL)
                        z += zy * (offsets[s, 1] / SUBPIXEL)
                        z = min(max(z, zrange[0]), zrange[1])
                        if z > zinv[y, x, s]:
                            zinv[y, x, s] = z
                            ids[y, x, s] = face
            e0 -= dy0 * SUBPIXEL
            e1 -= dy1 * SUBPIXEL
            e2 -= dy2 * SUBPIXEL
        row0 += dx0 * SUBPIXEL
        row1 += dx1 * SUBPIXEL
        row2 += dx2 * SUBPIXEL


@_jit
def visibility(vertices, faces, intrinsics, near, cull, first_id, offsets, zinv, ids):
    """Draw a mesh into the visibility buffers (call once per mesh; nearer samples win).

    Args:
        vertices: (V, 3) float32, metres, camera frame.
        faces: (F, 3) int32, outward by the right-hand rule.
        intrinsics: (4,) float64 fx, fy, cx, cy of the *window* (cx, cy relative to its corner).
        near: metres; nothing nearer than this is drawn.
        cull: drop triangles seen from behind.
        first_id: id of face 0 of this mesh.
        offsets: (S, 2) int64 sample positions in sub-pixels from the pixel centre.
        zinv: (h, w, S) float32, start at 0, receives 1/z.
        ids: (h, w, S) int32, start at -1, receives ``first_id + face``.
    """
    fx, fy, cx, cy = intrinsics[0], intrinsics[1], intrinsics[2], intrinsics[3]
    count = vertices.shape[0]
    screen = np.empty((count, 2), np.int64)
    inside = np.zeros(count, np.bool_)
    finite = np.zeros(count, np.bool_)
    for v in range(count):
        x, y, z = float(vertices[v, 0]), float(vertices[v, 1]), float(vertices[v, 2])
        finite[v] = np.isfinite(x) and np.isfinite(y) and np.isfinite(z)
        if finite[v] and z >= near:
            u, w = fx * x / z + cx, fy * y / z + cy
            if abs(u) < GUARD_BAND_PX and abs(w) < GUARD_BAND_PX:
                screen[v, 0] = np.int64(np.floor(u * SUBPIXEL + 0.5))
                screen[v, 1] = np.int64(np.floor(w * SUBPIXEL + 0.5))
                inside[v] = True
    limit = 0.999 * GUARD_BAND_PX
    k = np.array([(-limit - cx) / fx, (limit - cx) / fx, (-limit - cy) / fy, (limit - cy) / fy])
    polygon = np.empty((9, 3), np.float64)
    scratch = np.empty((9, 3), np.float64)
    corners = np.empty((3, 2), np.int64)
    zplane = np.empty(3, np.float64)
    zrange = np.empty(2, np.float64)
    work = np.empty((3, offsets.shape[0]), np.int64)
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if not (finite[a] and finite[b] and finite[c]):
            continue
        size = 3
        clipped = not (inside[a] and inside[b] and inside[c])
        if clipped:
            for i in range(3):
                polygon[0, i] = vertices[a, i]
                polygon[1, i] = vertices[b, i]
                polygon[2, i] = vertices[c, i]
            size = _clip_polygon(polygon, 3, scratch, near, k)
            if size < 3:
                continue
        else:
            # Cheap rejections before any plane is computed.
            area = (screen[b, 0] - screen[a, 0]) * (screen[c, 1] - screen[a, 1]) - (
                screen[c, 0] - screen[a, 0]
            ) * (screen[b, 1] - screen[a, 1])
            if area == 0 or (cull and area > 0):
                continue
        if not _inverse_depth_plane(vertices, a, b, c, intrinsics, zplane):
            continue
        for i in range(1, size - 1):
            if clipped:
                zrange[0], zrange[1] = 1e30, 0.0
                for n in range(3):
                    j = 0 if n == 0 else i + n - 1
                    zi = 1.0 / polygon[j, 2]
                    zrange[0] = min(zrange[0], zi)
                    zrange[1] = max(zrange[1], zi)
                    u, w = fx * polygon[j, 0] * zi + cx, fy * polygon[j, 1] * zi + cy
                    corners[n, 0] = np.int64(np.floor(u * SUBPIXEL + 0.5))
                    corners[n, 1] = np.int64(np.floor(w * SUBPIXEL + 0.5))
            else:
                zrange[0], zrange[1] = 1e30, 0.0
                for n, v in enumerate((a, b, c)):
                    zi = 1.0 / vertices[v, 2]
                    zrange[0] = min(zrange[0], zi)
                    zrange[1] = max(zrange[1], zi)
                    corners[n, 0], corners[n, 1] = screen[v, 0], screen[v, 1]
            area = (corners[1, 0] - corners[0, 0]) * (corners[2, 1] - corners[0, 1]) - (
                corners[2, 0] - corners[0, 0]
            ) * (corners[1, 1] - corners[0, 1])
            if area == 0 or (cull and area > 0):
                continue
            if area < 0:
                for n in range(2):
                    swap = corners[1, n]
                    corners[1, n] = corners[2, n]
                    corners[2, n] = swap
            _fill_triangle(corners, first_id + f, zplane, zrange, offsets, work, zinv, ids)


@_jit
def _inverse_depth_plane(vertices, a, b, c, intrinsics, zplane):
    """1/z over the image of a triangle's plane: (a, b, c) with 1/z = a u + b v + c. False if the
    plane contains the eye (it is then seen edge-on) or the triangle has no area."""
    nx, ny, nz = triangle_normal(vertices, a, b, c)
    det = nx * vertices[a, 0] + ny * vertices[a, 1] + nz * vertices[a, 2]
    if det == 0.0:
        return False
    zplane[0] = nx / (det * intrinsics[0])
    zplane[1] = ny / (det * intrinsics[1])
    zplane[2] = nz / det - zplane[0] * intrinsics[2] - zplane[1] * intrinsics[3]
    return True


@_jit
def barycentrics(vertices, a, b, c, dx, dy):
    """Perspective-correct barycentrics of triangle (a, b, c) along the ray (dx, dy, 1).

    Clamped to the triangle, because a sample on a silhouette may miss the unsnapped triangle by a
    fraction of a pixel.
    """
    ax, ay, az = float(vertices[a, 0]), float(vertices[a, 1]), float(vertices[a, 2])
    bx, by, bz = float(vertices[b, 0]), float(vertices[b, 1]), float(vertices[b, 2])
    cx, cy, cz = float(vertices[c, 0]), float(vertices[c, 1]), float(vertices[c, 2])
    w0 = dx * (by * cz - bz * cy) + dy * (bz * cx - bx * cz) + (bx * cy - by * cx)
    w1 = dx * (cy * az - cz * ay) + dy * (cz * ax - cx * az) + (cx * ay - cy * ax)
    w2 = dx * (ay * bz - az * by) + dy * (az * bx - ax * bz) + (ax * by - ay * bx)
    if w0 + w1 + w2 < 0.0:
        w0, w1, w2 = -w0, -w1, -w2
    w0, w1, w2 = max(w0, 0.0), max(w1, 0.0), max(w2, 0.0)
    total = w0 + w1 + w2
    if total <= 0.0:
        return 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0
    share = 1.0 / total
    return w0 * share, w1 * share, w2 * share
