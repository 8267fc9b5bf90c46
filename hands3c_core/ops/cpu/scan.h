// Selective scan of (batch, rows, length) arrays: time is contiguous, so tiles are transposed.
#pragma once

#include "problems.h"
#include "rows.h"

namespace HANDS3C_NAMESPACE {

template <class Scalar>
class ScanAccess {
 public:
  static constexpr int lanes = Simd<Scalar>::lanes;

  // `B` and `C` are this group's, [step][padded state], as their gradients are; `accumulate` adds
  // those to what is there.
  ScanAccess(const ScanProblem<Scalar>& p, int64_t batch, int64_t group, int64_t row, int rows,
             int64_t block, const Scalar* B, const Scalar* C, bool accumulate)
      : p_(p),
        B_(B),
        C_(C),
        rows_(rows),
        accumulate_(accumulate),
        bias_(p.delta_bias ? p.delta_bias + row : nullptr) {
    first_ = (batch * p.rows + row) * p.length;
    gradient_ = ((block * p.batch + batch) * p.groups + group) * p.length * padded_;
  }

  Projections<const Scalar> begin_tile(int64_t start, int steps) {
    start_ = start;
    steps_ = steps;
    return {B_ + start * padded_, C_ + start * padded_, padded_};
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

  Projections<Scalar> projection_gradients() {
    const int64_t at = gradient_ + start_ * padded_;
    return {p_.dB + at, p_.dC + at, padded_};
  }

  bool adds_to_gradients() const { return accumulate_; }

  void end_tile() {}

  // Rows are more streams than caches prefetch by themselves. At the end of the rows the hints point
  // beyond them, which a prefetch may.
  HANDS3C_INLINE void prefetch_inputs(int group, int step) const {
    const int64_t at = line_of(group, step) + (backward_ ? -tile_steps : tile_steps);
    prefetch<0>(p_.u + at, step);
    prefetch<0>(p_.delta + at, step);
  }

  HANDS3C_INLINE void prefetch_outputs(int group, int step) const {
    prefetch<1>(p_.y + line_of(group, step), step);
  }

  HANDS3C_INLINE void prefetch_gradients(int group, int step) const {
    const int64_t at = line_of(group, step);
    prefetch<0>(p_.dy + at - tile_steps, step);
    prefetch<1>(p_.du + at, step);
    prefetch<1>(p_.ddelta + at, step);
  }

 private:
  static constexpr int line = 64 / sizeof(Scalar), lines_a_row = tile_steps / line;
  static_assert(lanes * lines_a_row <= tile_steps, "one step, one line of the tile");

  // The tile's cache line number `step` of these rows.
  HANDS3C_INLINE int64_t line_of(int group, int step) const {
    return first_ + (group * lanes + step / lines_a_row) * p_.length + start_ +
           step % lines_a_row * line;
  }

  template <int writing>
  HANDS3C_INLINE void prefetch(const Scalar* address, int step) const {
    if (step < lanes * lines_a_row) __builtin_prefetch(address, writing);
  }

  int count(int group) const { return std::min(lanes, rows_ - group * lanes); }

  // Lanes beyond the last row hold zeros (their results are never read back).
  HANDS3C_INLINE void load_rows(const Scalar* from, int group, Scalar* to) {
    const int rows = count(group);
    if (rows < lanes) std::memset(to, 0, sizeof(Scalar) * tile_steps * lanes);
    transpose<Scalar>(from + first_ + group * lanes * p_.length + start_, p_.length, rows, steps_,
                      to, lanes);
  }

  HANDS3C_INLINE void store_rows(const Scalar* from, int group, Scalar* to) {
    transpose<Scalar>(from, lanes, steps_, count(group),
                      to + first_ + group * lanes * p_.length + start_, p_.length);
  }

  const ScanProblem<Scalar>& p_;
  const int64_t padded_ = padded_states(p_.states);
  const Scalar* const B_;
  const Scalar* const C_;
  const int rows_;
  const bool accumulate_, backward_ = p_.dy != nullptr;
  const Scalar* const bias_;
  int64_t first_, gradient_, start_ = 0;
  int steps_ = 0;
};

// B or C of one group: (states, steps) with strides -> [step][padded state], padded with zeros.
template <class Scalar>
inline void by_step(const Scalar* from, const int64_t* strides, int64_t states, int64_t length,
                    Scalar* to) {
  const int64_t padded = padded_states(states), state_stride = strides[2], step_stride = strides[3];
  for (int64_t start = 0; start < length; start += tile_steps) {
    const int steps = static_cast<int>(std::min<int64_t>(tile_steps, length - start));
    if (step_stride == 1) {
      transpose<Scalar>(from + start, state_stride, static_cast<int>(states), steps,
                        to + start * padded, padded);
      continue;
    }
    for (int64_t l = start; l < start + steps; ++l)
      for (int64_t n = 0; n < states; ++n)
        to[l * padded + n] = from[l * step_stride + n * state_stride];
  }
  if (padded > states)
    for (int64_t l = 0; l < length; ++l)
      std::fill(to + l * padded + states, to + (l + 1) * padded, Scalar(0));
}

// One task = one block of lane groups of one group of one batch item. Its lane groups are scanned
// one after the other: side by side, their rows would be more streams than caches prefetch.
template <class Scalar>
struct ScanTasks {
  static constexpr int lanes = Simd<Scalar>::lanes;
  const ScanProblem<Scalar>& p;
  int64_t group_rows = p.rows / p.groups;
  int64_t lane_groups = (group_rows + lanes - 1) / lanes;
  int64_t blocks = (lane_groups + p.row_groups_per_block - 1) / p.row_groups_per_block;
  int64_t saved_size = (p.length + tile_steps - 1) / tile_steps * padded_states(p.states) * lanes;

  // Calls visit(rows, access, first row in (batch, rows), offset of the saved states).
  template <class Visit>
  void run(const Visit& visit) const {
    parallel_for(p.batch * p.groups * blocks, p.threads, [&](int64_t i) {
      const int64_t block = i % blocks, group = i / blocks % p.groups, batch = i / blocks / p.groups;
      const int64_t first = block * p.row_groups_per_block;
      const int64_t end = std::min(lane_groups, first + p.row_groups_per_block);
      const int64_t padded = padded_states(p.states);
      KeptBuffer<Scalar> B(p.length * padded), C(p.length * padded);
      by_step<Scalar>(p.B + batch * p.B_strides[0] + group * p.B_strides[1], p.B_strides, p.states,
                      p.length, B);
      by_step<Scalar>(p.C + batch * p.C_strides[0] + group * p.C_strides[1], p.C_strides, p.states,
                      p.length, C);
      for (int64_t lane_group = first; lane_group < end; ++lane_group) {
        const int64_t inside = lane_group * lanes, row = group * group_rows + inside;
        const int rows = static_cast<int>(std::min<int64_t>(lanes, group_rows - inside));
        const RowBlock<Scalar> block_of_rows{
            rows, p.states, p.length, p.A + row * p.states, p.D ? p.D + row : nullptr,
            p.softplus != 0};
        ScanAccess<Scalar> access(p, batch, group, row, rows, block, B, C, lane_group > first);
        visit(block_of_rows, access, batch * p.rows + row,
              ((batch * p.groups + group) * lane_groups + lane_group) * saved_size);
      }
    });
  }
};

template <class Scalar>
void scan_forward(const ScanProblem<Scalar>& p) {
  ScanTasks<Scalar>{p}.run([&](const RowBlock<Scalar>& rows, ScanAccess<Scalar>& access,
                               int64_t row, int64_t saved) {
    scan_rows<Scalar>(rows, access, p.saved ? p.saved + saved : nullptr,
                      p.last_state + row * p.states);
  });
}

template <class Scalar>
void scan_backward(const ScanProblem<Scalar>& p) {
  ScanTasks<Scalar>{p}.run([&](const RowBlock<Scalar>& rows, ScanAccess<Scalar>& access,
                               int64_t row, int64_t saved) {
    scan_rows_backward<Scalar>(
        rows, access, p.saved + saved, p.dlast ? p.dlast + row * p.states : nullptr,
        RowGradients<Scalar>{p.dA + row * p.states, p.dD + row, p.ddelta_bias + row});
  });
}

}  // namespace HANDS3C_NAMESPACE
