// The arguments of the kernels, as the Python side fills them in (hands3c_core/ops/cpu_library.py).
// Plain C layout; every instruction set gets the same structures.
#pragma once

#include <cstdint>

// Selective scan in mamba's layout. Arrays are contiguous unless strides are given; optional ones
// may be null. Scalar is float or double, the same for all.
template <class Scalar>
struct ScanProblem {
  int64_t batch, rows, groups, states, length;
  int64_t row_groups_per_block;  // lane groups handled by one task
  int64_t threads;
  int64_t softplus;
  int64_t B_strides[4], C_strides[4];  // batch, group, state, step; in elements
  const Scalar* u;                     // (batch, rows, length)
  const Scalar* delta;                 // (batch, rows, length)
  const Scalar* A;                     // (rows, states)
  const Scalar* B;
  const Scalar* C;
  const Scalar* D;           // (rows) or null
  const Scalar* delta_bias;  // (rows) or null
  Scalar* y;                 // (batch, rows, length)
  Scalar* last_state;        // (batch, rows, states)
  Scalar* saved;             // states at the start of every tile, or null
  // Backward pass only.
  const Scalar* dy;          // (batch, rows, length)
  const Scalar* dlast;       // (batch, rows, states) or null
  Scalar* du;                // (batch, rows, length)
  Scalar* ddelta;            // (batch, rows, length)
  Scalar* dA;                // (batch, rows, states)
  Scalar* dB;                // (blocks, batch, groups, length, padded states), one partial a block
  Scalar* dC;                // like dB
  Scalar* dD;                // (batch, rows)
  Scalar* ddelta_bias;       // (batch, rows)
};

// Four-direction cross-scan, position-major: x is (batch, height * width, channels).
template <class Scalar>
struct CrossScanProblem {
  int64_t batch, height, width, channels, states, rank;
  int64_t row_groups_per_block;
  int64_t slots;  // 1, 2 or 4: how many output planes share the four directions
  int64_t threads;
  const Scalar* x;
  const Scalar* projected;      // (batch, positions, 4, rank + 2 states), or null: project here
  const Scalar* x_proj_weight;  // (4, rank + 2 states, channels); used if `projected` is null
  const Scalar* dt_weight;      // (4, channels, rank)
  const Scalar* dt_bias;        // (4, channels)
  const Scalar* A;              // (4, channels, states)
  const Scalar* D;              // (4, channels)
  Scalar* y;                    // (slots, batch, positions, channels); the sum ends in slot 0
  Scalar* saved;                // states at the start of every tile, or null
  // Backward pass only.
  const Scalar* dy;    // (batch, positions, channels)
  Scalar* dx;          // (slots, batch, positions, channels); the sum ends in slot 0
  Scalar* dprojected;  // (blocks, batch, positions, 4, rank + 2 states), one partial sum a block
  Scalar* ddt_weight;  // (batch, 4, channels, rank)
  Scalar* ddt_bias;    // (batch, 4, channels)
  Scalar* dA;          // (batch, 4, channels, states)
  Scalar* dD;          // (batch, 4, channels)
};
