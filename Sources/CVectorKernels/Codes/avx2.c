// AVX2 has no instruction that multiplies bytes and adds them up in 32 bits. `vpmaddubsw` gives sums
// of two products in 16 bits, saturated, at two a cycle; `vpaddw` adds them up at four a cycle, and
// only every WINDOW groups the sums are widened, so 64 products a cycle is the limit: four times what
// fp32 can. That the sixteen bits never overflow is a property of the query's planes (see
// `vk_code_plane`), not of the rows.
//
// A block is one ascending stream of groups × 64 bytes, which is what a prefetcher likes. A tile is
// one block × up to six queries: twelve accumulators, two registers of rows, one broadcast group of
// a query, one product.

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

enum { LANES = VK_CODE_LANES, WINDOW = VK_CODE_WINDOW, TILE = VK_CODE_TILE };

VK_TARGET_AVX2 static inline __m256i broadcast(const int8_t *plane, size_t group) {
  int32_t four;
  __builtin_memcpy(&four, plane + 4 * group, sizeof four);
  return _mm256_set1_epi32(four);
}

VK_TARGET_AVX2 static inline __m256i widened(__m256i sums, __m256i total) {
  return _mm256_add_epi32(_mm256_madd_epi16(sums, _mm256_set1_epi16(1)), total);
}

// The products of one block with `count` planes, a constant when this is inlined. totals: two
// registers for each plane.
VK_TARGET_AVX2 __attribute__((always_inline)) static inline void multiply(
    const uint8_t *codes, size_t groups, const int8_t *const *planes, const int count,
    __m256i *totals) {
  for (int p = 0; p < 2 * count; p++) totals[p] = _mm256_setzero_si256();
  for (size_t start = 0; start < groups; start += WINDOW) {
    const size_t end = start + WINDOW < groups ? start + WINDOW : groups;
    __m256i sums[2 * TILE];
#pragma unroll
    for (int p = 0; p < 2 * count; p++) sums[p] = _mm256_setzero_si256();
    for (size_t g = start; g < end; g++) {
      const __m256i first = _mm256_load_si256((const __m256i *)(codes + 64 * g));
      const __m256i second = _mm256_load_si256((const __m256i *)(codes + 64 * g + 32));
#pragma unroll
      for (int p = 0; p < count; p++) {
        const __m256i q = broadcast(planes[p], g);
        sums[2 * p] = _mm256_add_epi16(sums[2 * p], _mm256_maddubs_epi16(first, q));
        sums[2 * p + 1] = _mm256_add_epi16(sums[2 * p + 1], _mm256_maddubs_epi16(second, q));
      }
    }
#pragma unroll
    for (int p = 0; p < 2 * count; p++) totals[p] = widened(sums[p], totals[p]);
  }
}

// Eight lanes of the factors and of one query's sums.
typedef struct {
  __m256 estimate, margin;
} bounds;

VK_TARGET_AVX2 static inline __m256 without_offset(__m256i total, int32_t sum) {
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(total, _mm256_set1_epi32(128 * sum)));
}

VK_TARGET_AVX2 static inline bounds bound(const float *factors, __m256 d,
                                          const vk_code_query *query) {
  const __m256 scale = _mm256_load_ps(factors), error = _mm256_load_ps(factors + LANES),
               norm = _mm256_load_ps(factors + 2 * LANES);
  const __m256 weighted = _mm256_mul_ps(_mm256_set1_ps(-query->norm_weight), norm);
  const __m256 estimate = _mm256_fmadd_ps(
      weighted, norm, _mm256_fmadd_ps(scale, d, _mm256_set1_ps(query->constant)));
  const __m256 of_norm = _mm256_fmadd_ps(norm, _mm256_set1_ps(query->square_factor),
                                         _mm256_set1_ps(query->norm_factor));
  const __m256 margin =
      _mm256_fmadd_ps(error, _mm256_set1_ps(query->error_factor),
                      _mm256_fmadd_ps(norm, of_norm, _mm256_set1_ps(query->slack)));
  return (bounds){estimate, margin};
}

// All bits of the lanes that are set, of eight.
VK_TARGET_AVX2 static inline __m256 lanes_of(unsigned set) {
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i own = _mm256_and_si256(_mm256_set1_epi32((int)set), bits);
  return _mm256_castsi256_ps(_mm256_cmpeq_epi32(own, bits));
}

VK_TARGET_AVX2 static inline void bound_block(const uint8_t *block, size_t group_count,
                                              const vk_code_query *query, unsigned live,
                                              float *lowers, float *uppers) {
  const int8_t *planes[2] = {query->high, query->low};
  __m256i totals[4];
  if (query->low != NULL) {
    multiply(block, group_count, planes, 2, totals);
  } else {
    multiply(block, group_count, planes, 1, totals);
  }
  const float *factors = (const float *)(const void *)(block + group_count * 64);
  for (int half = 0; half < 2; half++) {
    __m256 d = _mm256_mul_ps(_mm256_set1_ps(query->high_scale),
                             without_offset(totals[half], query->high_sum));
    if (query->low != NULL) {
      d = _mm256_fmadd_ps(_mm256_set1_ps(query->low_scale),
                          without_offset(totals[2 + half], query->low_sum), d);
    }
    const bounds found = bound(factors + 8 * half, d, query);
    const __m256 dead = _mm256_andnot_ps(lanes_of(live >> (8 * half) & 255),
                                         _mm256_castsi256_ps(_mm256_set1_epi32(-1)));
    // All bits set are a NaN.
    _mm256_storeu_ps(lowers + 8 * half,
                     _mm256_or_ps(_mm256_sub_ps(found.estimate, found.margin), dead));
    _mm256_storeu_ps(uppers + 8 * half,
                     _mm256_or_ps(_mm256_add_ps(found.estimate, found.margin), dead));
  }
}

VK_TARGET_AVX2 void bound_codes_avx2(const uint8_t *blocks, size_t block_count,
                                     size_t group_count, const vk_code_query *query,
                                     const uint16_t *live, float *lowers, float *uppers) {
  const size_t length = vk_code_block_length(group_count);
  const __m256 none = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
  for (size_t b = 0; b < block_count; b++, lowers += LANES, uppers += LANES) {
    const unsigned lanes = live == NULL ? 0xFFFF : live[b];
    if (lanes != 0) {
      bound_block(blocks + b * length, group_count, query, lanes, lowers, uppers);
      continue;
    }
    for (int half = 0; half < 2; half++) {
      _mm256_storeu_ps(lowers + 8 * half, none);
      _mm256_storeu_ps(uppers + 8 * half, none);
    }
  }
}

// The upper bounds; where a query has no use for squares of norms, what they would add is zero.
VK_TARGET_AVX2 __attribute__((always_inline)) static inline __m256 upper(
    const float *factors, __m256 d, const vk_code_query *query, bool has_squares) {
  if (has_squares) {
    const bounds row = bound(factors, d, query);
    return _mm256_add_ps(row.estimate, row.margin);
  }
  const __m256 scale = _mm256_load_ps(factors), error = _mm256_load_ps(factors + LANES),
               norm = _mm256_load_ps(factors + 2 * LANES);
  const __m256 estimate = _mm256_fmadd_ps(scale, d, _mm256_set1_ps(query->constant));
  const __m256 margin = _mm256_fmadd_ps(
      error, _mm256_set1_ps(query->error_factor),
      _mm256_fmadd_ps(norm, _mm256_set1_ps(query->norm_factor), _mm256_set1_ps(query->slack)));
  return _mm256_add_ps(estimate, margin);
}

// The tile of `count` queries, a constant when this is inlined.
VK_TARGET_AVX2 __attribute__((always_inline)) static inline size_t tile(
    const uint8_t *blocks, size_t block_count, size_t group_count, const vk_code_query *queries,
    const int count, const float *thresholds, vk_code_hit *hits) {
  const size_t length = vk_code_block_length(group_count);
  const int8_t *planes[TILE];
  bool has_squares = false;
  for (int q = 0; q < count; q++) {
    planes[q] = queries[q].high;
    has_squares |= queries[q].norm_weight != 0 || queries[q].square_factor != 0;
  }
  size_t found = 0;
  for (size_t b = 0; b < block_count; b++) {
    const uint8_t *block = blocks + b * length;
    __m256i totals[2 * TILE];
    multiply(block, group_count, planes, count, totals);
    const float *factors = (const float *)(const void *)(block + group_count * 64);
    __m256 reached[2 * TILE], any = _mm256_setzero_ps();
    for (int q = 0; q < count; q++) {
      for (int half = 0; half < 2; half++) {
        const __m256 d =
            _mm256_mul_ps(_mm256_set1_ps(queries[q].high_scale),
                          without_offset(totals[2 * q + half], queries[q].high_sum));
        reached[2 * q + half] =
            _mm256_cmp_ps(upper(factors + 8 * half, d, &queries[q], has_squares),
                          _mm256_set1_ps(thresholds[q]), _CMP_GE_OQ);
        any = _mm256_or_ps(any, reached[2 * q + half]);
      }
    }
    if (_mm256_testz_si256(_mm256_castps_si256(any), _mm256_castps_si256(any))) continue;
    for (int q = 0; q < count; q++) {
      const unsigned lanes = (unsigned)_mm256_movemask_ps(reached[2 * q]) |
                             (unsigned)_mm256_movemask_ps(reached[2 * q + 1]) << 8;
      if (lanes != 0) hits[found++] = (vk_code_hit){(uint32_t)b, (uint16_t)q, (uint16_t)lanes};
    }
  }
  return found;
}

VK_TARGET_AVX2 size_t tile_codes_avx2(const uint8_t *blocks, size_t block_count,
                                      size_t group_count, const vk_code_query *queries,
                                      size_t query_count, const float *thresholds,
                                      vk_code_hit *hits) {
#define TILE_OF(COUNT) \
  case COUNT:          \
    return tile(blocks, block_count, group_count, queries, COUNT, thresholds, hits)
  switch (query_count) {
    TILE_OF(1);
    TILE_OF(2);
    TILE_OF(3);
    TILE_OF(4);
    TILE_OF(5);
    TILE_OF(6);
    default:
      return 0;
  }
}

#endif
