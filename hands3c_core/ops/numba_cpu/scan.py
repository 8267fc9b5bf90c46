"""Selective scan of (batch, rows, length) arrays: time is contiguous, so tiles are transposed."""

from __future__ import annotations

import numpy as np

from hands3c_core.jit import njit
from hands3c_core.ops.cpu_library import ScanProblem
from hands3c_core.ops.numba_cpu.memory import (
    field,
    floats,
    pack_lanes,
    pack_states,
    padded,
    unpack_states,
)
from hands3c_core.ops.numba_cpu.numerics import LOG2E
from hands3c_core.ops.numba_cpu.tiles import (
    BLOCK,
    LANES,
    STEPS,
    finish_gradients,
    scan_tile,
    scan_tile_backward,
    step_sizes,
)

_0, _1 = np.float32(0), np.float32(1)

_BATCH, _ROWS, _GROUPS, _STATES, _LENGTH, _PER_BLOCK, _SOFTPLUS = (
    field(ScanProblem, name)
    for name in (
        *("batch", "rows", "groups", "states", "length"),
        *("row_groups_per_block", "softplus"),
    )
)
_B_STRIDES, _C_STRIDES = field(ScanProblem, "B_strides"), field(ScanProblem, "C_strides")
_U, _DELTA, _A, _B, _C, _D, _BIAS, _Y, _LAST, _SAVED = (
    field(ScanProblem, name)
    for name in ("u", "delta", "A", "B", "C", "D", "delta_bias", "y", "last_state", "saved")
)
_DY, _DLAST, _DU, _DDELTA, _DA, _DB, _DC, _DD, _DBIAS = (
    field(ScanProblem, name)
    for name in ("dy", "dlast", "du", "ddelta", "dA", "dB", "dC", "dD", "ddelta_bias")
)


@njit
def _by_step(problem, pointer, strides, item, group, to):
    """B or C of one group: (states, steps) with strides -> [step][padded state]."""
    states, length = problem[_STATES], problem[_LENGTH]
    item_stride, group_stride = problem[strides], problem[strides + 1]
    state_stride, step_stride = problem[strides + 2], problem[strides + 3]
    first = item * item_stride + group * group_stride
    values = floats(
        problem[pointer], first + (states - 1) * state_stride + (length - 1) * step_stride + 1
    )
    for n in range(states):
        at = first + n * state_stride
        for t in range(length):
            to[t, n] = values[at + t * step_stride]


@njit
def _load_rows(values, first, length, start, steps, count, to):
    """``to`` [step][lane] = steps of ``count`` rows, the first of which begins at ``first``."""
    for i in range(count):
        at = first + i * length + start
        for t in range(steps):
            to[t, i] = values[at + t]


@njit
def _store_rows(values, first, length, start, steps, count, to):
    """The opposite of ``_load_rows``."""
    for i in range(count):
        at = first + i * length + start
        for t in range(steps):
            to[at + t] = values[t, i]


@njit
def _load_steps(delta, first, length, start, steps, count, bias, raw):
    """Step sizes before the softplus."""
    _load_rows(delta, first, length, start, steps, count, raw)
    for t in range(steps):
        for i in range(LANES):
            raw[t, i] += bias[i]


@njit
def scan_forward(problem, first_task, last_task):
    """Some tasks of a problem: one block of lane groups of one group of one batch item each."""
    batch, rows, groups = problem[_BATCH], problem[_ROWS], problem[_GROUPS]
    states, length, per_block = problem[_STATES], problem[_LENGTH], problem[_PER_BLOCK]
    soft = problem[_SOFTPLUS] != 0
    N, tiles, group_rows = padded(states), -(-length // STEPS), rows // groups
    lane_groups = -(-group_rows // LANES)
    blocks = -(-lane_groups // per_block)
    u = floats(problem[_U], batch * rows * length)
    delta = floats(problem[_DELTA], batch * rows * length)
    A, D = floats(problem[_A], rows * states), floats(problem[_D], rows)
    delta_bias = floats(problem[_BIAS], rows)
    y = floats(problem[_Y], batch * rows * length)
    last = floats(problem[_LAST], batch * rows * states)
    saved = floats(problem[_SAVED], batch * groups * lane_groups * tiles * N * LANES)

    B, C = np.zeros((length, N), np.float32), np.zeros((length, N), np.float32)
    inputs, raw = np.zeros((STEPS, LANES), np.float32), np.zeros((STEPS, LANES), np.float32)
    dt, out = np.empty((STEPS, LANES), np.float32), np.empty((STEPS, LANES), np.float32)
    bias, skip, drive = (
        np.empty(LANES, np.float32),
        np.empty(LANES, np.float32),
        np.empty(LANES, np.float32),
    )
    decay, state = np.empty((N, LANES), np.float32), np.empty((N, LANES), np.float32)

    for task in range(first_task, last_task):
        block, group, item = task % blocks, task // blocks % groups, task // blocks // groups
        _by_step(problem, _B, _B_STRIDES, item, group, B)
        _by_step(problem, _C, _C_STRIDES, item, group, C)
        for lane_group in range(block * per_block, min(lane_groups, (block + 1) * per_block)):
            row = group * group_rows + lane_group * LANES
            count = min(LANES, group_rows - lane_group * LANES)
            first = (item * rows + row) * length
            at = ((item * groups + group) * lane_groups + lane_group) * tiles * N * LANES
            pack_lanes(delta_bias, row, count, bias)
            pack_lanes(D, row, count, skip)
            pack_states(A, row, count, states, LOG2E, decay)
            state[:], inputs[:], raw[:] = _0, _0, _0
            for tile in range(tiles):
                start = tile * STEPS
                steps = min(STEPS, length - start)
                if len(saved):
                    saved[at + tile * N * LANES : at + (tile + 1) * N * LANES] = state.reshape(-1)
                _load_rows(u, first, length, start, steps, count, inputs)
                _load_steps(delta, first, length, start, steps, count, bias, raw)
                step_sizes(steps, soft, raw, dt)
                scan_tile(
                    *(steps, N, dt, inputs, B[start:], C[start:], decay, skip, state, drive, out)
                )
                _store_rows(out, first, length, start, steps, count, y)
            unpack_states(state, item * rows + row, count, states, last)


@njit
def scan_backward(problem, first_task, last_task):
    """As ``scan_forward``, its gradients."""
    batch, rows, groups = problem[_BATCH], problem[_ROWS], problem[_GROUPS]
    states, length, per_block = problem[_STATES], problem[_LENGTH], problem[_PER_BLOCK]
    soft = problem[_SOFTPLUS] != 0
    N, tiles, group_rows = padded(states), -(-length // STEPS), rows // groups
    lane_groups = -(-group_rows // LANES)
    blocks = -(-lane_groups // per_block)
    u = floats(problem[_U], batch * rows * length)
    delta = floats(problem[_DELTA], batch * rows * length)
    A, D = floats(problem[_A], rows * states), floats(problem[_D], rows)
    delta_bias = floats(problem[_BIAS], rows)
    saved = floats(problem[_SAVED], batch * groups * lane_groups * tiles * N * LANES)
    dy = floats(problem[_DY], batch * rows * length)
    dlast = floats(problem[_DLAST], batch * rows * states)
    du = floats(problem[_DU], batch * rows * length)
    ddelta = floats(problem[_DDELTA], batch * rows * length)
    dA = floats(problem[_DA], batch * rows * states)
    dB_all = floats(problem[_DB], blocks * batch * groups * length * N)
    dC_all = floats(problem[_DC], blocks * batch * groups * length * N)
    dD, dbias = floats(problem[_DD], batch * rows), floats(problem[_DBIAS], batch * rows)

    B, C = np.zeros((length, N), np.float32), np.zeros((length, N), np.float32)
    inputs, up = np.zeros((STEPS, LANES), np.float32), np.zeros((STEPS, LANES), np.float32)
    raw, dt = np.zeros((STEPS, LANES), np.float32), np.empty((STEPS, LANES), np.float32)
    du_tile, dt_tile = np.empty((STEPS, LANES), np.float32), np.empty((STEPS, LANES), np.float32)
    H = np.empty((STEPS + 1, BLOCK, LANES), np.float32)
    E = np.empty((STEPS, BLOCK, LANES), np.float32)
    bias, skip = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    dbias_sum, dskip = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    decay, start_state = np.empty((N, LANES), np.float32), np.empty((N, LANES), np.float32)
    adjoint, ddecay = np.empty((N, LANES), np.float32), np.empty((N, LANES), np.float32)

    for task in range(first_task, last_task):
        block, group, item = task % blocks, task // blocks % groups, task // blocks // groups
        _by_step(problem, _B, _B_STRIDES, item, group, B)
        _by_step(problem, _C, _C_STRIDES, item, group, C)
        sums_at = ((block * batch + item) * groups + group) * length * N
        dB = dB_all[sums_at : sums_at + length * N].reshape((length, N))
        dC = dC_all[sums_at : sums_at + length * N].reshape((length, N))
        dB[:], dC[:] = _0, _0
        for lane_group in range(block * per_block, min(lane_groups, (block + 1) * per_block)):
            row = group * group_rows + lane_group * LANES
            count = min(LANES, group_rows - lane_group * LANES)
            first = (item * rows + row) * length
            at = ((item * groups + group) * lane_groups + lane_group) * tiles * N * LANES
            pack_lanes(delta_bias, row, count, bias)
            pack_lanes(D, row, count, skip)
            pack_states(A, row, count, states, LOG2E, decay)
            adjoint[:], ddecay[:], dbias_sum[:], dskip[:] = _0, _0, _0, _0
            inputs[:], up[:], raw[:] = _0, _0, _0
            if len(dlast):
                pack_states(dlast, item * rows + row, count, states, _1, adjoint)
            for back in range(tiles):
                tile = tiles - 1 - back
                start = tile * STEPS
                steps = min(STEPS, length - start)
                _load_rows(u, first, length, start, steps, count, inputs)
                _load_rows(dy, first, length, start, steps, count, up)
                _load_steps(delta, first, length, start, steps, count, bias, raw)
                step_sizes(steps, soft, raw, dt)
                state_at = at + tile * N * LANES
                start_state.reshape(-1)[:] = saved[state_at : state_at + N * LANES]
                scan_tile_backward(
                    *(steps, N, dt, inputs, up, B[start:], C[start:], decay, start_state, H, E),
                    *(adjoint, ddecay, dB[start:], dC[start:], du_tile, dt_tile),
                )
                finish_gradients(
                    *(steps, soft, raw, dt, inputs, up, skip, du_tile, dt_tile, dskip, dbias_sum)
                )
                _store_rows(du_tile, first, length, start, steps, count, du)
                _store_rows(dt_tile, first, length, start, steps, count, ddelta)
            out_row = item * rows + row
            unpack_states(ddecay, out_row, count, states, dA)
            for i in range(count):
                dD[out_row + i] = dskip[i]
                dbias[out_row + i] = dbias_sum[i]
