"""Numba kernels that turn visibility buffers into colour (passes: see ``raster_kernels``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from hands3c_core.hand_model.normals import triangle_normal
from hands3c_core.jit import njit
from hands3c_core.render.raster_kernels import SUBPIXEL, barycentrics, irradiance_at

TEXTURED, SHADED, WIREFRAME, NORMALS = 0, 1, 2, 3

# Colours need no strict IEEE order, so these kernels may be vectorised freely.
_jit: Any = njit(fastmath=True, error_model="numpy")
_SRGB_STEPS = 4096
#: Samples of a pixel whose depths differ by less than this share belong to one surface.
SAME_SURFACE = 0.008


def _linear_to_srgb_table() -> np.ndarray:
    """sRGB value 0..255 (float32) of linear light k / (_SRGB_STEPS - 1) (IEC 61966-2-1)."""
    linear = np.linspace(0.0, 1.0, _SRGB_STEPS)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255.0 * curve).astype(np.float32)


def _srgb_to_linear_table() -> np.ndarray:
    """Linear light (float32) of the 256 sRGB values."""
    value = np.arange(256) / 255.0
    curve = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return curve.astype(np.float32)


LINEAR_TO_SRGB = _linear_to_srgb_table()
SRGB_TO_LINEAR = _srgb_to_linear_table()


@_jit
def sample_bilinear(texture, u, v):
    """Bilinear texture lookup, edges clamped: three values. ``texture`` (h, w, 3) float32; (u, v)
    in [0, 1] with v up, as OBJ and OpenGL have it."""
    height, width = texture.shape[0], texture.shape[1]
    x = min(max(u * width - 0.5, 0.0), width - 1.0)
    y = min(max((1.0 - v) * height - 0.5, 0.0), height - 1.0)
    x0, y0 = int(x), int(y)
    x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
    tx, ty = x - x0, y - y0
    w00, w01 = (1.0 - tx) * (1.0 - ty), tx * (1.0 - ty)
    w10, w11 = (1.0 - tx) * ty, tx * ty
    return (
        w00 * texture[y0, x0, 0]
        + w01 * texture[y0, x1, 0]
        + w10 * texture[y1, x0, 0]
        + w11 * texture[y1, x1, 0],
        w00 * texture[y0, x0, 1]
        + w01 * texture[y0, x1, 1]
        + w10 * texture[y1, x0, 1]
        + w11 * texture[y1, x1, 1],
        w00 * texture[y0, x0, 2]
        + w01 * texture[y0, x1, 2]
        + w10 * texture[y1, x0, 2]
        + w11 * texture[y1, x1, 2],
    )


@_jit
def _mix(values, a, b, c, weights):
    """The rows a, b, c of (N, 3) ``values`` in these proportions."""
    w0, w1, w2 = weights
    return (
        w0 * values[a, 0] + w1 * values[b, 0] + w2 * values[c, 0],
        w0 * values[a, 1] + w1 * values[b, 1] + w2 * values[c, 1],
        w0 * values[a, 2] + w1 * values[b, 2] + w2 * values[c, 2],
    )


@_jit
def _surface_normal(vertices, normals, a, b, c, is_smooth, weights, dx, dy):
    """Unit normal at a point of triangle (a, b, c). The normals of a flat face seen from behind
    point away and are turned towards the viewer; smooth normals are left alone, since near a
    silhouette they lean away from the viewer on visible surface too."""
    if is_smooth:
        nx, ny, nz = _mix(normals, a, b, c, weights)
    else:
        nx, ny, nz = triangle_normal(vertices, a, b, c)
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    scale = 1.0 / length if length > 0.0 else 1.0
    if not is_smooth and nx * dx + ny * dy + nz > 0.0:
        scale = -scale
    return nx * scale, ny * scale, nz * scale


@_jit
def _highlights(nx, ny, nz, dx, dy, lights, gloss):
    """Blinn-Phong highlights and a Fresnel rim, linear (red, green, blue). ``gloss`` (3,):
    specular strength, shininess as a power of two's exponent, rim strength."""
    inverse = 1.0 / np.sqrt(dx * dx + dy * dy + 1.0)
    vx, vy, vz = -dx * inverse, -dy * inverse, -inverse
    red = green = blue = 0.0
    if gloss[0] > 0.0:
        for k in range(lights.shape[0]):
            hx, hy, hz = lights[k, 0] + vx, lights[k, 1] + vy, lights[k, 2] + vz
            cosine = nx * hx + ny * hy + nz * hz
            if cosine <= 0.0:
                continue
            power = cosine * cosine / (hx * hx + hy * hy + hz * hz)
            for _ in range(int(gloss[1]) - 1):
                power *= power
            red += gloss[0] * power * lights[k, 3]
            green += gloss[0] * power * lights[k, 4]
            blue += gloss[0] * power * lights[k, 5]
    if gloss[2] > 0.0:
        edge = 1.0 - max(nx * vx + ny * vy + nz * vz, 0.0)
        rim = gloss[2] * edge * edge * edge
        red, green, blue = red + rim, green + rim, blue + rim
    return red, green, blue


@_jit
def _line_coverage(vertices, a, b, c, dx, dy, fx, fy, half_width):
    """How much of a wireframe line lies under a pixel: distance to the nearest edge, in pixels,
    softened over one pixel."""
    nearest = 1e9
    for e in range(3):
        p, q = (a, b) if e == 0 else ((b, c) if e == 1 else (c, a))
        px, py, pz = float(vertices[p, 0]), float(vertices[p, 1]), float(vertices[p, 2])
        qx, qy, qz = float(vertices[q, 0]), float(vertices[q, 1]), float(vertices[q, 2])
        # The plane through the eye and the edge meets the image in the edge's line.
        nx = py * qz - pz * qy
        ny = pz * qx - px * qz
        nz = px * qy - py * qx
        slope = np.sqrt((nx / fx) ** 2 + (ny / fy) ** 2)
        if slope > 0.0:
            nearest = min(nearest, abs(nx * dx + ny * dy + nz) / slope)
    return min(max(half_width + 0.5 - nearest, 0.0), 1.0)


@_jit
def _to_srgb(linear, table):
    return table[int(min(max(linear, 0.0), 1.0) * (table.shape[0] - 1) + 0.5)]


@_jit
def _is_one_surface(ids, zinv, y, x, low, high):
    """Whether every sample of a pixel sees a smooth face of one mesh (ids in [low, high)) at nearly
    one depth. Such a pixel may be shaded once, whatever number of small triangles meet in it."""
    nearest, farthest = zinv[y, x, 0], zinv[y, x, 0]
    for s in range(ids.shape[2]):
        if ids[y, x, s] < low or ids[y, x, s] >= high:
            return False
        nearest = max(nearest, zinv[y, x, s])
        farthest = min(farthest, zinv[y, x, s])
    return nearest < farthest * (1.0 + SAME_SURFACE)


@_jit
def shade(
    ids,
    zinv,
    offsets,
    first_id,
    vertices,
    faces,
    smooth_faces,
    normals,
    irradiance,
    uv,
    uv_faces,
    texture,
    base_color,
    cap_color,
    sh,
    lights,
    wrap,
    gloss,
    intrinsics,
    window,
    mode,
    line_half_width,
    table,
    rgba,
):
    """Shade one mesh's visible samples and add them, premultiplied by coverage, to ``rgba``.

    Args:
        ids, zinv, offsets: as filled by ``raster_kernels.visibility``; ids of other meshes are
            skipped.
        first_id: id of this mesh's face 0.
        vertices (V, 3), faces (F, 3), normals (V, 3), irradiance (V, 3).
        smooth_faces: faces from this index on are flat (a wrist's cap) and have no UV.
        uv (T, 2), uv_faces (smooth_faces, 3), texture (h, w, 3) linear float32.
        base_color (3,): linear tint: multiplies the texture, or is the colour in ``SHADED``.
        cap_color (3,): linear colour of flat faces.
        gloss: see ``_highlights``. intrinsics: (4,) of the window.
        window: (4,) left, top, right, bottom of the part of ``ids`` that the mesh may touch, the
            last two excluded.
        mode: TEXTURED, SHADED, WIREFRAME or NORMALS.
        table: ``LINEAR_TO_SRGB``.
        rgba: (h, w, 4) float32, sRGB 0..255 times coverage, coverage 0..1; added to.
    """
    samples = ids.shape[2]
    fx, fy, cx, cy = intrinsics[0], intrinsics[1], intrinsics[2], intrinsics[3]
    last_id = first_id + faces.shape[0]
    for y in range(window[1], window[3]):
        for x in range(window[0], window[2]):
            one_surface = _is_one_surface(ids, zinv, y, x, first_id, first_id + smooth_faces)
            for s in range(1 if one_surface else samples):
                face_id = ids[y, x, s]
                if face_id < first_id or face_id >= last_id:
                    continue
                seen = False
                for t in range(s):
                    seen = seen or ids[y, x, t] == face_id
                if seen:
                    continue
                # Shade once per triangle and pixel, at the centroid of the samples it covers.
                covered, ox, oy = 0, 0.0, 0.0
                for t in range(s, samples):
                    if one_surface or ids[y, x, t] == face_id:
                        covered += 1
                        ox += offsets[t, 0]
                        oy += offsets[t, 1]
                dx = (x + ox / (covered * SUBPIXEL) - cx) / fx
                dy = (y + oy / (covered * SUBPIXEL) - cy) / fy
                face = face_id - first_id
                smooth = face < smooth_faces
                a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
                weights = barycentrics(vertices, a, b, c, dx, dy)
                nx, ny, nz = _surface_normal(vertices, normals, a, b, c, smooth, weights, dx, dy)
                alpha = covered / samples
                if mode == NORMALS:
                    red, green, blue = 127.5 + 127.5 * nx, 127.5 - 127.5 * ny, 127.5 - 127.5 * nz
                else:
                    if smooth:
                        l0, l1, l2 = _mix(irradiance, a, b, c, weights)
                        red, green, blue = base_color[0], base_color[1], base_color[2]
                    else:
                        l0, l1, l2 = irradiance_at(nx, ny, nz, sh, lights, wrap)
                        red, green, blue = cap_color[0], cap_color[1], cap_color[2]
                    if mode == TEXTURED and smooth:
                        ta, tb, tc = uv_faces[face, 0], uv_faces[face, 1], uv_faces[face, 2]
                        w0, w1, w2 = weights
                        u = w0 * uv[ta, 0] + w1 * uv[tb, 0] + w2 * uv[tc, 0]
                        v = w0 * uv[ta, 1] + w1 * uv[tb, 1] + w2 * uv[tc, 1]
                        t0, t1, t2 = sample_bilinear(texture, u, v)
                        red, green, blue = red * t0, green * t1, blue * t2
                    red, green, blue = red * l0, green * l1, blue * l2
                    if mode == WIREFRAME:
                        alpha *= _line_coverage(vertices, a, b, c, dx, dy, fx, fy, line_half_width)
                    else:
                        g0, g1, g2 = _highlights(nx, ny, nz, dx, dy, lights, gloss)
                        red, green, blue = red + g0, green + g1, blue + g2
                    red = _to_srgb(red, table)
                    green = _to_srgb(green, table)
                    blue = _to_srgb(blue, table)
                rgba[y, x, 0] += alpha * red
                rgba[y, x, 1] += alpha * green
                rgba[y, x, 2] += alpha * blue
                rgba[y, x, 3] += alpha


@_jit
def composite(rgba, x0, y0, opacity, image):
    """Blend a premultiplied window over ``image`` (H, W, 3) uint8 in place, at corner (x0, y0)."""
    for y in range(rgba.shape[0]):
        for x in range(rgba.shape[1]):
            alpha = rgba[y, x, 3]
            if alpha > 0.0:
                for c in range(3):
                    value = rgba[y, x, c] * opacity
                    value += image[y0 + y, x0 + x, c] * (1.0 - alpha * opacity)
                    image[y0 + y, x0 + x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))


@_jit
def vertex_colors(albedo, points, normals, sky, sh, lights, wrap, gloss, table):
    """Shade vertices once for a renderer that only interpolates colours.

    Args:
        albedo: (V, 3) linear RGB. points (V, 3), normals (V, 3): in the frame of the lights, the
            eye in the origin (view frame: x right, y down, z forward).
        sky: (V,) share of its surroundings that reaches each vertex; what is hidden is not black,
            since light goes to and fro between the surfaces: a series of bounces, each times the
            albedo.
        sh, lights, wrap, gloss, table: as in ``shade``.

    Returns:
        (V, 3) float64 sRGB in [0, 1].
    """
    out = np.empty((points.shape[0], 3), np.float64)
    for v in range(points.shape[0]):
        z = points[v, 2] if points[v, 2] > 1e-6 else 1e-6
        nx, ny, nz = float(normals[v, 0]), float(normals[v, 1]), float(normals[v, 2])
        light = irradiance_at(nx, ny, nz, sh, lights, wrap)
        gleam = _highlights(nx, ny, nz, points[v, 0] / z, points[v, 1] / z, lights, gloss)
        for k in range(3):
            seen = sky[v] / (1.0 - (1.0 - sky[v]) * min(albedo[v, k], 0.9))
            color = sky[v] * gleam[k] + albedo[v, k] * light[k] * seen
            out[v, k] = _to_srgb(color, table) / 255.0
    return out


@_jit
def to_bytes_smoothed(image, threshold, spans):
    """(H, W, 3) float32 in [0, 1] to uint8, with jagged edges softened.

    Where brightness jumps by more than ``threshold`` between neighbours, the pixel is averaged with
    two points along the edge's direction (the idea of FXAA, Lottes 2009): cheap anti-aliasing for a
    renderer that has none. A threshold above 1 only converts. ``spans`` (H, 2) int32: first column
    of each row that is not background, and the one after the last.
    """
    height, width = image.shape[0], image.shape[1]
    out = np.empty(image.shape, np.uint8)
    values, levels = image.reshape(-1), out.reshape(-1)
    half, full, none = np.float32(0.5), np.float32(255.0), np.float32(0.0)
    for n in range(values.shape[0]):
        levels[n] = np.uint8(min(max(values[n] * full + half, none), full))
    if threshold > 1.0:
        return out
    luma = np.empty((height, width), np.float32)
    for y in range(height):
        first, last = _reach(spans, y, 2, width)
        for x in range(first, last):
            luma[y, x] = 0.299 * image[y, x, 0] + 0.587 * image[y, x, 1] + 0.114 * image[y, x, 2]
    for y in range(1, height - 2):
        first, last = _reach(spans, y, 1, width)
        for x in range(max(first, 1), min(last, width - 2)):
            here = luma[y, x]
            jump = max(
                max(abs(luma[y, x + 1] - here), abs(luma[y, x - 1] - here)),
                max(abs(luma[y + 1, x] - here), abs(luma[y - 1, x] - here)),
            )
            if jump <= threshold:
                continue
            a, b, c, d = (
                luma[y - 1, x - 1],
                luma[y - 1, x + 1],
                luma[y + 1, x - 1],
                luma[y + 1, x + 1],
            )
            gx = (b + 2.0 * luma[y, x + 1] + d) - (a + 2.0 * luma[y, x - 1] + c)
            gy = (c + 2.0 * luma[y + 1, x] + d) - (a + 2.0 * luma[y - 1, x] + b)
            length = np.sqrt(gx * gx + gy * gy)
            if length == 0.0:
                continue
            # Along the edge: across the gradient.
            dx, dy = -gy / length, gx / length
            for k in range(3):
                value = 0.5 * image[y, x, k] + 0.25 * (
                    _tap(image, y + dy, x + dx, k) + _tap(image, y - dy, x - dx, k)
                )
                out[y, x, k] = np.uint8(min(max(value, 0.0), 1.0) * 255.0 + 0.5)
    return out


@_jit
def _reach(spans, y, around, width):
    """Columns from, to that are at most ``around`` pixels from what is in ``spans``."""
    first, last = width, 0
    for row in range(max(y - around, 0), min(y + around + 1, spans.shape[0])):
        first, last = min(first, spans[row, 0]), max(last, spans[row, 1])
    return max(first - around, 0), min(last + around, width)


@_jit
def _tap(image, y, x, k):
    """Bilinear lookup at a position inside the image."""
    x0, y0 = int(x), int(y)
    tx, ty = x - x0, y - y0
    top = image[y0, x0, k] * (1.0 - tx) + image[y0, x0 + 1, k] * tx
    bottom = image[y0 + 1, x0, k] * (1.0 - tx) + image[y0 + 1, x0 + 1, k] * tx
    return top * (1.0 - ty) + bottom * ty
