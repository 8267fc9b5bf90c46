// Scans a block of rows through all its tiles, whatever the memory layout: an Access object brings
// tiles in and out. Selective scan and cross-scan differ only in their Access.
//
//   Projections<const Scalar> begin_tile(int64_t start, int steps)    where B and C of its steps lie
//   void load_input(int group, Scalar* x)                             [step][lane]
//   void load_delta(int group, Scalar* dt)                            before the softplus
//   void store_output(int group, const Scalar* y)
//   void prefetch_inputs(int group, int step)     a share of the next tile's input, for every step
//   void prefetch_outputs(int group, int step)    a share of where this tile's output goes
//   and for the backward pass
//   void load_output_gradient(int group, Scalar* dy)
//   void store_gradients(int group, const Scalar* dx, const Scalar* ddelta)
//   void prefetch_gradients(int group, int step)  a share of the next dy and of where gradients go
//   Projections<Scalar> projection_gradients()                        where the tile's dB and dC go
//   bool adds_to_gradients()                                          ... or are added
//   void end_tile()                                                   they are complete
#pragma once

#include <algorithm>

#include "threads.h"
#include "tiles.h"

namespace HANDS3C_NAMESPACE {

// Calls task(i) for every i < count on up to `threads` threads.
template <class Task>
inline void parallel_for(int64_t count, int64_t threads, const Task& task) {
  run_tasks(
      count, threads,
      [](const void* context, int64_t i) { (*static_cast<const Task*>(context))(i); }, &task);
}

// A block of consecutive rows that share B and C, and their parameters.
template <class Scalar>
struct RowBlock {
  static constexpr int lanes = Simd<Scalar>::lanes;
  int rows;
  int64_t states, length;
  const Scalar* A;  // (rows, states)
  const Scalar* D;  // (rows) or null
  bool softplus;

  int groups() const { return (rows + lanes - 1) / lanes; }
  int lanes_in(int group) const { return std::min(lanes, rows - group * lanes); }
  int64_t padded() const { return padded_states(states); }
  int64_t tiles() const { return (length + tile_steps - 1) / tile_steps; }
  int64_t state_size() const { return padded() * lanes; }
};

// (rows, states) -> [group][state][lane] times `scale`, padded with zeros (the buffers start so).
template <class Scalar>
inline void pack_states(const RowBlock<Scalar>& block, const Scalar* from, double scale,
                        Scalar* to) {
  constexpr int lanes = RowBlock<Scalar>::lanes;
  for (int r = 0; r < block.rows; ++r)
    for (int64_t n = 0; n < block.states; ++n)
      to[(r / lanes) * block.state_size() + n * lanes + r % lanes] =
          from[r * block.states + n] * Scalar(scale);
}

template <class Scalar>
inline void unpack_states(const RowBlock<Scalar>& block, const Scalar* from, Scalar* to) {
  constexpr int lanes = RowBlock<Scalar>::lanes;
  for (int r = 0; r < block.rows; ++r)
    for (int64_t n = 0; n < block.states; ++n)
      to[r * block.states + n] = from[(r / lanes) * block.state_size() + n * lanes + r % lanes];
}

// `saved`, if not null, receives [tile][group][state][lane].
template <class Scalar, class Access>
inline void scan_rows(const RowBlock<Scalar>& block, Access& access, Scalar* saved,
                      Scalar* last_state) {
  constexpr int lanes = RowBlock<Scalar>::lanes;
  const int64_t padded = block.padded(), size = block.state_size(), all = block.groups() * size;
  Buffer<Scalar> decay(all), state(all);
  alignas(64) Scalar x[tile_steps * lanes], dt[tile_steps * lanes], y[tile_steps * lanes];
  pack_states(block, block.A, log2e, static_cast<Scalar*>(decay));
  for (int64_t tile = 0; tile < block.tiles(); ++tile) {
    const int64_t start = tile * tile_steps;
    const int steps = static_cast<int>(std::min<int64_t>(tile_steps, block.length - start));
    const Projections<const Scalar> projections = access.begin_tile(start, steps);
    if (saved) std::memcpy(saved + tile * all, state, sizeof(Scalar) * all);
    for (int group = 0; group < block.groups(); ++group) {
      access.load_input(group, x);
      access.load_delta(group, dt);
      if (block.softplus)
        for (int l = 0; l < steps; ++l)
          store(dt + l * lanes, softplus<Scalar>(load(dt + l * lanes)));
      const auto skip = load_lanes(block.D ? block.D + group * lanes : nullptr,
                                   block.lanes_in(group));
      scan_tile<Scalar>(steps, padded, dt, x, projections, decay + group * size, skip,
                        state + group * size, y, [&](int step) HANDS3C_INLINED {
                          access.prefetch_inputs(group, step);
                          access.prefetch_outputs(group, step);
                        });
      access.store_output(group, y);
    }
  }
  if (last_state) unpack_states<Scalar>(block, state, last_state);
}

// Gradients of the parameters of a block's rows.
template <class Scalar>
struct RowGradients {
  Scalar* dA;           // (rows, states)
  Scalar* dD;           // (rows)
  Scalar* ddelta_bias;  // (rows) or null
};

template <class Scalar, class Access>
inline void scan_rows_backward(const RowBlock<Scalar>& block, Access& access, const Scalar* saved,
                               const Scalar* dlast, const RowGradients<Scalar>& out) {
  using Vector = VectorOf<Scalar>;
  constexpr int lanes = RowBlock<Scalar>::lanes, tile_size = tile_steps * lanes;
  const int64_t padded = block.padded(), size = block.state_size(), all = block.groups() * size;
  Buffer<Scalar> decay(all), adjoint(all), dA(all);
  Buffer<Scalar> dD(block.groups() * lanes), dbias(block.groups() * lanes);
  Replay<Scalar> replay;
  alignas(64) Scalar x[tile_size], raw[tile_size], dt[tile_size], dy[tile_size];
  alignas(64) Scalar dx[tile_size], ddelta[tile_size];
  pack_states(block, block.A, log2e, static_cast<Scalar*>(decay));
  if (dlast) pack_states(block, dlast, 1.0, static_cast<Scalar*>(adjoint));
  for (int64_t tile = block.tiles() - 1; tile >= 0; --tile) {
    const int64_t start = tile * tile_steps;
    const int steps = static_cast<int>(std::min<int64_t>(tile_steps, block.length - start));
    const Projections<const Scalar> projections = access.begin_tile(start, steps);
    const Projections<Scalar> sums = access.projection_gradients();
    for (int group = 0; group < block.groups(); ++group) {
      const Vector skip = load_lanes(block.D ? block.D + group * lanes : nullptr,
                                     block.lanes_in(group));
      access.load_input(group, x);
      access.load_delta(group, raw);
      access.load_output_gradient(group, dy);
      for (int l = 0; l < steps; ++l) {
        const Vector v = load(raw + l * lanes);
        store(dt + l * lanes, block.softplus ? softplus<Scalar>(v) : v);
      }
      scan_tile_backward<Scalar>(steps, padded, dt, x, dy, projections, decay + group * size,
                                 saved + tile * all + group * size, replay, adjoint + group * size,
                                 dA + group * size, sums, group > 0 || access.adds_to_gradients(),
                                 dx, ddelta,
                                 [&](int step) HANDS3C_INLINED { access.prefetch_inputs(group, step); },
                                 [&](int step) HANDS3C_INLINED { access.prefetch_gradients(group, step); });
      Vector skip_sum = load(dD + group * lanes), bias_sum = load(dbias + group * lanes);
      for (int l = 0; l < steps; ++l) {
        const int at = l * lanes;
        const Vector input = load(x + at), up = load(dy + at), along_b = load(dx + at);
        Vector slope = load(ddelta + at) * Scalar(ln2) + along_b * input;
        if (block.softplus) slope *= softplus_slope<Scalar>(load(raw + at));
        store(dx + at, along_b * load(dt + at) + skip * up);
        store(ddelta + at, slope);
        skip_sum += up * input;
        bias_sum += slope;
      }
      store(dD + group * lanes, skip_sum);
      store(dbias + group * lanes, bias_sum);
      access.store_gradients(group, dx, ddelta);
    }
    access.end_tile();
  }
  unpack_states<Scalar>(block, dA, out.dA);
  std::memcpy(out.dD, dD, sizeof(Scalar) * block.rows);
  if (out.ddelta_bias) std::memcpy(out.ddelta_bias, dbias, sizeof(Scalar) * block.rows);
}

}  // namespace HANDS3C_NAMESPACE
