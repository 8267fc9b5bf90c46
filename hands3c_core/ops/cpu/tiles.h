// The scan itself, on one tile: `steps` time steps of one vector of rows (a "lane group").
//
// A tile of per-row values is [step][lane]; B and C are read where they lie, [step][padded state].
// States are walked in blocks of 16, 8 or 4, the largest that fits, which stay in registers; N is
// padded to a multiple of 4 with B = C = 0, so padded states stay 0.
#pragma once

#include "threads.h"
#include "vectors.h"

namespace HANDS3C_NAMESPACE {

// Steps per tile, and per saved state for the backward pass.
constexpr int tile_steps = 32;
// 16 states of AVX-512 take half of its 32 registers; the others have 16 registers.
constexpr int most_block_states = HANDS3C_VECTOR_BYTES == 64 ? 16 : 8;
constexpr int least_block_states = 4;

constexpr int64_t padded_states(int64_t states) {
  return (states + least_block_states - 1) / least_block_states * least_block_states;
}

// A number of states that the compiler knows.
template <int count>
struct BlockOf {
  static constexpr int states = count;
};

// Walks padded states in blocks of at most `most`: visit(first state, BlockOf<n>).
template <int most = most_block_states, class Visit>
HANDS3C_INLINE void for_state_blocks(int64_t states, const Visit& visit) {
  int64_t first = 0;
  if constexpr (most >= 16)
    for (; first + 16 <= states; first += 16) visit(first, BlockOf<16>{});
  if constexpr (most >= 8)
    for (; first + 8 <= states; first += 8) visit(first, BlockOf<8>{});
  for (; first < states; first += 4) visit(first, BlockOf<4>{});
}

enum class Fill { zeros, nothing };

// Cache-line aligned working memory of one task.
template <class Scalar>
class Buffer {
 public:
  explicit Buffer(int64_t size, Fill fill = Fill::zeros) {
    const size_t bytes = sizeof(Scalar) * static_cast<size_t>(size);
    data_ = static_cast<Scalar*>(allocate_lines(bytes));
    if (fill == Fill::zeros) std::memset(static_cast<void*>(data_), 0, bytes);
  }
  ~Buffer() { free_lines(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  HANDS3C_INLINE operator Scalar*() { return data_; }

 private:
  Scalar* data_;
};

// Working memory as large as a sequence, kept for the next task.
template <class Scalar>
class KeptBuffer {
 public:
  explicit KeptBuffer(int64_t size)
      : bytes_(sizeof(Scalar) * static_cast<size_t>(size)),
        data_(static_cast<Scalar*>(borrow_lines(&bytes_))) {}
  ~KeptBuffer() { return_lines(data_, bytes_); }
  KeptBuffer(const KeptBuffer&) = delete;
  KeptBuffer& operator=(const KeptBuffer&) = delete;
  HANDS3C_INLINE operator Scalar*() { return data_; }

 private:
  size_t bytes_;
  Scalar* data_;
};

// B and C of a tile's steps, or their gradients: both [step][padded state], `stride` a step.
template <class Value>
struct Projections {
  Value* B;
  Value* C;
  int64_t stride;
};

// y (+)= <C, h> (+ D x), h = exp2(dt A log2e) h + dt x B; `log2_decay` is A log2e, [state][lane].
// Every step calls prefetch(step): memory hints spread over the arithmetic cost nothing, while a
// burst of them stalls.
template <class Scalar, class Prefetch>
HANDS3C_INLINE void scan_tile(int steps, int64_t states, const Scalar* dt, const Scalar* x,
                              Projections<const Scalar> projections, const Scalar* log2_decay,
                              VectorOf<Scalar> skip, Scalar* state, Scalar* y,
                              const Prefetch& prefetch) {
  using Vector = VectorOf<Scalar>;
  constexpr int lanes = Simd<Scalar>::lanes;
  for_state_blocks(states, [&](int64_t first, auto block) HANDS3C_INLINED {
    constexpr int block_states = decltype(block)::states;
    Vector h[block_states];
#pragma GCC unroll 16
    for (int n = 0; n < block_states; ++n) h[n] = load(state + (first + n) * lanes);
    const Scalar* decay = log2_decay + first * lanes;
    for (int l = 0; l < steps; ++l) {
      const Vector step = load(dt + l * lanes), input = load(x + l * lanes);
      const Vector drive = step * input, bounded = bounded_step<Scalar>(step);
      prefetch(l);
      const Scalar* b = projections.B + l * projections.stride + first;
      const Scalar* c = projections.C + l * projections.stride + first;
      Vector even = first ? load(y + l * lanes) : skip * input, odd = {};
#pragma GCC unroll 16
      for (int n = 0; n < block_states; n += 2) {
        const Vector e0 = exp2_product<Scalar>(bounded, load(decay + n * lanes));
        h[n] = e0 * h[n] + drive * b[n];
        even += h[n] * c[n];
        const Vector e1 = exp2_product<Scalar>(bounded, load(decay + (n + 1) * lanes));
        h[n + 1] = e1 * h[n + 1] + drive * b[n + 1];
        odd += h[n + 1] * c[n + 1];
      }
      store(y + l * lanes, even + odd);
    }
#pragma GCC unroll 16
    for (int n = 0; n < block_states; ++n) store(state + (first + n) * lanes, h[n]);
  });
}

// Working memory of scan_tile_backward: states and decays of one block, recomputed.
template <class Scalar>
struct Replay {
  static constexpr int most = most_block_states * Simd<Scalar>::lanes;
  Buffer<Scalar> states{(tile_steps + 1) * most, Fill::nothing};
  Buffer<Scalar> decays{tile_steps * most, Fill::nothing};
};

// Gradients of one tile, given the state before it (`start`) and dL/dy (`dy`).
//   adjoint  [state][lane]  dL/dh after the tile's last step in, before its first step out
//   dA       [state][lane]  dL/d(A log2e) / ln2, added to
//   sums     dB and dC, summed over the lanes; added to what is there if `accumulate`
//   du_part  [step][lane]   sum_n B dL/dh;  dt_part: sum_n dL/d(dt A) A log2e; both overwritten
// Both passes over the steps call their prefetch(step), as in scan_tile.
template <class Scalar, class PrefetchInputs, class PrefetchOutputs>
HANDS3C_INLINE void scan_tile_backward(int steps, int64_t states, const Scalar* dt, const Scalar* x,
                                       const Scalar* dy, Projections<const Scalar> projections,
                                       const Scalar* log2_decay, const Scalar* start,
                                       Replay<Scalar>& replay, Scalar* adjoint, Scalar* dA,
                                       Projections<Scalar> sums, bool accumulate, Scalar* du_part,
                                       Scalar* dt_part, const PrefetchInputs& prefetch_inputs,
                                       const PrefetchOutputs& prefetch_outputs) {
  using Vector = VectorOf<Scalar>;
  constexpr int lanes = Simd<Scalar>::lanes;
  Scalar* const H = replay.states;
  Scalar* const E = replay.decays;
  for_state_blocks(states, [&](int64_t first, auto block) HANDS3C_INLINED {
    constexpr int block_states = decltype(block)::states, slice = block_states * lanes;
    const Scalar* decay = log2_decay + first * lanes;
    {
      Vector h[block_states];
#pragma GCC unroll 16
      for (int n = 0; n < block_states; ++n) {
        h[n] = load(start + (first + n) * lanes);
        store(H + n * lanes, h[n]);
      }
      for (int l = 0; l < steps; ++l) {
        const Vector step = load(dt + l * lanes), drive = step * load(x + l * lanes);
        const Vector bounded = bounded_step<Scalar>(step);
        prefetch_inputs(l);
        const Scalar* b = projections.B + l * projections.stride + first;
#pragma GCC unroll 16
        for (int n = 0; n < block_states; ++n) {
          const Vector e = exp2_product<Scalar>(bounded, load(decay + n * lanes));
          store(E + l * slice + n * lanes, e);
          h[n] = e * h[n] + drive * b[n];
          store(H + (l + 1) * slice + n * lanes, h[n]);
        }
      }
    }
    Vector dh[block_states];
#pragma GCC unroll 16
    for (int n = 0; n < block_states; ++n) dh[n] = load(adjoint + (first + n) * lanes);
    for (int l = steps - 1; l >= 0; --l) {
      const Vector up = load(dy + l * lanes), step = load(dt + l * lanes);
      const Vector drive = step * load(x + l * lanes);
      prefetch_outputs(l);
      const Scalar* b = projections.B + l * projections.stride + first;
      const Scalar* c = projections.C + l * projections.stride + first;
      const int64_t sums_at = l * sums.stride + first;
      const Scalar* h_now = H + (l + 1) * slice;
      const Scalar* h_before = H + l * slice;
      Vector along_b = first ? load(du_part + l * lanes) : Vector{};
      Vector along_a = first ? load(dt_part + l * lanes) : Vector{};
      Vector lane_sums[block_states];
#pragma GCC unroll 16
      for (int n = 0; n < block_states; ++n) lane_sums[n] = up * load(h_now + n * lanes);
      store_lane_sums<Scalar, block_states>(lane_sums, sums.C + sums_at, accumulate);
#pragma GCC unroll 16
      for (int n = 0; n < block_states; ++n) {
        dh[n] += up * c[n];
        lane_sums[n] = dh[n] * drive;
        along_b += dh[n] * b[n];
        dh[n] *= load(E + l * slice + n * lanes);
        const Vector exponent = dh[n] * load(h_before + n * lanes);  // dL/d(dt A_n)
        along_a += exponent * load(decay + n * lanes);
        Scalar* a = dA + (first + n) * lanes;
        store(a, load(a) + exponent * step);
      }
      store_lane_sums<Scalar, block_states>(lane_sums, sums.B + sums_at, accumulate);
      store(du_part + l * lanes, along_b);
      store(dt_part + l * lanes, along_a);
    }
#pragma GCC unroll 16
    for (int n = 0; n < block_states; ++n) store(adjoint + (first + n) * lanes, dh[n]);
  });
}

}  // namespace HANDS3C_NAMESPACE
