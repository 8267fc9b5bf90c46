// SIMD vectors of one instruction set, and the elementary functions a selective scan needs.
//
// Written with the vector extensions of GCC and Clang, so the same source compiles for SSE2, AVX2,
// AVX-512, NEON or anything else; the translation unit's flags decide. Intrinsics appear only where
// the compiler cannot find the short form itself.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define HANDS3C_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define HANDS3C_VECTOR_BYTES 32
#else
#define HANDS3C_VECTOR_BYTES 16
#endif

#define HANDS3C_INLINED __attribute__((always_inline))
#define HANDS3C_INLINE inline HANDS3C_INLINED

namespace HANDS3C_NAMESPACE {

typedef float FloatVector __attribute__((vector_size(HANDS3C_VECTOR_BYTES)));
typedef int32_t FloatBits __attribute__((vector_size(HANDS3C_VECTOR_BYTES)));
typedef double DoubleVector __attribute__((vector_size(HANDS3C_VECTOR_BYTES)));
typedef int64_t DoubleBits __attribute__((vector_size(HANDS3C_VECTOR_BYTES)));

template <class Scalar>
struct Simd;

template <>
struct Simd<float> {
  using Vector = FloatVector;
  using Bits = FloatBits;
  static constexpr int lanes = HANDS3C_VECTOR_BYTES / 4;
  static constexpr int mantissa_bits = 23;
  static constexpr int max_exponent = 128;
  // Adding it rounds to an integer and leaves that integer in the low mantissa bits.
  static constexpr float rounder = 12582912.0f;  // 1.5 * 2^23
};

template <>
struct Simd<double> {
  using Vector = DoubleVector;
  using Bits = DoubleBits;
  static constexpr int lanes = HANDS3C_VECTOR_BYTES / 8;
  static constexpr int mantissa_bits = 52;
  static constexpr int max_exponent = 1024;
  static constexpr double rounder = 6755399441055744.0;  // 1.5 * 2^52
};

template <class Scalar>
using VectorOf = typename Simd<Scalar>::Vector;

template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> load(const Scalar* from) {
  VectorOf<Scalar> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class Scalar>
HANDS3C_INLINE void store(Scalar* to, VectorOf<Scalar> v) {
  std::memcpy(to, &v, sizeof v);
}

// Fewer lanes than a vector has; what lies beyond them in memory is not touched.
#if defined(__AVX512F__)
HANDS3C_INLINE FloatVector load_some(const float* from, int count) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
}
HANDS3C_INLINE void store_some(float* to, FloatVector v, int count) {
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), v);
}
HANDS3C_INLINE DoubleVector load_some(const double* from, int count) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), from);
}
HANDS3C_INLINE void store_some(double* to, DoubleVector v, int count) {
  _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1u << count) - 1), v);
}
#else
#if defined(__AVX2__)
HANDS3C_INLINE __m256i first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
HANDS3C_INLINE FloatVector load_some(const float* from, int count) {
  return _mm256_maskload_ps(from, first_lanes(count));
}
HANDS3C_INLINE void store_some(float* to, FloatVector v, int count) {
  _mm256_maskstore_ps(to, first_lanes(count), v);
}
#endif
template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> load_some(const Scalar* from, int count) {
  VectorOf<Scalar> v{};
  std::memcpy(&v, from, sizeof(Scalar) * count);
  return v;
}
template <class Scalar, class Vector>
HANDS3C_INLINE void store_some(Scalar* to, Vector v, int count) {
  std::memcpy(to, &v, sizeof(Scalar) * count);
}
#endif

template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> broadcast(Scalar s) {
  return s - VectorOf<Scalar>{};
}

// The first `count` lanes from memory, zero beyond them; zero without memory.
template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> load_lanes(const Scalar* from, int count) {
  if (!from) return VectorOf<Scalar>{};
  if (count == Simd<Scalar>::lanes) return load(from);
  return load_some(from, count);
}

// The first `count` lanes to memory.
template <class Scalar>
HANDS3C_INLINE void store_lanes(Scalar* to, VectorOf<Scalar> v, int count) {
  if (count == Simd<Scalar>::lanes)
    store(to, v);
  else
    store_some(to, v, count);
}

// memcpy for a few vectors, without the call.
template <class Scalar>
HANDS3C_INLINE void copy_values(const Scalar* from, int64_t count, Scalar* to) {
  constexpr int lanes = Simd<Scalar>::lanes;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store(to + i, load(from + i));
  for (; i < count; ++i) to[i] = from[i];
}

// ------------------------------------------------------------------------------ 2^(a * b)

constexpr double ln2 = 0.693147180559945309417232121458;
constexpr double log2e = 1.44269504088896340735992468100;

// 2^f for |f| <= 1/2. float: minimax, relative error 9e-8. double: Taylor series to 1e-17.
HANDS3C_INLINE FloatVector exp2_fraction(FloatVector f) {
  FloatVector p = f * 1.3264724e-3f + 9.6715129e-3f;
  p = p * f + 5.55073375e-2f;
  p = p * f + 2.402224208e-1f;
  p = p * f + 6.931469776e-1f;
  return p * f + 1.0f;
}

HANDS3C_INLINE DoubleVector exp2_fraction(DoubleVector f) {
  const DoubleVector t = f * ln2;
  DoubleVector p = DoubleVector{} + 1.0;
#pragma GCC unroll 16
  for (int k = 14; k >= 1; --k) p = p * t * (1.0 / k) + 1.0;
  return p;
}

template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> exp2_product(VectorOf<Scalar> a, VectorOf<Scalar> b) {
  using T = Simd<Scalar>;
  using Vector = typename T::Vector;
  using Bits = typename T::Bits;
  const Vector low = broadcast<Scalar>(Scalar(1 - T::max_exponent));
  const Vector high = broadcast<Scalar>(Scalar(T::max_exponent));
  Vector x = a * b;
  x = x < low ? low : x;    // 2^low is written as 0,
  x = x > high ? high : x;  // 2^high as infinity; a NaN passes both comparisons unchanged
  const Vector shifted = x + T::rounder;
  const Vector p = exp2_fraction(x - (shifted - T::rounder));
  return (Vector)((Bits)p + ((Bits)shifted << T::mantissa_bits));
}

template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> bounded_step(VectorOf<Scalar> dt) {
  return dt;
}

#if defined(__AVX512F__)
// 2^(j / 32)
alignas(64) static const float exp2_table[32] = {
    1.0f,        1.021897149f, 1.044273782f, 1.067140401f, 1.090507733f, 1.114386743f, 1.138788635f,
    1.163724859f, 1.189207115f, 1.215247360f, 1.241857812f, 1.269050957f, 1.296839555f, 1.325236643f,
    1.354255547f, 1.383909882f, 1.414213562f, 1.445180807f, 1.476826146f, 1.509164428f, 1.542210825f,
    1.575980845f, 1.610490332f, 1.645755478f, 1.681792831f, 1.718619298f, 1.756252160f, 1.794709075f,
    1.834008086f, 1.874167634f, 1.915206561f, 1.957144124f};

// A table of 32 leaves |g| <= 1/64, where a parabola is good to 5e-8. The product is rounded once
// (in the fused operations), and scalef handles underflow and overflow, so nothing is clamped.
template <>
HANDS3C_INLINE FloatVector exp2_product<float>(FloatVector a, FloatVector b) {
  const __m512 rounder = _mm512_set1_ps(393216.0f);  // 1.5 * 2^18: rounds to multiples of 1/32
  const __m512 shifted = _mm512_fmadd_ps(a, b, rounder);
  const __m512 rounded = _mm512_sub_ps(shifted, rounder);
  const __m512 g = _mm512_fmsub_ps(a, b, rounded);
  const __m512 power = _mm512_permutex2var_ps(
      _mm512_load_ps(exp2_table), _mm512_castps_si512(shifted), _mm512_load_ps(exp2_table + 16));
  __m512 q = _mm512_fmadd_ps(g, _mm512_set1_ps(2.402270512e-1f), _mm512_set1_ps(6.931573406e-1f));
  q = _mm512_fmadd_ps(g, q, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(_mm512_mul_ps(power, q), rounded);
}

// Beyond this the rounding error of the product in g would overflow q; 2^(dt A) is 0 long before.
template <>
HANDS3C_INLINE FloatVector bounded_step<float>(FloatVector dt) {
  return _mm512_min_ps(_mm512_set1_ps(1e18f), dt);  // returns dt if dt is NaN
}
#endif

// ------------------------------------------------------------------------------ softplus, sigmoid

template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> reciprocal(VectorOf<Scalar> x) {
  return Scalar(1) / x;
}

#if defined(__AVX512F__)
template <>
HANDS3C_INLINE FloatVector reciprocal<float>(FloatVector x) {
  const __m512 r = _mm512_rcp14_ps(x);
  return _mm512_mul_ps(r, _mm512_fnmadd_ps(x, r, _mm512_set1_ps(2.0f)));
}
#endif

// 2 atanh(s) / s as a polynomial in s^2, for 0 <= s <= 1/3.
HANDS3C_INLINE FloatVector atanh_quotient(FloatVector u) {
  FloatVector p = u * 2.817832602e-1f + 2.796060473e-1f;
  p = p * u + 4.002491014e-1f;
  p = p * u + 6.666631469e-1f;
  return p * u + 2.0000000079f;
}

HANDS3C_INLINE DoubleVector atanh_quotient(DoubleVector u) {
  DoubleVector p = DoubleVector{} + 2.0 / 37;
#pragma GCC unroll 18
  for (int k = 17; k >= 0; --k) p = p * u + 2.0 / (2 * k + 1);
  return p;
}

// exp(-|x|)
template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> exp_minus_abs(VectorOf<Scalar> x) {
  return exp2_product<Scalar>(x < 0 ? x : -x, broadcast<Scalar>(Scalar(log2e)));
}

// log(1 + exp(x)); x itself above 20, as torch and mamba define it.
template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> softplus(VectorOf<Scalar> x) {
  const auto e = exp_minus_abs<Scalar>(x);
  const auto s = e * reciprocal<Scalar>(e + Scalar(2));  // log(1 + e) = 2 atanh(e / (2 + e))
  const auto positive = x < 0 ? VectorOf<Scalar>{} : x;
  const auto y = s * atanh_quotient(s * s) + positive;
  return x > Scalar(20) ? x : y;
}

// Derivative of softplus.
template <class Scalar>
HANDS3C_INLINE VectorOf<Scalar> softplus_slope(VectorOf<Scalar> x) {
  const auto e = exp_minus_abs<Scalar>(x);
  const auto r = reciprocal<Scalar>(e + Scalar(1));
  const auto y = x < 0 ? e * r : r;
  return x > Scalar(20) ? broadcast<Scalar>(Scalar(1)) : y;
}

// ------------------------------------------------------------------------------ transposition

// lanes x lanes block: to[j * to_stride + i] = from[i * from_stride + j].
template <class Scalar>
HANDS3C_INLINE void transpose_block(const Scalar* from, int64_t from_stride, Scalar* to,
                                    int64_t to_stride) {
  constexpr int lanes = Simd<Scalar>::lanes;
  for (int j = 0; j < lanes; ++j)
    for (int i = 0; i < lanes; ++i) to[j * to_stride + i] = from[i * from_stride + j];
}

#if defined(__AVX512F__)
template <>
HANDS3C_INLINE void transpose_block<float>(const float* from, int64_t from_stride, float* to,
                                           int64_t to_stride) {
  __m512 r[16], t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_ps(from + i * from_stride);
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 4) {  // r[i + c]: column 4q + c of rows i..i+3 in 128-bit quarter q
    const __m512d t0 = _mm512_castps_pd(t[i]), t1 = _mm512_castps_pd(t[i + 1]);
    const __m512d t2 = _mm512_castps_pd(t[i + 2]), t3 = _mm512_castps_pd(t[i + 3]);
    r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(t0, t2));
    r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(t0, t2));
    r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(t1, t3));
    r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(t1, t3));
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const __m512 even01 = _mm512_shuffle_f32x4(r[c], r[4 + c], 0x88);
    const __m512 even23 = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0x88);
    const __m512 odd01 = _mm512_shuffle_f32x4(r[c], r[4 + c], 0xdd);
    const __m512 odd23 = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0xdd);
    _mm512_storeu_ps(to + c * to_stride, _mm512_shuffle_f32x4(even01, even23, 0x88));
    _mm512_storeu_ps(to + (c + 4) * to_stride, _mm512_shuffle_f32x4(odd01, odd23, 0x88));
    _mm512_storeu_ps(to + (c + 8) * to_stride, _mm512_shuffle_f32x4(even01, even23, 0xdd));
    _mm512_storeu_ps(to + (c + 12) * to_stride, _mm512_shuffle_f32x4(odd01, odd23, 0xdd));
  }
}
#elif defined(__AVX2__)
template <>
HANDS3C_INLINE void transpose_block<float>(const float* from, int64_t from_stride, float* to,
                                           int64_t to_stride) {
  __m256 r[8], t[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + i * from_stride);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    _mm256_storeu_ps(to + c * to_stride, _mm256_permute2f128_ps(r[c], r[4 + c], 0x20));
    _mm256_storeu_ps(to + (c + 4) * to_stride, _mm256_permute2f128_ps(r[c], r[4 + c], 0x31));
  }
}
#endif

// to[j * to_stride + i] = from[i * from_stride + j] for i < rows, j < columns.
template <class Scalar>
HANDS3C_INLINE void transpose(const Scalar* from, int64_t from_stride, int rows, int columns,
                              Scalar* to, int64_t to_stride) {
  constexpr int lanes = Simd<Scalar>::lanes;
  const int block_rows = rows - rows % lanes, block_columns = columns - columns % lanes;
  for (int i = 0; i < block_rows; i += lanes)
    for (int j = 0; j < block_columns; j += lanes)
      transpose_block<Scalar>(from + i * from_stride + j, from_stride, to + j * to_stride + i,
                              to_stride);
  for (int i = 0; i < rows; ++i)
    for (int j = i < block_rows ? block_columns : 0; j < columns; ++j)
      to[j * to_stride + i] = from[i * from_stride + j];
}

// to[n] (+)= the sum over the lanes of v[n], n < count; at most as many as lanes, or whole vectors.
template <class Scalar, int count>
HANDS3C_INLINE void store_lane_sums(const VectorOf<Scalar>* v, Scalar* to, bool accumulate) {
  constexpr int lanes = Simd<Scalar>::lanes, wide = count < lanes ? count : lanes;
  static_assert(count < lanes || count % lanes == 0, "whole vectors of sums");
#pragma GCC unroll 4
  for (int first = 0; first < count; first += lanes) {
    alignas(64) Scalar columns[lanes * lanes];
    VectorOf<Scalar> sum{};
    if (accumulate) std::memcpy(&sum, to + first, sizeof(Scalar) * wide);
    if constexpr (count < lanes) {
      VectorOf<Scalar> rows[lanes] = {};
#pragma GCC unroll 16
      for (int n = 0; n < count; ++n) rows[n] = v[n];
      transpose_block<Scalar>(reinterpret_cast<const Scalar*>(rows), lanes, columns, lanes);
    } else {
      transpose_block<Scalar>(reinterpret_cast<const Scalar*>(v + first), lanes, columns, lanes);
    }
#pragma GCC unroll 16
    for (int j = 0; j < lanes; ++j) sum += load(columns + j * lanes);
    std::memcpy(to + first, &sum, sizeof(Scalar) * wide);
  }
}

#if defined(__AVX512F__)
template <>
HANDS3C_INLINE void store_lane_sums<float, 16>(const FloatVector* v, float* to, bool accumulate) {
  __m512 a[8], b[4];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i)  // halve the lanes, interleaving v[i] and v[i + 8]
    a[i] = _mm512_add_ps(_mm512_unpacklo_ps(v[i], v[i + 8]), _mm512_unpackhi_ps(v[i], v[i + 8]));
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    b[i] = _mm512_add_ps(_mm512_unpacklo_ps(a[i], a[i + 4]), _mm512_unpackhi_ps(a[i], a[i + 4]));
  const __m512 c0 = _mm512_add_ps(_mm512_shuffle_f32x4(b[0], b[1], 0x88),
                                  _mm512_shuffle_f32x4(b[0], b[1], 0xdd));
  const __m512 c1 = _mm512_add_ps(_mm512_shuffle_f32x4(b[2], b[3], 0x88),
                                  _mm512_shuffle_f32x4(b[2], b[3], 0xdd));
  const __m512 sums =
      _mm512_add_ps(_mm512_shuffle_f32x4(c0, c1, 0x88), _mm512_shuffle_f32x4(c0, c1, 0xdd));
  // Quarter i holds the sums i, i + 4, i + 8, i + 12: put them in order.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512 ordered = _mm512_permutexvar_ps(order, sums);
  _mm512_storeu_ps(to, accumulate ? _mm512_add_ps(ordered, _mm512_loadu_ps(to)) : ordered);
}

template <>
HANDS3C_INLINE void store_lane_sums<float, 8>(const FloatVector* v, float* to, bool accumulate) {
  __m512 a[4], b[2];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    a[i] = _mm512_add_ps(_mm512_unpacklo_ps(v[i], v[i + 4]), _mm512_unpackhi_ps(v[i], v[i + 4]));
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i)
    b[i] = _mm512_add_ps(_mm512_unpacklo_ps(a[i], a[i + 2]), _mm512_unpackhi_ps(a[i], a[i + 2]));
  const __m512 c = _mm512_add_ps(_mm512_shuffle_f32x4(b[0], b[1], 0x88),
                                 _mm512_shuffle_f32x4(b[0], b[1], 0xdd));
  const __m256 sums = _mm512_castps512_ps256(
      _mm512_add_ps(_mm512_shuffle_f32x4(c, c, 0x88), _mm512_shuffle_f32x4(c, c, 0xdd)));
  // Quarter i holds the sums i, i + 2, i + 4, i + 6: put them in order.
  const __m256 ordered = _mm256_permutevar8x32_ps(sums, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  _mm256_storeu_ps(to, accumulate ? _mm256_add_ps(ordered, _mm256_loadu_ps(to)) : ordered);
}

template <>
HANDS3C_INLINE void store_lane_sums<float, 4>(const FloatVector* v, float* to, bool accumulate) {
  const __m512 a0 = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[2]), _mm512_unpackhi_ps(v[0], v[2]));
  const __m512 a1 = _mm512_add_ps(_mm512_unpacklo_ps(v[1], v[3]), _mm512_unpackhi_ps(v[1], v[3]));
  const __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(a0, a1), _mm512_unpackhi_ps(a0, a1));
  const __m512 c = _mm512_add_ps(b, _mm512_shuffle_f32x4(b, b, 0xb1));  // quarters 1, 0, 3, 2
  const __m512 d = _mm512_add_ps(c, _mm512_shuffle_f32x4(c, c, 0x4e));  // quarters 2, 3, 0, 1
  const __m128 sums = _mm512_castps512_ps128(d);
  _mm_storeu_ps(to, accumulate ? _mm_add_ps(sums, _mm_loadu_ps(to)) : sums);
}
#endif

// What the vector units can do at most: `rounds` times 16 independent fused multiply-adds, the
// yardstick of the benchmark. Returns something that depends on all of them.
inline float spin_vector_units(int64_t rounds) {
  FloatVector sums[16];  // all different, or the compiler computes one for all
  for (int k = 0; k < 16; ++k) sums[k] = broadcast<float>(static_cast<float>(k));
  const FloatVector factor = broadcast<float>(0.999f), term = broadcast<float>(1e-3f);
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 16
    for (int k = 0; k < 16; ++k) sums[k] = sums[k] * factor + term;
  }
  FloatVector total = sums[0];
  for (int k = 1; k < 16; ++k) total += sums[k];
  return total[0];
}

}  // namespace HANDS3C_NAMESPACE
