"""Levenberg-Marquardt for one hand: the compiled kernels of the landmark estimator.

The unknowns of a right hand, 61 numbers in this order:

* 0..2: a small turn of the whole hand about the wrist, camera axes, rad;
* 3..5: the wrist's position, camera frame, m;
* 6..50: angles, rad: finger (thumb to little), joint (root to tip), then bend, spread, twist;
* 51..60: shape coefficients.

Fingers are chains of three turning joints and a tip, so the derivative of a joint of finger f has
only 25 columns that are not zero: the wrist's six, nine angles and ten shape coefficients. Normal
equations are summed over those. Derivatives are exact: for an angle about the world axis a through
the point p, dX/dangle = a x (X - p).

References: Levenberg-Marquardt with Marquardt's scaling (Marquardt, 1963); Cauchy's robust weight
1 / (1 + r^2/c^2) by iterative reweighting (Holland and Welsch, 1977).
"""

from __future__ import annotations

import numpy as np

from hands3c_core.jit import njit

NUM_UNKNOWNS = 61
FIRST_ANGLE = 6
FIRST_SHAPE = 51
_COLUMNS = 25  # of one finger: 6 wrist, 9 angles, 10 shape


@njit
def turn_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """The (3, 3) rotation by ``angle`` rad about the unit ``axis`` (Rodrigues)."""
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = axis
    turn = np.empty((3, 3))
    turn[0, 0] = c + x * x * (1 - c)
    turn[0, 1] = x * y * (1 - c) - z * s
    turn[0, 2] = x * z * (1 - c) + y * s
    turn[1, 0] = y * x * (1 - c) + z * s
    turn[1, 1] = c + y * y * (1 - c)
    turn[1, 2] = y * z * (1 - c) - x * s
    turn[2, 0] = z * x * (1 - c) - y * s
    turn[2, 1] = z * y * (1 - c) + x * s
    turn[2, 2] = c + z * z * (1 - c)
    return turn


@njit
def _matmul(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    out = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = (
                left[i, 0] * right[0, j] + left[i, 1] * right[1, j] + left[i, 2] * right[2, j]
            )
    return out


@njit
def _turn_columns(jacobian: np.ndarray, arm: np.ndarray) -> None:
    """Write a point's derivatives (3, 25) for turns about x, y and z, ``arm`` from the wrist."""
    x, y, z = arm
    jacobian[1, 0], jacobian[2, 0] = -z, y
    jacobian[0, 1], jacobian[2, 1] = z, -x
    jacobian[0, 2], jacobian[1, 2] = -y, x


@njit
def kinematics(
    root_turn: np.ndarray,
    root: np.ndarray,
    angles: np.ndarray,
    shape: np.ndarray,
    offsets: np.ndarray,
    shape_offsets: np.ndarray,
    axes: np.ndarray,
    markers: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The 21 joints of a hand, its 21 landmarks and their derivatives.

    Args:
        root_turn: (3, 3) global rotation.
        root: (3,) wrist position, m.
        angles: (5, 3, 3) rad: finger, joint, (bend, spread, twist).
        shape: (10,).
        offsets: (5, 4, 3) m: each finger joint (root to tip) from its parent, at rest.
        shape_offsets: (5, 4, 3, 10) m: their change per unit of shape.
        axes: (5, 3, 3, 3): unit axes of bend, spread and twist at rest.
        markers: (21, 3) m: each landmark from its joint, at rest; it moves with the joint's bone
            (the wrist's with the palm).

    Returns:
        Joints (21, 3), landmarks (21, 3) and the landmarks' derivatives (21, 3, 25), columns: wrist
        turn, wrist position, the nine angles of the joint's finger, shape.
    """
    joints = np.empty((21, 3))
    jacobian = np.zeros((21, 3, _COLUMNS))
    world_axes = np.empty((9, 3))
    landmarks = np.empty((21, 3))
    joints[0] = root
    for i in range(3):
        landmarks[0, i] = root[i]
        jacobian[0, i, 3 + i] = 1.0
        for j in range(3):
            landmarks[0, i] += root_turn[i, j] * markers[0, j]
    _turn_columns(jacobian[0], landmarks[0] - root)
    for finger in range(5):
        turn = root_turn
        for link in range(4):
            k = 1 + 4 * finger + link
            parent = k - 1 if link > 0 else 0
            for i in range(3):
                joints[k, i] = joints[parent, i]
                jacobian[k, i, 3 + i] = 1.0
                for m in range(10):
                    jacobian[k, i, 15 + m] = jacobian[parent, i, 15 + m]
                for j in range(3):
                    length = offsets[finger, link, j]
                    for m in range(10):
                        change = shape_offsets[finger, link, j, m]
                        length += change * shape[m]
                        jacobian[k, i, 15 + m] += turn[i, j] * change
                    joints[k, i] += turn[i, j] * length
                landmarks[k, i] = joints[k, i]
                for j in range(3):
                    landmarks[k, i] += turn[i, j] * markers[k, j]
            _turn_columns(jacobian[k], landmarks[k] - root)
            for a in range(3 * link):
                pivot = 1 + 4 * finger + a // 3
                dx, dy, dz = landmarks[k] - joints[pivot]
                ax, ay, az = world_axes[a]
                jacobian[k, 0, 6 + a] = ay * dz - az * dy
                jacobian[k, 1, 6 + a] = az * dx - ax * dz
                jacobian[k, 2, 6 + a] = ax * dy - ay * dx
            if link == 3:
                continue
            # R = Rot(spread) Rot(bend) Rot(twist): each axis is turned by those before it.
            for dof in (1, 0, 2):
                axis = axes[finger, link, dof]
                for i in range(3):
                    world_axes[3 * link + dof, i] = (
                        turn[i, 0] * axis[0] + turn[i, 1] * axis[1] + turn[i, 2] * axis[2]
                    )
                turn = _matmul(turn, turn_about(axis, angles[finger, link, dof]))
    return joints, landmarks, jacobian


@njit
def _add_row(
    hessian: np.ndarray,
    gradient: np.ndarray,
    row: np.ndarray,
    columns: np.ndarray,
    residual: float,
    weight: float,
) -> None:
    for a in range(_COLUMNS):
        scaled = weight * row[a]
        if scaled == 0.0:
            continue
        gradient[columns[a]] += scaled * residual
        for b in range(a + 1):
            hessian[columns[a], columns[b]] += scaled * row[b]


@njit
def _normal_equations(
    landmarks: np.ndarray,
    jacobian: np.ndarray,
    rays: np.ndarray,
    ray_weights: np.ndarray,
    directions: np.ndarray,
    direction_weights: np.ndarray,
    robust_ray: float,
    robust_direction: float,
    hessian: np.ndarray,
    gradient: np.ndarray,
) -> float:
    """Add the evidence's terms to the (lower) Hessian and gradient; returns their cost."""
    cost = 0.0
    columns = np.empty(_COLUMNS, np.int64)
    row = np.empty(_COLUMNS)
    projected = np.empty((2, _COLUMNS))
    residuals = np.empty(3)
    for i in range(6):
        columns[i] = i
    for m in range(10):
        columns[15 + m] = FIRST_SHAPE + m
    for k in range(21):
        finger = max(k - 1, 0) // 4
        for a in range(9):
            columns[6 + a] = FIRST_ANGLE + 9 * finger + a
        # Image term: the model landmark's ray (x/z, y/z) against the image landmark's.
        depth = max(landmarks[k, 2], 0.02)
        squared = 0.0
        for i in range(2):
            ray = landmarks[k, i] / depth
            residuals[i] = ray - rays[k, i]
            squared += residuals[i] ** 2
            for c in range(_COLUMNS):
                projected[i, c] = (jacobian[k, i, c] - ray * jacobian[k, 2, c]) / depth
        squared *= ray_weights[k]
        cost += robust_ray * np.log1p(squared / robust_ray)
        weight = ray_weights[k] / (1.0 + squared / robust_ray)
        for i in range(2):
            _add_row(hessian, gradient, projected[i], columns, residuals[i], weight)
        if k == 0:
            continue
        # Direction term: the unit vector of the bone that ends here against the world landmarks'.
        parent = k - 1 if (k - 1) % 4 > 0 else 0
        bone = landmarks[k] - landmarks[parent]
        length = max(np.sqrt((bone**2).sum()), 1e-6)
        squared = 0.0
        for i in range(3):
            residuals[i] = bone[i] / length - directions[k - 1, i]
            squared += residuals[i] ** 2
        squared *= direction_weights[k - 1]
        cost += robust_direction * np.log1p(squared / robust_direction)
        weight = direction_weights[k - 1] / (1.0 + squared / robust_direction)
        for i in range(3):
            for c in range(_COLUMNS):
                along = 0.0
                for j in range(3):
                    along += bone[j] * (jacobian[k, j, c] - jacobian[parent, j, c])
                change = jacobian[k, i, c] - jacobian[parent, i, c]
                row[c] = (change - bone[i] * along / length**2) / length
            _add_row(hessian, gradient, row, columns, residuals[i], weight)
    return cost


@njit
def _add_priors(
    root: np.ndarray,
    angles: np.ndarray,
    shape: np.ndarray,
    root_mean: np.ndarray,
    root_precision: np.ndarray,
    angle_mean: np.ndarray,
    angle_precision: np.ndarray,
    limits: np.ndarray,
    limit_weight: float,
    shape_mean: np.ndarray,
    shape_precision: np.ndarray,
    hessian: np.ndarray,
    gradient: np.ndarray,
) -> float:
    """Add priors and soft joint limits to the Hessian and gradient; returns their cost."""
    cost = 0.0
    for i in range(3):
        off = root[i] - root_mean[i]
        cost += root_precision[i] * off * off
        gradient[3 + i] += root_precision[i] * off
        hessian[3 + i, 3 + i] += root_precision[i]
    for a in range(45):
        finger, joint, dof = a // 9, (a // 3) % 3, a % 3
        angle = angles[finger, joint, dof]
        precision = angle_precision[finger, joint, dof]
        off = angle - angle_mean[finger, joint, dof]
        beyond = min(angle - limits[finger, joint, dof, 0], 0.0) + max(
            angle - limits[finger, joint, dof, 1], 0.0
        )
        cost += precision * off * off + limit_weight * beyond * beyond
        gradient[FIRST_ANGLE + a] += precision * off + limit_weight * beyond
        hessian[FIRST_ANGLE + a, FIRST_ANGLE + a] += precision
        if beyond != 0.0:
            hessian[FIRST_ANGLE + a, FIRST_ANGLE + a] += limit_weight
    off_shape = shape - shape_mean
    for m in range(10):
        pull = 0.0
        for n in range(10):
            pull += shape_precision[m, n] * off_shape[n]
            if n <= m:
                hessian[FIRST_SHAPE + m, FIRST_SHAPE + n] += shape_precision[m, n]
        gradient[FIRST_SHAPE + m] += pull
        cost += off_shape[m] * pull
    return cost


@njit
def _solve_damped(hessian: np.ndarray, gradient: np.ndarray, damping: float) -> np.ndarray:
    """-(H + damping diag H)^-1 g by Cholesky's decomposition of the lower triangle."""
    count = len(gradient)
    lower = np.zeros((count, count))
    step = np.empty(count)
    for i in range(count):
        for j in range(i + 1):
            total = hessian[i, j]
            if i == j:
                total += damping * total + 1e-9
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                lower[i, i] = np.sqrt(max(total, 1e-12))
            else:
                lower[i, j] = total / lower[j, j]
    for i in range(count):
        total = -gradient[i]
        for k in range(i):
            total -= lower[i, k] * step[k]
        step[i] = total / lower[i, i]
    for i in range(count - 1, -1, -1):
        total = step[i]
        for k in range(i + 1, count):
            total -= lower[k, i] * step[k]
        step[i] = total / lower[i, i]
    return step


@njit
def solve_hand(
    root_turn: np.ndarray,
    root: np.ndarray,
    angles: np.ndarray,
    shape: np.ndarray,
    offsets: np.ndarray,
    shape_offsets: np.ndarray,
    axes: np.ndarray,
    markers: np.ndarray,
    rays: np.ndarray,
    ray_weights: np.ndarray,
    directions: np.ndarray,
    direction_weights: np.ndarray,
    robust_ray: float,
    robust_direction: float,
    root_mean: np.ndarray,
    root_precision: np.ndarray,
    angle_mean: np.ndarray,
    angle_precision: np.ndarray,
    limits: np.ndarray,
    limit_weight: float,
    shape_mean: np.ndarray,
    shape_precision: np.ndarray,
    max_iterations: int,
    tolerance: float,
) -> tuple[
    np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, float, int
]:
    """Fit one hand to rays and bone directions.

    The cost is the sum of squared residuals over their variances: ``ray_weights`` (21,) and
    ``direction_weights`` (20,) are inverse variances, ``robust_*`` the squared number of sigmas at
    which a residual starts to count less, ``*_precision`` inverse prior variances; ``limits``
    (5, 3, 3, 2) rad. Stops after ``max_iterations`` or when the cost falls by less than the
    share ``tolerance``.

    Returns:
        Global rotation (3, 3), wrist (3,) m, angles (5, 3, 3), shape (10,), landmarks (21, 3) m,
        the lower triangle of the Hessian (61, 61), the evidence's cost, the whole cost, iterations.
    """
    damping = 1e-3
    hessian = np.zeros((NUM_UNKNOWNS, NUM_UNKNOWNS))
    gradient = np.zeros(NUM_UNKNOWNS)
    new_hessian, new_gradient = np.zeros_like(hessian), np.zeros_like(gradient)
    cost, evidence_cost = np.inf, np.inf
    new_turn, new_root, new_angles, new_shape = root_turn, root, angles, shape
    landmarks = np.zeros((21, 3))
    iteration = 0
    while True:
        _, new_landmarks, jacobian = kinematics(
            new_turn, new_root, new_angles, new_shape, offsets, shape_offsets, axes, markers
        )
        new_hessian[:] = 0.0
        new_gradient[:] = 0.0
        new_evidence_cost = _normal_equations(
            new_landmarks,
            jacobian,
            rays,
            ray_weights,
            directions,
            direction_weights,
            robust_ray,
            robust_direction,
            new_hessian,
            new_gradient,
        )
        new_cost = new_evidence_cost + _add_priors(
            new_root,
            new_angles,
            new_shape,
            root_mean,
            root_precision,
            angle_mean,
            angle_precision,
            limits,
            limit_weight,
            shape_mean,
            shape_precision,
            new_hessian,
            new_gradient,
        )
        better = new_cost < cost or iteration == 0
        settled = better and iteration > 0 and cost - new_cost < tolerance * cost
        if better:
            root_turn, root, angles, shape = new_turn, new_root, new_angles, new_shape
            landmarks, cost, evidence_cost = new_landmarks, new_cost, new_evidence_cost
            hessian, new_hessian = new_hessian, hessian
            gradient, new_gradient = new_gradient, gradient
            damping = max(damping * 0.2, 1e-7)
        else:
            damping *= 8.0
        if settled or iteration >= max_iterations or damping > 1e6:
            break
        iteration += 1
        step = _solve_damped(hessian, gradient, damping)
        size = np.sqrt(step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
        new_turn = root_turn
        if size > 1e-12:
            new_turn = _matmul(turn_about(step[:3] / size, size), root_turn)
        new_root = root + step[3:6]
        new_angles = angles + step[FIRST_ANGLE:FIRST_SHAPE].copy().reshape((5, 3, 3))
        new_shape = shape + step[FIRST_SHAPE:]
    return root_turn, root, angles, shape, landmarks, hessian, evidence_cost, cost, iteration
