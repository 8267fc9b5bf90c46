// Selective scan of (batch, rows, length) arrays: time is contiguous, so tiles are transposed.
#pragma once

#include "problems.h"
#include "rows.h"

namespace HANDS3C_NAMESPACE {

template <class Scalar>
class ScanAccess {
 public:
  static constexpr int lanes = Simd<Scalar>::lanes;

  ScanAccess(const ScanProblem<Scalar>& p, int64_t batch, int64_t group, int64_t row, int rows,
             int64_t block)
      : p_(p), rows_(rows), bias_(p.delta_bias ? p.delta_bias + row : nullptr) {
    first_ = (batch * p.rows + row) * p.length;
    B_ = p.B + batch * p.B_strides[0] + group * p.B_strides[1];
    C_ = p.C + batch * p.C_strides[0] + group * p.C_strides[1];
    gradient_ = ((block * p.batch + batch) * p.groups + group) * p.states * p.length;
  }

  void begin_tile(int64_t start, int steps, Scalar* B, Scalar* C) {
    start_ = start;
    steps_ = steps;
    gather(B_, p_.B_strides[2], p_.B_strides[3], B);
    gather(C_, p_.C_strides[2], p_.C_strides[3], C);
  }

  void load_input(int group, Scalar* x) { load_rows(p_.u, group, x); }

  void load_delta(int group, Scalar* dt) {
    load_rows(p_.delta, group, dt);
    if (!bias_) return;
    const auto bias = load_lanes(bias_ + group * lanes, count(group));
    for (int l = 0; l < steps_; ++l) store(dt + l * lanes, load(dt + l * lanes) + bias);
  }

  void store_output(int group, const Scalar* y) { store_rows(y, group, p_.y); }

  void load_output_gradient(int group, Scalar* dy) { load_rows(p_.dy, group, dy); }

  void store_gradients(int group, const Scalar* dx, const Scalar* ddelta) {
    store_rows(dx, group, p_.du);
    store_rows(ddelta, group, p_.ddelta);
  }

  void store_projection_gradients(const Scalar* dB, const Scalar* dC) {
    const int64_t padded = padded_states(p_.states), at = gradient_ + start_ * p_.states;
    for (int l = 0; l < steps_; ++l) {
      copy_values(dB + l * padded, p_.states, p_.dB + at + l * p_.states);
      copy_values(dC + l * padded, p_.states, p_.dC + at + l * p_.states);
    }
  }

 private:
  int count(int group) const { return std::min(lanes, rows_ - group * lanes); }

  void gather(const Scalar* from, int64_t state_stride, int64_t step_stride, Scalar* to) {
    const int states = static_cast<int>(p_.states);
    const int64_t padded = padded_states(states);
    from += start_ * step_stride;
    if (step_stride == 1) {
      transpose<Scalar>(from, state_stride, states, steps_, to, padded);
      return;
    }
    for (int l = 0; l < steps_; ++l)
      for (int n = 0; n < states; ++n)
        to[l * padded + n] = from[l * step_stride + n * state_stride];
  }

  // Lanes beyond the last row hold zeros (their results are never read back).
  HANDS3C_INLINE void load_rows(const Scalar* from, int group, Scalar* to) {
    const int rows = count(group);
    if (rows < lanes) std::memset(to, 0, sizeof(Scalar) * tile_steps * lanes);
    from += first_ + group * lanes * p_.length + start_;
    transpose<Scalar>(from, p_.length, rows, steps_, to, lanes);
  }

  HANDS3C_INLINE void store_rows(const Scalar* from, int group, Scalar* to) {
    transpose<Scalar>(from, lanes, steps_, count(group),
                      to + first_ + group * lanes * p_.length + start_, p_.length);
  }

  const ScanProblem<Scalar>& p_;
  const int rows_;
  const Scalar* const bias_;
  const Scalar* B_;
  const Scalar* C_;
  int64_t first_, gradient_, start_ = 0;
  int steps_ = 0;
};

// Where the tasks of a scan begin: one task = one block of rows of one group of one batch item.
template <class Scalar>
struct ScanTasks {
  static constexpr int lanes = Simd<Scalar>::lanes;
  const ScanProblem<Scalar>& p;
  int64_t group_rows = p.rows / p.groups;
  int64_t block_rows = p.row_groups_per_block * lanes;
  int64_t blocks = (group_rows + block_rows - 1) / block_rows;
  int64_t count = p.batch * p.groups * blocks;
  int64_t tiles = (p.length + tile_steps - 1) / tile_steps;
  int64_t group_lane_groups = (group_rows + lanes - 1) / lanes;

  struct Task {
    int64_t batch, group, block, row;
    RowBlock<Scalar> rows;
    int64_t saved;  // where its saved states begin
  };

  Task at(int64_t index) const {
    const int64_t block = index % blocks, group = index / blocks % p.groups;
    const int64_t batch = index / blocks / p.groups, row = group * group_rows + block * block_rows;
    const int rows = static_cast<int>(std::min(block_rows, group_rows - block * block_rows));
    const int64_t lane_groups_before =
        (batch * p.groups + group) * group_lane_groups + block * p.row_groups_per_block;
    return {batch, group, block, row,
            {rows, p.states, p.length, p.A + row * p.states, p.D ? p.D + row : nullptr,
             p.softplus != 0},
            lane_groups_before * tiles * padded_states(p.states) * lanes};
  }
};

template <class Scalar>
void scan_forward(const ScanProblem<Scalar>& p) {
  const ScanTasks<Scalar> tasks{p};
#pragma omp parallel for num_threads(static_cast<int>(p.threads)) schedule(dynamic, 1)
  for (int64_t i = 0; i < tasks.count; ++i) {
    const auto t = tasks.at(i);
    ScanAccess<Scalar> access(p, t.batch, t.group, t.row, t.rows.rows, t.block);
    scan_rows(t.rows, access, p.saved ? p.saved + t.saved : nullptr,
              p.last_state + (t.batch * p.rows + t.row) * p.states);
  }
}

template <class Scalar>
void scan_backward(const ScanProblem<Scalar>& p) {
  const ScanTasks<Scalar> tasks{p};
#pragma omp parallel for num_threads(static_cast<int>(p.threads)) schedule(dynamic, 1)
  for (int64_t i = 0; i < tasks.count; ++i) {
    const auto t = tasks.at(i);
    ScanAccess<Scalar> access(p, t.batch, t.group, t.row, t.rows.rows, t.block);
    const int64_t row = t.batch * p.rows + t.row;
    scan_rows_backward(t.rows, access, static_cast<const Scalar*>(p.saved) + t.saved,
                       p.dlast ? p.dlast + row * p.states : nullptr,
                       RowGradients<Scalar>{p.dA + row * p.states, p.dD + row, p.ddelta_bias + row});
  }
}

}  // namespace HANDS3C_NAMESPACE
