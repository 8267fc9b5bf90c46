"""Levenberg-Marquardt for one hand: the compiled kernels of the estimators that fit.

The unknowns of a right hand, 61 numbers in this order:

* 0..2: a small turn of the whole hand about the wrist, camera axes, rad;
* 3..5: the wrist's position, camera frame, m;
* 6..50: angles, rad: finger (thumb to little), joint (root to tip), then bend, spread, twist;
* 51..60: shape coefficients.

What was seen of the hand comes from one or several witnesses, each of which sees points of its own
near the joints (``markers``). Normal equations are summed over the 25 unknowns that move a point
(``hand_chain``); depths, whose errors go together from joint to joint and from witness to witness,
have a full matrix of weights.

References: Levenberg-Marquardt with Marquardt's scaling (Marquardt, 1963); Cauchy's robust weight
1 / (1 + r^2/c^2) by iterative reweighting (Holland and Welsch, 1977).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hands3c_core.estimators.hand_chain import COLUMNS, kinematics, matmul, turn_about
from hands3c_core.jit import njit

__all__ = ["Bones", "Evidence", "Fitted", "Priors", "kinematics", "solve_hand", "turn_about"]

NUM_UNKNOWNS = 61
FIRST_ANGLE = 6
FIRST_SHAPE = 51


class Bones(NamedTuple):
    """A hand model's chains, as for ``hand_chain.kinematics``."""

    offsets: np.ndarray
    """(5, 4, 3) m."""
    shape_offsets: np.ndarray
    """(5, 4, 3, 10) m."""
    axes: np.ndarray
    """(5, 3, 3, 3)."""


class Evidence(NamedTuple):
    """What W witnesses say of one hand."""

    markers: np.ndarray
    """(W, 21, 3) m: each witness's points from the joints at rest."""
    rays: np.ndarray
    """(W, 21, 2) x/z and y/z of each point."""
    ray_weights: np.ndarray
    """(W, 21) inverse variances of the rays."""
    directions: np.ndarray
    """(W, 20, 3) unit vectors along the bones, camera axes."""
    direction_weights: np.ndarray
    """(W, 20) inverse variances, 1/rad^2."""
    robust: float
    """Squared number of sigmas at which a ray or direction starts to count less."""
    line_of_sight: np.ndarray
    """(3,) unit vector along which depths are measured."""
    depths: np.ndarray
    """(W, 21): how much deeper than the wrist each point lies, as a share of the wrist's own depth;
    a shift of all points of a witness means nothing if the weights say so."""
    depth_weights: np.ndarray
    """(21 W, 21 W) inverse covariance of the depths, or (0, 0) where there are none."""


class Priors(NamedTuple):
    """What is known without looking."""

    angle_mean: np.ndarray
    """(5, 3, 3) rad."""
    angle_precision: np.ndarray
    """(5, 3, 3) inverse variances."""
    limits: np.ndarray
    """(5, 3, 3, 2) rad, least and greatest angle."""
    limit_weight: float
    """Inverse variance of what is beyond a limit."""
    shape_mean: np.ndarray
    """(10,)."""
    shape_precision: np.ndarray
    """(10, 10)."""
    turn_mean: np.ndarray
    """(3, 3) the global rotation."""
    turn_precision: float
    """Inverse variance of each component of the turn from it, 1/rad^2; 0 for none."""


class Fitted(NamedTuple):
    """The result of ``solve_hand``."""

    turn: np.ndarray
    """(3, 3) global rotation."""
    root: np.ndarray
    """(3,) m."""
    angles: np.ndarray
    """(5, 3, 3) rad."""
    shape: np.ndarray
    """(10,)."""
    points: np.ndarray
    """(W, 21, 3) m: the witnesses' points on the fitted hand."""
    hessian: np.ndarray
    """(61, 61), lower triangle."""
    evidence_cost: float
    cost: float
    iterations: int


@njit
def _add_row(
    hessian: np.ndarray,
    gradient: np.ndarray,
    row: np.ndarray,
    columns: np.ndarray,
    residual: float,
    weight: float,
) -> None:
    for a in range(COLUMNS):
        scaled = weight * row[a]
        if scaled == 0.0:
            continue
        gradient[columns[a]] += scaled * residual
        for b in range(a + 1):
            hessian[columns[a], columns[b]] += scaled * row[b]


@njit
def _columns_of(joint: int, columns: np.ndarray) -> None:
    """Write which unknowns move a joint (25,)."""
    finger = max(joint - 1, 0) // 4
    for i in range(6):
        columns[i] = i
    for a in range(9):
        columns[6 + a] = FIRST_ANGLE + 9 * finger + a
    for m in range(10):
        columns[15 + m] = FIRST_SHAPE + m


@njit
def _add_witness(
    points: np.ndarray,
    jacobian: np.ndarray,
    rays: np.ndarray,
    ray_weights: np.ndarray,
    directions: np.ndarray,
    direction_weights: np.ndarray,
    robust: float,
    hessian: np.ndarray,
    gradient: np.ndarray,
) -> float:
    """Add one witness's rays and directions to the (lower) Hessian and gradient; returns their
    cost."""
    cost = 0.0
    columns = np.empty(COLUMNS, np.int64)
    row = np.empty(COLUMNS)
    projected = np.empty((2, COLUMNS))
    residuals = np.empty(3)
    for k in range(21):
        _columns_of(k, columns)
        depth = max(points[k, 2], 0.02)
        if ray_weights[k] > 0.0:
            squared = 0.0
            for i in range(2):
                ray = points[k, i] / depth
                residuals[i] = ray - rays[k, i]
                squared += residuals[i] ** 2
                for c in range(COLUMNS):
                    projected[i, c] = (jacobian[k, i, c] - ray * jacobian[k, 2, c]) / depth
            squared *= ray_weights[k]
            cost += robust * np.log1p(squared / robust)
            weight = ray_weights[k] / (1.0 + squared / robust)
            for i in range(2):
                _add_row(hessian, gradient, projected[i], columns, residuals[i], weight)
        if k == 0 or direction_weights[k - 1] <= 0.0:
            continue
        # The unit vector of the bone that ends here.
        parent = k - 1 if (k - 1) % 4 > 0 else 0
        bone = points[k] - points[parent]
        length = max(np.sqrt((bone**2).sum()), 1e-6)
        squared = 0.0
        for i in range(3):
            residuals[i] = bone[i] / length - directions[k - 1, i]
            squared += residuals[i] ** 2
        squared *= direction_weights[k - 1]
        cost += robust * np.log1p(squared / robust)
        weight = direction_weights[k - 1] / (1.0 + squared / robust)
        for i in range(3):
            for c in range(COLUMNS):
                along = 0.0
                for j in range(3):
                    along += bone[j] * (jacobian[k, j, c] - jacobian[parent, j, c])
                change = jacobian[k, i, c] - jacobian[parent, i, c]
                row[c] = (change - bone[i] * along / length**2) / length
            _add_row(hessian, gradient, row, columns, residuals[i], weight)
    return cost


@njit
def _add_depths(
    points: np.ndarray,
    jacobians: np.ndarray,
    root: np.ndarray,
    view: np.ndarray,
    depths: np.ndarray,
    weights: np.ndarray,
    hessian: np.ndarray,
    gradient: np.ndarray,
) -> float:
    """Add the depths of all witnesses, points (W, 21, 3) and jacobians (W, 21, 3, 25); returns
    their cost."""
    count = 21 * len(points)
    root_depth = max(view[0] * root[0] + view[1] * root[1] + view[2] * root[2], 0.02)
    residuals = np.empty(count)
    rows = np.empty((count, COLUMNS))
    columns = np.empty((21, COLUMNS), np.int64)
    for k in range(21):
        _columns_of(k, columns[k])
    for w in range(len(points)):
        for k in range(21):
            r = 21 * w + k
            depth = 0.0
            for i in range(3):
                depth += view[i] * points[w, k, i]
            share = depth / root_depth
            residuals[r] = share - 1.0 - depths[w, k]
            for c in range(COLUMNS):
                change = 0.0
                for i in range(3):
                    change += view[i] * jacobians[w, k, i, c]
                rows[r, c] = change / root_depth
            for i in range(3):
                rows[r, 3 + i] -= share * view[i] / root_depth
    cost = 0.0
    weighted = np.empty(NUM_UNKNOWNS)
    for r in range(count):
        pull = 0.0
        weighted[:] = 0.0
        for s in range(count):
            weight = weights[r, s]
            pull += weight * residuals[s]
            for c in range(COLUMNS):
                weighted[columns[s % 21, c]] += weight * rows[s, c]
        cost += residuals[r] * pull
        for c in range(COLUMNS):
            here = columns[r % 21, c]
            gradient[here] += rows[r, c] * pull
            for d in range(here + 1):
                hessian[here, d] += rows[r, c] * weighted[d]
    return cost


@njit
def _add_priors(
    turn: np.ndarray,
    angles: np.ndarray,
    shape: np.ndarray,
    priors: Priors,
    hessian: np.ndarray,
    gradient: np.ndarray,
) -> float:
    """Add priors and soft joint limits to the Hessian and gradient; returns their cost."""
    cost = 0.0
    if priors.turn_precision > 0.0:
        # The turn from the expected rotation: its axis times the sine of its angle.
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            off = 0.0
            for m in range(3):
                off += 0.5 * turn[k, m] * priors.turn_mean[j, m]
                off -= 0.5 * turn[j, m] * priors.turn_mean[k, m]
            cost += priors.turn_precision * off**2
            gradient[i] += priors.turn_precision * off
            hessian[i, i] += priors.turn_precision
    for a in range(45):
        finger, joint, dof = a // 9, (a // 3) % 3, a % 3
        angle = angles[finger, joint, dof]
        precision = priors.angle_precision[finger, joint, dof]
        off = angle - priors.angle_mean[finger, joint, dof]
        beyond = min(angle - priors.limits[finger, joint, dof, 0], 0.0) + max(
            angle - priors.limits[finger, joint, dof, 1], 0.0
        )
        cost += precision * off * off + priors.limit_weight * beyond * beyond
        gradient[FIRST_ANGLE + a] += precision * off + priors.limit_weight * beyond
        hessian[FIRST_ANGLE + a, FIRST_ANGLE + a] += precision
        if beyond != 0.0:
            hessian[FIRST_ANGLE + a, FIRST_ANGLE + a] += priors.limit_weight
    off_shape = shape - priors.shape_mean
    for m in range(10):
        pull = 0.0
        for n in range(10):
            pull += priors.shape_precision[m, n] * off_shape[n]
            if n <= m:
                hessian[FIRST_SHAPE + m, FIRST_SHAPE + n] += priors.shape_precision[m, n]
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
    bones: Bones,
    evidence: Evidence,
    priors: Priors,
    max_iterations: int,
    tolerance: float,
) -> Fitted:
    """Fit one hand to what its witnesses say.

    The cost is the sum of squared residuals over their variances. Stops after ``max_iterations`` or
    when the cost falls by less than the share ``tolerance``.

    Args:
        root_turn, root, angles, shape: where to start; see ``Fitted``.
        bones: the hand model's.
        evidence: of the witnesses.
        priors: on pose and shape.
    """
    damping = 1e-3
    hessian = np.zeros((NUM_UNKNOWNS, NUM_UNKNOWNS))
    gradient = np.zeros(NUM_UNKNOWNS)
    new_hessian, new_gradient = np.zeros_like(hessian), np.zeros_like(gradient)
    cost, evidence_cost = np.inf, np.inf
    new_turn, new_root, new_angles, new_shape = root_turn, root, angles, shape
    count = len(evidence.markers)
    points = np.zeros((count, 21, 3))
    new_points = np.zeros((count, 21, 3))
    jacobians = np.zeros((count, 21, 3, COLUMNS))
    iteration = 0
    while True:
        new_hessian[:] = 0.0
        new_gradient[:] = 0.0
        new_evidence_cost = 0.0
        for w in range(count):
            _, new_points[w], jacobians[w] = kinematics(
                new_turn,
                new_root,
                new_angles,
                new_shape,
                bones.offsets,
                bones.shape_offsets,
                bones.axes,
                evidence.markers[w],
            )
            new_evidence_cost += _add_witness(
                new_points[w],
                jacobians[w],
                evidence.rays[w],
                evidence.ray_weights[w],
                evidence.directions[w],
                evidence.direction_weights[w],
                evidence.robust,
                new_hessian,
                new_gradient,
            )
        if len(evidence.depth_weights) > 0:
            new_evidence_cost += _add_depths(
                new_points,
                jacobians,
                new_root,
                evidence.line_of_sight,
                evidence.depths,
                evidence.depth_weights,
                new_hessian,
                new_gradient,
            )
        new_cost = new_evidence_cost + _add_priors(
            new_turn, new_angles, new_shape, priors, new_hessian, new_gradient
        )
        better = new_cost < cost or iteration == 0
        settled = better and iteration > 0 and cost - new_cost < tolerance * cost
        if better:
            root_turn, root, angles, shape = new_turn, new_root, new_angles, new_shape
            points, new_points = new_points, points
            cost, evidence_cost = new_cost, new_evidence_cost
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
            new_turn = matmul(turn_about(step[:3] / size, size), root_turn)
        new_root = root + step[3:6]
        new_angles = angles + step[FIRST_ANGLE:FIRST_SHAPE].copy().reshape((5, 3, 3))
        new_shape = shape + step[FIRST_SHAPE:]
    return Fitted(root_turn, root, angles, shape, points, hessian, evidence_cost, cost, iteration)
