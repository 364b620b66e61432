// AVX2 + FMA. Lanes 0…7 of the canonical score live in one register, 8…15 in a second.
//
// One row after another. Its two chains of fused multiply-adds (latency four cycles, 16 bytes a
// cycle at best) leave part of the unit idle, but the core already begins the next row meanwhile,
// and the rows are one ascending stream, which the hardware's prefetcher follows. Four rows side by
// side, the obvious remedy, are twice as fast on rows in the first cache and equal in the second,
// but read four streams that restart every few hundred bytes: from memory, where the rows of a
// scope are, that took more than twice as long (measured on Zen 4, also with explicit prefetching).

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

// The lanes that are still inside the dimension, for the last step of fewer than sixteen.
typedef struct {
  __m256i low, high;
} lane_mask;

VK_TARGET_AVX2 static inline lane_mask mask_of(size_t rest) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i low = _mm256_set1_epi32((int)rest);
  const __m256i high = _mm256_set1_epi32((int)rest - 8);
  return (lane_mask){_mm256_cmpgt_epi32(low, lanes), _mm256_cmpgt_epi32(high, lanes)};
}

VK_TARGET_AVX2 static inline float reduce(__m256 low, __m256 high) {
  const __m256 eight = _mm256_add_ps(low, high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// One step of one accumulator for each operation: the row, the query, the sum so far.
VK_TARGET_AVX2 static inline __m256 step_inner_product(__m256 x, __m256 q, __m256 sum) {
  return _mm256_fmadd_ps(x, q, sum);
}

VK_TARGET_AVX2 static inline __m256 step_squared_distance(__m256 x, __m256 q, __m256 sum) {
  const __m256 difference = _mm256_sub_ps(x, q);
  return _mm256_fmadd_ps(difference, difference, sum);
}

#define DEFINE_ROWS(OPERATION)                                                                  \
  VK_TARGET_AVX2 static inline float OPERATION##_row(const float *row, size_t dimension,        \
                                                     const float *query) {                      \
    __m256 low = _mm256_setzero_ps(), high = _mm256_setzero_ps();                               \
    size_t start = 0;                                                                           \
    for (; start + 16 <= dimension; start += 16) {                                              \
      const float *x = row + start, *q = query + start;                                         \
      low = step_##OPERATION(_mm256_loadu_ps(x), _mm256_loadu_ps(q), low);                      \
      high = step_##OPERATION(_mm256_loadu_ps(x + 8), _mm256_loadu_ps(q + 8), high);            \
    }                                                                                           \
    if (start < dimension) {                                                                    \
      const lane_mask mask = mask_of(dimension - start);                                        \
      low = step_##OPERATION(_mm256_maskload_ps(row + start, mask.low),                         \
                             _mm256_maskload_ps(query + start, mask.low), low);                 \
      high = step_##OPERATION(_mm256_maskload_ps(row + start + 8, mask.high),                   \
                              _mm256_maskload_ps(query + start + 8, mask.high), high);          \
    }                                                                                           \
    return reduce(low, high);                                                                   \
  }                                                                                             \
  VK_TARGET_AVX2 void OPERATION##_f32_rows_avx2(const float *rows, size_t row_count,            \
                                                size_t dimension, const float *query,           \
                                                float *out) {                                   \
    for (size_t i = 0; i < row_count; i++)                                                      \
      out[i] = OPERATION##_row(rows + i * dimension, dimension, query);                         \
  }

DEFINE_ROWS(inner_product)
DEFINE_ROWS(squared_distance)

VK_TARGET_AVX2 size_t select_at_least_f32_avx2(const float *scores, size_t count, float threshold,
                                               uint32_t *positions) {
  const __m256 limit = _mm256_set1_ps(threshold);
  size_t found = 0, i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 reached = _mm256_cmp_ps(_mm256_loadu_ps(scores + i), limit, _CMP_GE_OQ);
    unsigned lanes = (unsigned)_mm256_movemask_ps(reached);
    while (lanes != 0) {
      positions[found++] = (uint32_t)(i + (size_t)__builtin_ctz(lanes));
      lanes &= lanes - 1;
    }
  }
  for (; i < count; i++) {
    if (scores[i] >= threshold) positions[found++] = (uint32_t)i;
  }
  return found;
}

#endif
