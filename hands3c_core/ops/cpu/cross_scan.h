// Four-direction cross-scan of a position-major plane: channels are contiguous, so a tile's rows
// are plain loads, and a direction is only the order in which positions are visited.
#pragma once

#include "problems.h"
#include "rows.h"

namespace HANDS3C_NAMESPACE {

constexpr int num_directions = 4;

// Positions of steps [start, start + steps): 0 row-major, 1 column-major, 2 and 3 those reversed.
inline void visit_positions(int direction, int64_t height, int64_t width, int64_t start, int steps,
                            int64_t* positions) {
  const bool by_column = direction & 1, reversed = direction >= 2;
  const int64_t first = reversed ? height * width - start - steps : start;
  int64_t row = by_column ? first % height : 0, column = by_column ? first / height : 0;
  for (int l = 0; l < steps; ++l) {
    positions[reversed ? steps - 1 - l : l] = by_column ? row * width + column : first + l;
    if (++row == height) {
      row = 0;
      ++column;
    }
  }
}

// out[step][vectors] += x[step] . weights, for 4 steps and `vectors` vectors kept in registers.
template <class Scalar, int vectors>
HANDS3C_INLINE void project_steps(const Scalar* const* x, int64_t channels, const Scalar* weights,
                                  int64_t stride, Scalar* out) {
  using Vector = VectorOf<Scalar>;
  constexpr int lanes = Simd<Scalar>::lanes;
  Vector sums[4][vectors] = {};
  for (int64_t c = 0; c < channels; ++c) {
    Vector w[vectors];
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) w[v] = load(weights + c * stride + v * lanes);
#pragma GCC unroll 4
    for (int l = 0; l < 4; ++l) {
#pragma GCC unroll 3
      for (int v = 0; v < vectors; ++v) sums[l][v] += w[v] * x[l][c];
    }
  }
#pragma GCC unroll 4
  for (int l = 0; l < 4; ++l) {
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) store(out + l * stride + v * lanes, sums[l][v]);
  }
}

template <class Scalar>
class CrossScanAccess {
 public:
  static constexpr int lanes = Simd<Scalar>::lanes;

  // `plane` is where this task's outputs (or dx) go; `accumulate` adds to what is there.
  CrossScanAccess(const CrossScanProblem<Scalar>& p, int64_t batch, int direction, int64_t channel,
                  int rows, int64_t block, Scalar* plane, bool accumulate)
      : p_(p),
        batch_(batch),
        channel_(channel),
        block_(block),
        direction_(direction),
        rows_(rows),
        padded_(padded_states(p.states)),
        padded_rank_(padded_states(p.rank)),
        outputs_(p.rank + 2 * p.states),
        stride_((p.rank + 2 * padded_ + lanes - 1) / lanes * lanes),
        plane_(plane),
        accumulate_(accumulate),
        projected_(tile_steps * stride_),
        weights_(p.projected ? 0 : p.channels * stride_),
        inputs_(p.projected ? 0 : tile_steps * p.channels),
        gradients_(p.dprojected ? tile_steps * gradient_stride() : 0),
        dt_weights_((rows + lanes - 1) / lanes * padded_rank_ * lanes),
        ddt_weights_(p.dprojected ? (rows + lanes - 1) / lanes * padded_rank_ * lanes : 0),
        bias_(p.dt_bias + direction * p.channels + channel) {
    const Scalar* dt_weight = p.dt_weight + (direction * p.channels + channel) * p.rank;
    for (int r = 0; r < rows; ++r)
      for (int64_t q = 0; q < p.rank; ++q)
        dt_weights_[dt_weight_at(r, q)] = dt_weight[r * p.rank + q];
    if (p.projected) return;
    const Scalar* weight = p.x_proj_weight + direction * outputs_ * p.channels;
    for (int64_t o = 0; o < outputs_; ++o)
      for (int64_t c = 0; c < p.channels; ++c)
        weights_[c * stride_ + place(o)] = weight[o * p.channels + c];
  }

  Projections<const Scalar> begin_tile(int64_t start, int steps) {
    steps_ = steps;
    if (start == next_start_)
      std::swap(positions_, next_);
    else
      find_positions(start, steps, positions_);
    find_next(p_.dy ? start - tile_steps : start + tile_steps);
    if (p_.projected)
      copy_projections();
    else
      project();
    const Scalar* B = projected_ + p_.rank;
    return {B, B + padded_, stride_};
  }

  void load_input(int group, Scalar* x) {
    if (p_.projected) return load_rows(p_.x, group, x);
    const Scalar* from = inputs_ + channel_ + group * lanes;
    for (int l = 0; l < steps_; ++l)
      store(x + l * lanes, load_lanes(from + l * p_.channels, count(group)));
  }

  HANDS3C_INLINE void load_delta(int group, Scalar* dt) {
    const Scalar* weights = dt_weights_ + group * padded_rank_ * lanes;
    const auto bias = load_lanes(bias_ + group * lanes, count(group));
    for (int l = 0; l < steps_; ++l) {
      const Scalar* from = projected_ + l * stride_;
      VectorOf<Scalar> even = bias, odd = {};
      int64_t q = 0;
      for (; q + 2 <= p_.rank; q += 2) {
        even += load(weights + q * lanes) * from[q];
        odd += load(weights + (q + 1) * lanes) * from[q + 1];
      }
      if (q < p_.rank) even += load(weights + q * lanes) * from[q];
      store(dt + l * lanes, even + odd);
    }
  }

  void store_output(int group, const Scalar* y) { store_rows(y, group); }

  void load_output_gradient(int group, Scalar* dy) { load_rows(p_.dy, group, dy); }

  void store_gradients(int group, const Scalar* dx, const Scalar* ddelta) {
    store_rows(dx, group);
    // Through the step sizes' projection: 12 or 24 vectors at once, as there are registers.
    constexpr int most = HANDS3C_VECTOR_BYTES == 64 ? 8 : 4;
    for_state_blocks<most>(padded_rank_, [&](int64_t first, auto block) HANDS3C_INLINED {
      constexpr int ranks = decltype(block)::states;
      using Vector = VectorOf<Scalar>;
      const int64_t at = (group * padded_rank_ + first) * lanes;
      Vector weights[ranks], sums[ranks], along[ranks];
#pragma GCC unroll 8
      for (int q = 0; q < ranks; ++q) {
        weights[q] = load(dt_weights_ + at + q * lanes);
        sums[q] = load(ddt_weights_ + at + q * lanes);
      }
      for (int l = 0; l < steps_; ++l) {
        const Vector slope = load(ddelta + l * lanes);
        const Scalar* from = projected_ + l * stride_ + first;
#pragma GCC unroll 8
        for (int q = 0; q < ranks; ++q) {
          along[q] = slope * weights[q];
          sums[q] += slope * from[q];  // beyond the rank: never read
        }
        store_lane_sums<Scalar, ranks>(along, gradients_ + l * gradient_stride() + first,
                                       group > 0);
      }
#pragma GCC unroll 8
      for (int q = 0; q < ranks; ++q) store(ddt_weights_ + at + q * lanes, sums[q]);
    });
  }

  // After the last tile.
  void store_weight_gradients() {
    Scalar* to = p_.ddt_weight +
                 ((batch_ * num_directions + direction_) * p_.channels + channel_) * p_.rank;
    for (int r = 0; r < rows_; ++r)
      for (int64_t q = 0; q < p_.rank; ++q) to[r * p_.rank + q] = ddt_weights_[dt_weight_at(r, q)];
  }

  HANDS3C_INLINE void prefetch_inputs(int group, int step) const {
    if (step >= next_steps_) return;
    __builtin_prefetch(p_.x + row_of(next_[step], group));
    if (!p_.projected || group) return;
    const Scalar* projected = p_.projected + projected_at(next_[step]);
    for (int64_t o = 0; o < outputs_; o += 64 / sizeof(Scalar)) __builtin_prefetch(projected + o);
  }

  HANDS3C_INLINE void prefetch_outputs(int group, int step) const {
    __builtin_prefetch(plane_ + row_of(positions_[step], group), 1);
  }

  HANDS3C_INLINE void prefetch_gradients(int group, int step) const {
    if (step < next_steps_) __builtin_prefetch(p_.dy + row_of(next_[step], group));
    prefetch_outputs(group, step);
  }

  Projections<Scalar> projection_gradients() {
    Scalar* B = gradients_ + padded_rank_;
    return {B, B + padded_, gradient_stride()};
  }

  bool adds_to_gradients() const { return false; }

  void end_tile() {
    const int64_t all = p_.batch * p_.height * p_.width;
    for (int l = 0; l < steps_; ++l) {
      const Scalar* from = gradients_ + l * gradient_stride();
      Scalar* to =
          p_.dprojected + ((block_ * all + positions_[l]) * num_directions + direction_) * outputs_;
      copy_values(from, p_.rank, to);
      copy_values(from + padded_rank_, p_.states, to + p_.rank);
      copy_values(from + padded_rank_ + padded_, p_.states, to + p_.rank + p_.states);
    }
  }

 private:
  int count(int group) const { return std::min(lanes, rows_ - group * lanes); }

  // Where output o of the projection lies in a step of `projected_`: rank, B, C, padded each.
  int64_t place(int64_t o) const {
    return o < p_.rank + p_.states ? o : o + padded_ - p_.states;
  }

  int64_t dt_weight_at(int64_t row, int64_t q) const {
    return (row / lanes * padded_rank_ + q) * lanes + row % lanes;
  }

  // Of a step's gradients: those of the step size's projection, B and C, padded each.
  HANDS3C_INLINE int64_t gradient_stride() const { return padded_rank_ + 2 * padded_; }

  void find_positions(int64_t start, int steps, int64_t* positions) const {
    visit_positions(direction_, p_.height, p_.width, start, steps, positions);
    const int64_t base = batch_ * p_.height * p_.width;
    for (int l = 0; l < steps; ++l) positions[l] += base;
  }

  void find_next(int64_t start) {
    const int64_t length = p_.height * p_.width;
    next_start_ = start;
    next_steps_ = 0;
    if (start < 0 || start >= length) return;
    next_steps_ = static_cast<int>(std::min<int64_t>(tile_steps, length - start));
    find_positions(start, next_steps_, next_);
  }

  // Where the channels of a lane group lie at a position.
  HANDS3C_INLINE int64_t row_of(int64_t position, int group) const {
    return position * p_.channels + channel_ + group * lanes;
  }

  int64_t projected_at(int64_t position) const {
    return (position * num_directions + direction_) * outputs_;
  }

  void copy_projections() {
    const int64_t upto_B = p_.rank + p_.states;
    for (int l = 0; l < steps_; ++l) {
      const Scalar* from = p_.projected + projected_at(positions_[l]);
      copy_values(from, upto_B, projected_ + l * stride_);
      copy_values(from + upto_B, p_.states, projected_ + l * stride_ + place(upto_B));
    }
  }

  void project() {
    for (int l = 0; l < steps_; ++l)
      copy_values(p_.x + positions_[l] * p_.channels, p_.channels, inputs_ + l * p_.channels);
    for (int l = 0; l < steps_; l += 4) {
      const Scalar* x[4];  // the last steps may be short of four: repeat the last one
      for (int i = 0; i < 4; ++i) x[i] = inputs_ + std::min(l + i, steps_ - 1) * p_.channels;
      Scalar* out = projected_ + l * stride_;
      int64_t at = 0;
      for (; at + 3 * lanes <= stride_; at += 3 * lanes)
        project_steps<Scalar, 3>(x, p_.channels, weights_ + at, stride_, out + at);
      for (; at < stride_; at += lanes)
        project_steps<Scalar, 1>(x, p_.channels, weights_ + at, stride_, out + at);
    }
  }

  HANDS3C_INLINE void load_rows(const Scalar* from, int group, Scalar* to) {
    const int rows = count(group);
    for (int l = 0; l < steps_; ++l)
      store(to + l * lanes, load_lanes(from + row_of(positions_[l], group), rows));
  }

  HANDS3C_INLINE void store_rows(const Scalar* from, int group) {
    const int rows = count(group);
    for (int l = 0; l < steps_; ++l) {
      Scalar* to = plane_ + row_of(positions_[l], group);
      const auto value = load(from + l * lanes);
      store_lanes(to, accumulate_ ? value + load_lanes<Scalar>(to, rows) : value, rows);
    }
  }

  const CrossScanProblem<Scalar>& p_;
  const int64_t batch_, channel_, block_;
  const int direction_, rows_;
  const int64_t padded_, padded_rank_, outputs_, stride_;
  Scalar* const plane_;
  const bool accumulate_;
  Buffer<Scalar> projected_, weights_, inputs_, gradients_, dt_weights_, ddt_weights_;
  const Scalar* const bias_;
  int64_t positions_[tile_steps], next_[tile_steps];
  int64_t next_start_ = -1;
  int steps_ = 0, next_steps_ = 0;
};

// One task = one slot of one block of channels of one batch item; a slot takes the directions
// slot, slot + slots, ... one after the other and adds them in its own plane.
template <class Scalar>
struct CrossScanTasks {
  static constexpr int lanes = Simd<Scalar>::lanes;
  const CrossScanProblem<Scalar>& p;
  int64_t length = p.height * p.width;
  int64_t block_rows = p.row_groups_per_block * lanes;
  int64_t blocks = (p.channels + block_rows - 1) / block_rows;
  int64_t count = p.batch * blocks * p.slots;
  int64_t plane = p.batch * length * p.channels;
  int64_t tiles = (length + tile_steps - 1) / tile_steps;
  int64_t lane_groups = (p.channels + lanes - 1) / lanes;

  // Calls visit(batch, direction, channel, block, row block, offset of saved states, plane's slot,
  // whether the slot holds an earlier direction).
  template <class Visit>
  void run(const Visit& visit) const {
    parallel_for(count, p.threads, [&](int64_t i) {
      const int64_t slot = i % p.slots, block = i / p.slots % blocks, batch = i / p.slots / blocks;
      const int64_t channel = block * block_rows;
      const int rows = static_cast<int>(std::min(block_rows, p.channels - channel));
      for (int64_t k = slot; k < num_directions; k += p.slots) {
        const int64_t row = k * p.channels + channel;
        const RowBlock<Scalar> block_of_rows{rows,  p.states,   length, p.A + row * p.states,
                                             p.D + row, true};
        const int64_t groups_before =
            (batch * num_directions + k) * lane_groups + block * p.row_groups_per_block;
        visit(batch, static_cast<int>(k), channel, block, block_of_rows,
              groups_before * tiles * padded_states(p.states) * lanes, slot, k != slot);
      }
    });
  }

  // planes[0] += planes[1] + ...
  void add_slots(Scalar* planes) const {
    if (p.slots == 1) return;
    constexpr int64_t chunk = 1 << 14;
    parallel_for((plane + chunk - 1) / chunk, p.threads, [&](int64_t part) {
      const int64_t first = part * chunk, end = std::min(plane, first + chunk);
      for (int64_t slot = 1; slot < p.slots; ++slot)
        for (int64_t i = first; i < end; ++i) planes[i] += planes[slot * plane + i];
    });
  }
};

template <class Scalar>
void cross_scan_forward(const CrossScanProblem<Scalar>& p) {
  const CrossScanTasks<Scalar> tasks{p};
  tasks.run([&](int64_t batch, int direction, int64_t channel, int64_t block,
                const RowBlock<Scalar>& rows, int64_t saved, int64_t slot, bool accumulate) {
    CrossScanAccess<Scalar> access(p, batch, direction, channel, rows.rows, block,
                                   p.y + slot * tasks.plane, accumulate);
    scan_rows<Scalar>(rows, access, p.saved ? p.saved + saved : nullptr, nullptr);
  });
  tasks.add_slots(p.y);
}

template <class Scalar>
void cross_scan_backward(const CrossScanProblem<Scalar>& p) {
  const CrossScanTasks<Scalar> tasks{p};
  tasks.run([&](int64_t batch, int direction, int64_t channel, int64_t block,
                const RowBlock<Scalar>& rows, int64_t saved, int64_t slot, bool accumulate) {
    CrossScanAccess<Scalar> access(p, batch, direction, channel, rows.rows, block,
                                   p.dx + slot * tasks.plane, accumulate);
    const int64_t row = (batch * num_directions + direction) * p.channels + channel;
    scan_rows_backward<Scalar>(rows, access, p.saved + saved, nullptr,
                               RowGradients<Scalar>{p.dA + row * p.states, p.dD + row,
                                                    p.ddt_bias + row});
    access.store_weight_gradients();
  });
  tasks.add_slots(p.dx);
}

}  // namespace HANDS3C_NAMESPACE
