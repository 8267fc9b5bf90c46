"""The four-direction cross-scan of a position-major plane whose projections are given."""

from __future__ import annotations

from typing import Final

import numpy as np

from hands3c_core.jit import njit
from hands3c_core.ops.cpu_library import CrossScanProblem
from hands3c_core.ops.numba_cpu.memory import (
    field,
    floats,
    pack_lanes,
    pack_states,
    padded,
    unpack_states,
)
from hands3c_core.ops.numba_cpu.numerics import FUSED, LOG2E
from hands3c_core.ops.numba_cpu.tiles import (
    BLOCK,
    LANES,
    STEPS,
    finish_gradients,
    scan_tile,
    scan_tile_backward,
    step_sizes,
)

_DIRECTIONS: Final = 4
_0, _1 = np.float32(0), np.float32(1)

_BATCH, _HEIGHT, _WIDTH, _CHANNELS, _STATES, _RANK, _PER_BLOCK, _SLOTS = (
    field(CrossScanProblem, name)
    for name in (
        *("batch", "height", "width", "channels", "states", "rank"),
        *("row_groups_per_block", "slots"),
    )
)
_X, _PROJECTED, _DT_WEIGHT, _DT_BIAS, _A, _D, _Y, _SAVED = (
    field(CrossScanProblem, name)
    for name in ("x", "projected", "dt_weight", "dt_bias", "A", "D", "y", "saved")
)
_DY, _DX, _DPROJECTED, _DDT_WEIGHT, _DDT_BIAS, _DA, _DD = (
    field(CrossScanProblem, name)
    for name in ("dy", "dx", "dprojected", "ddt_weight", "ddt_bias", "dA", "dD")
)


@njit
def _find_positions(direction, height, width, base, start, steps, positions):
    """Where steps lie: 0 row-major, 1 column-major, 2 and 3 those reversed."""
    for t in range(steps):
        at = height * width - 1 - start - t if direction >= 2 else start + t
        if direction % 2:
            at = at % height * width + at // height
        positions[t] = base + at


@njit
def _load(values, positions, steps, channels, first, count, to):
    """``to`` [step][lane] = channels from ``first`` on at the positions."""
    for t in range(steps):
        at = positions[t] * channels + first
        for i in range(count):
            to[t, i] = values[at + i]


@njit
def _store(values, positions, steps, channels, first, count, add, to):
    """The opposite; adds to what is there if ``add``."""
    for t in range(steps):
        at = positions[t] * channels + first
        if add:
            for i in range(count):
                to[at + i] += values[t, i]
        else:
            for i in range(count):
                to[at + i] = values[t, i]


@njit
def _load_projections(projected, positions, steps, direction, rank, states, dt, B, C):
    """A tile's projections: [step][rank], [step][state] twice; padding stays as it is."""
    outputs = rank + 2 * states
    for t in range(steps):
        at = (positions[t] * _DIRECTIONS + direction) * outputs
        for q in range(rank):
            dt[t, q] = projected[at + q]
        for n in range(states):
            B[t, n] = projected[at + rank + n]
            C[t, n] = projected[at + rank + states + n]


@njit
def _pack_dt_weight(values, first_row, count, rank, to):
    """(padded rank, LANES) of (rows, rank)."""
    pack_states(values, first_row, count, rank, _1, to)


@njit(fastmath=FUSED)
def _project_steps(steps, dt, weights, bias, raw):
    """Step sizes before the softplus: bias + <weights, dt>, four of the rank at a time."""
    for t in range(steps):
        for i in range(LANES):
            raw[t, i] = bias[i]
        for q in range(0, weights.shape[0], BLOCK):
            p0, p1, p2, p3 = dt[t, q], dt[t, q + 1], dt[t, q + 2], dt[t, q + 3]
            for i in range(LANES):
                raw[t, i] += (weights[q, i] * p0 + weights[q + 1, i] * p1) + (
                    weights[q + 2, i] * p2 + weights[q + 3, i] * p3
                )


@njit(fastmath={"contract", "nsz", "reassoc"})
def _project_back(steps, dt, weights, slopes, ddt, dweights):
    """Gradients of ``_project_steps``, both added to."""
    for t in range(steps):
        for q in range(0, weights.shape[0], BLOCK):
            p0, p1, p2, p3 = dt[t, q], dt[t, q + 1], dt[t, q + 2], dt[t, q + 3]
            s0 = s1 = s2 = s3 = _0
            for i in range(LANES):
                slope = slopes[t, i]
                s0 += slope * weights[q, i]
                s1 += slope * weights[q + 1, i]
                s2 += slope * weights[q + 2, i]
                s3 += slope * weights[q + 3, i]
                dweights[q, i] += slope * p0
                dweights[q + 1, i] += slope * p1
                dweights[q + 2, i] += slope * p2
                dweights[q + 3, i] += slope * p3
            ddt[t, q] += s0
            ddt[t, q + 1] += s1
            ddt[t, q + 2] += s2
            ddt[t, q + 3] += s3


@njit
def cross_scan_forward(problem, first_task, last_task):
    """Some tasks of a problem; a task is one slot of one block of channels of one batch item."""
    batch, height, width = problem[_BATCH], problem[_HEIGHT], problem[_WIDTH]
    channels, states, rank = problem[_CHANNELS], problem[_STATES], problem[_RANK]
    slots, per_block = problem[_SLOTS], problem[_PER_BLOCK]
    length, blocks = height * width, -(-channels // (per_block * LANES))
    tiles, lane_groups = -(-length // STEPS), -(-channels // LANES)
    N, R = padded(states), padded(rank)
    x = floats(problem[_X], batch * length * channels)
    projected = floats(problem[_PROJECTED], batch * length * _DIRECTIONS * (rank + 2 * states))
    dt_weight = floats(problem[_DT_WEIGHT], _DIRECTIONS * channels * rank)
    dt_bias = floats(problem[_DT_BIAS], _DIRECTIONS * channels)
    A = floats(problem[_A], _DIRECTIONS * channels * states)
    D = floats(problem[_D], _DIRECTIONS * channels)
    y = floats(problem[_Y], slots * batch * length * channels)
    saved = floats(problem[_SAVED], batch * _DIRECTIONS * lane_groups * tiles * N * LANES)

    positions = np.empty(STEPS, np.int64)
    dt_in = np.zeros((STEPS, R), np.float32)
    B, C = np.zeros((STEPS, N), np.float32), np.zeros((STEPS, N), np.float32)
    inputs, raw = np.zeros((STEPS, LANES), np.float32), np.empty((STEPS, LANES), np.float32)
    dt, out = np.empty((STEPS, LANES), np.float32), np.empty((STEPS, LANES), np.float32)
    weights = np.empty((per_block, R, LANES), np.float32)
    bias, skip = np.empty((per_block, LANES), np.float32), np.empty((per_block, LANES), np.float32)
    decay = np.empty((per_block, N, LANES), np.float32)
    state = np.empty((per_block, N, LANES), np.float32)
    drive = np.empty(LANES, np.float32)

    for task in range(first_task, last_task):
        slot, block, item = task % slots, task // slots % blocks, task // slots // blocks
        channel = block * per_block * LANES
        rows = min(per_block * LANES, channels - channel)
        groups = -(-rows // LANES)
        plane = slot * batch * length * channels
        for k in range(slot, _DIRECTIONS, slots):
            for g in range(groups):
                row, count = k * channels + channel + g * LANES, min(LANES, rows - g * LANES)
                _pack_dt_weight(dt_weight, row, count, rank, weights[g])
                pack_lanes(dt_bias, row, count, bias[g])
                pack_lanes(D, row, count, skip[g])
                pack_states(A, row, count, states, LOG2E, decay[g])
            state[:] = _0
            before = (item * _DIRECTIONS + k) * lane_groups + block * per_block
            for tile in range(tiles):
                start = tile * STEPS
                steps = min(STEPS, length - start)
                _find_positions(k, height, width, item * length, start, steps, positions)
                _load_projections(projected, positions, steps, k, rank, states, dt_in, B, C)
                if len(saved):
                    at = (before * tiles + tile * groups) * N * LANES
                    saved[at : at + groups * N * LANES] = state[:groups].reshape(-1)
                for g in range(groups):
                    first, count = channel + g * LANES, min(LANES, rows - g * LANES)
                    if count < LANES:
                        inputs[:] = _0
                    _load(x, positions, steps, channels, first, count, inputs)
                    _project_steps(steps, dt_in, weights[g], bias[g], raw)
                    step_sizes(steps, True, raw, dt)
                    scan_tile(
                        *(steps, N, dt, inputs, B, C, decay[g], skip[g], state[g], drive, out)
                    )
                    _store(*(out, positions, steps, channels, first, count, k != slot, y[plane:]))


@njit
def cross_scan_backward(problem, first_task, last_task):
    """As ``cross_scan_forward``, its gradients."""
    batch, height, width = problem[_BATCH], problem[_HEIGHT], problem[_WIDTH]
    channels, states, rank = problem[_CHANNELS], problem[_STATES], problem[_RANK]
    slots, per_block = problem[_SLOTS], problem[_PER_BLOCK]
    length, blocks = height * width, -(-channels // (per_block * LANES))
    tiles, lane_groups = -(-length // STEPS), -(-channels // LANES)
    N, R, outputs = padded(states), padded(rank), rank + 2 * states
    x = floats(problem[_X], batch * length * channels)
    projected = floats(problem[_PROJECTED], batch * length * _DIRECTIONS * outputs)
    dt_weight = floats(problem[_DT_WEIGHT], _DIRECTIONS * channels * rank)
    dt_bias = floats(problem[_DT_BIAS], _DIRECTIONS * channels)
    A = floats(problem[_A], _DIRECTIONS * channels * states)
    D = floats(problem[_D], _DIRECTIONS * channels)
    saved = floats(problem[_SAVED], batch * _DIRECTIONS * lane_groups * tiles * N * LANES)
    dy = floats(problem[_DY], batch * length * channels)
    dx = floats(problem[_DX], slots * batch * length * channels)
    dprojected = floats(problem[_DPROJECTED], blocks * batch * length * _DIRECTIONS * outputs)
    ddt_weight = floats(problem[_DDT_WEIGHT], batch * _DIRECTIONS * channels * rank)
    ddt_bias = floats(problem[_DDT_BIAS], batch * _DIRECTIONS * channels)
    dA = floats(problem[_DA], batch * _DIRECTIONS * channels * states)
    dD = floats(problem[_DD], batch * _DIRECTIONS * channels)

    positions = np.empty(STEPS, np.int64)
    dt_in = np.zeros((STEPS, R), np.float32)
    B, C = np.zeros((STEPS, N), np.float32), np.zeros((STEPS, N), np.float32)
    ddt_in = np.empty((STEPS, R), np.float32)
    dB, dC = np.empty((STEPS, N), np.float32), np.empty((STEPS, N), np.float32)
    inputs, up = np.zeros((STEPS, LANES), np.float32), np.zeros((STEPS, LANES), np.float32)
    raw, dt = np.empty((STEPS, LANES), np.float32), np.empty((STEPS, LANES), np.float32)
    du, ddelta = np.empty((STEPS, LANES), np.float32), np.empty((STEPS, LANES), np.float32)
    H = np.empty((STEPS + 1, BLOCK, LANES), np.float32)
    E = np.empty((STEPS, BLOCK, LANES), np.float32)
    start_state = np.empty((N, LANES), np.float32)
    weights = np.empty((per_block, R, LANES), np.float32)
    dweights = np.empty((per_block, R, LANES), np.float32)
    bias, skip = np.empty((per_block, LANES), np.float32), np.empty((per_block, LANES), np.float32)
    dbias = np.empty((per_block, LANES), np.float32)
    dskip = np.empty((per_block, LANES), np.float32)
    decay, adjoint, ddecay = (
        np.empty((per_block, N, LANES), np.float32),
        np.empty((per_block, N, LANES), np.float32),
        np.empty((per_block, N, LANES), np.float32),
    )

    for task in range(first_task, last_task):
        slot, block, item = task % slots, task // slots % blocks, task // slots // blocks
        channel = block * per_block * LANES
        rows = min(per_block * LANES, channels - channel)
        groups = -(-rows // LANES)
        plane = slot * batch * length * channels
        for k in range(slot, _DIRECTIONS, slots):
            for g in range(groups):
                row, count = k * channels + channel + g * LANES, min(LANES, rows - g * LANES)
                _pack_dt_weight(dt_weight, row, count, rank, weights[g])
                pack_lanes(dt_bias, row, count, bias[g])
                pack_lanes(D, row, count, skip[g])
                pack_states(A, row, count, states, LOG2E, decay[g])
            adjoint[:], ddecay[:], dweights[:], dbias[:], dskip[:] = _0, _0, _0, _0, _0
            before = (item * _DIRECTIONS + k) * lane_groups + block * per_block
            for back in range(tiles):
                tile = tiles - 1 - back
                start = tile * STEPS
                steps = min(STEPS, length - start)
                _find_positions(k, height, width, item * length, start, steps, positions)
                _load_projections(projected, positions, steps, k, rank, states, dt_in, B, C)
                ddt_in[:], dB[:], dC[:] = _0, _0, _0
                for g in range(groups):
                    first, count = channel + g * LANES, min(LANES, rows - g * LANES)
                    if count < LANES:
                        inputs[:], up[:] = _0, _0
                    _load(x, positions, steps, channels, first, count, inputs)
                    _load(dy, positions, steps, channels, first, count, up)
                    _project_steps(steps, dt_in, weights[g], bias[g], raw)
                    step_sizes(steps, True, raw, dt)
                    at = (before * tiles + tile * groups + g) * N * LANES
                    start_state.reshape(-1)[:] = saved[at : at + N * LANES]
                    scan_tile_backward(
                        *(steps, N, dt, inputs, up, B, C, decay[g], start_state, H, E),
                        *(adjoint[g], ddecay[g], dB, dC, du, ddelta),
                    )
                    finish_gradients(
                        *(steps, True, raw, dt, inputs, up, skip[g], du, ddelta),
                        *(dskip[g], dbias[g]),
                    )
                    _project_back(steps, dt_in, weights[g], ddelta, ddt_in, dweights[g])
                    _store(*(du, positions, steps, channels, first, count, k != slot, dx[plane:]))
                for t in range(steps):
                    at = ((block * batch * length + positions[t]) * _DIRECTIONS + k) * outputs
                    for q in range(rank):
                        dprojected[at + q] = ddt_in[t, q]
                    for n in range(states):
                        dprojected[at + rank + n] = dB[t, n]
                        dprojected[at + rank + states + n] = dC[t, n]
            for g in range(groups):
                count = min(LANES, rows - g * LANES)
                row = (item * _DIRECTIONS + k) * channels + channel + g * LANES
                unpack_states(ddecay[g], row, count, states, dA)
                unpack_states(dweights[g], row, count, rank, ddt_weight)
                for i in range(count):
                    dD[row + i] = dskip[g, i]
                    ddt_bias[row + i] = dbias[g, i]


@njit
def add_slots(address, slots, size, first, last):
    """Plane 0 += the other planes, of ``size`` elements each, from one element to another."""
    planes = floats(address, slots * size)
    for slot in range(1, slots):
        for i in range(first, last):
            planes[i] += planes[slot * size + i]
