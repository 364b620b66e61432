// AVX-512. One register holds the sixteen lanes of the canonical score, and the last step of fewer
// than sixteen dimensions is the same step with a mask: the lanes beyond read as zero.
//
// One row after another, for the reasons given beside the AVX2 kernels.

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

// The first `rest` lanes; rest < 16.
VK_TARGET_AVX512 static inline __mmask16 mask_of(size_t rest) {
  return (__mmask16)((1u << rest) - 1);
}

VK_TARGET_AVX512 static inline float reduce(__m512 sixteen) {
  const __m256 eight =
      _mm256_add_ps(_mm512_castps512_ps256(sixteen), _mm512_extractf32x8_ps(sixteen, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// One step for each operation: the row, the query, the sum so far.
VK_TARGET_AVX512 static inline __m512 step_inner_product(__m512 x, __m512 q, __m512 sum) {
  return _mm512_fmadd_ps(x, q, sum);
}

VK_TARGET_AVX512 static inline __m512 step_squared_distance(__m512 x, __m512 q, __m512 sum) {
  const __m512 difference = _mm512_sub_ps(x, q);
  return _mm512_fmadd_ps(difference, difference, sum);
}

#define DEFINE_ROWS(OPERATION)                                                                  \
  VK_TARGET_AVX512 static inline float OPERATION##_row(const float *row, size_t dimension,      \
                                                       const float *query) {                    \
    __m512 sum = _mm512_setzero_ps();                                                           \
    size_t start = 0;                                                                           \
    for (; start + 16 <= dimension; start += 16)                                                \
      sum = step_##OPERATION(_mm512_loadu_ps(row + start), _mm512_loadu_ps(query + start), sum); \
    if (start < dimension) {                                                                    \
      const __mmask16 mask = mask_of(dimension - start);                                        \
      sum = step_##OPERATION(_mm512_maskz_loadu_ps(mask, row + start),                          \
                             _mm512_maskz_loadu_ps(mask, query + start), sum);                  \
    }                                                                                           \
    return reduce(sum);                                                                         \
  }                                                                                             \
  VK_TARGET_AVX512 void OPERATION##_f32_rows_avx512(const float *rows, size_t row_count,        \
                                                    size_t dimension, const float *query,       \
                                                    float *out) {                               \
    for (size_t i = 0; i < row_count; i++)                                                      \
      out[i] = OPERATION##_row(rows + i * dimension, dimension, query);                         \
  }

DEFINE_ROWS(inner_product)
DEFINE_ROWS(squared_distance)

// The positions are compressed in a register: compressing into memory is slow on Zen 4.
VK_TARGET_AVX512 size_t select_at_least_f32_avx512(const float *scores, size_t count,
                                                   float threshold, uint32_t *positions) {
  const __m512 limit = _mm512_set1_ps(threshold);
  const __m512i lanes =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t found = 0;
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 inside = count - i < 16 ? mask_of(count - i) : (__mmask16)0xFFFF;
    const __m512 x = _mm512_maskz_loadu_ps(inside, scores + i);
    const __mmask16 reached = _mm512_mask_cmp_ps_mask(inside, x, limit, _CMP_GE_OQ);
    if (reached == 0) continue;
    const __m512i here = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)(uint32_t)i));
    const unsigned many = (unsigned)__builtin_popcount(reached);
    const __mmask16 first = many < 16 ? mask_of(many) : (__mmask16)0xFFFF;
    _mm512_mask_storeu_epi32(positions + found, first,
                             _mm512_maskz_compress_epi32(reached, here));
    found += many;
  }
  return found;
}

#endif
