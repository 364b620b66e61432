// The kernels of codes on AVX-512, around the products of blocks and planes, which are the only part
// in which its two sets differ. Who includes this has defined SET and TARGET, and
//   multiply(codes, group_count, planes, count, totals)
//   multiply_pair(codes, length, group_count, planes, count, totals)
// for a constant count: sixteen lanes of products with the bytes, which are 128 too large, for each
// plane; of one block, or of two that begin `length` bytes apart.

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

enum { LANES = VK_CODE_LANES, TILE = VK_CODE_TILE };

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

typedef struct {
  __m512 estimate, margin;
} bounds;

TARGET static inline __m512 without_offset(__m512i total, int32_t sum) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(total, _mm512_set1_epi32(128 * sum)));
}

TARGET static inline bounds bound(const float *factors, __m512 d, const vk_code_query *query) {
  const __m512 scale = _mm512_loadu_ps(factors), error = _mm512_loadu_ps(factors + LANES),
               norm = _mm512_loadu_ps(factors + 2 * LANES);
  const __m512 weighted = _mm512_mul_ps(_mm512_set1_ps(-query->norm_weight), norm);
  const __m512 estimate = _mm512_fmadd_ps(
      weighted, norm, _mm512_fmadd_ps(scale, d, _mm512_set1_ps(query->constant)));
  const __m512 of_norm = _mm512_fmadd_ps(norm, _mm512_set1_ps(query->square_factor),
                                         _mm512_set1_ps(query->norm_factor));
  const __m512 margin =
      _mm512_fmadd_ps(error, _mm512_set1_ps(query->error_factor),
                      _mm512_fmadd_ps(norm, of_norm, _mm512_set1_ps(query->slack)));
  return (bounds){estimate, margin};
}

TARGET static inline bounds bound_block(const uint8_t *block, size_t group_count,
                                        const vk_code_query *query) {
  const int8_t *planes[2] = {query->high, query->low};
  const float *factors = (const float *)(const void *)(block + group_count * 64);
  const __m512 high_scale = _mm512_set1_ps(query->high_scale);
  __m512i totals[2];
  if (query->low == NULL) {
    multiply(block, group_count, planes, 1, totals);
    const __m512 high = without_offset(totals[0], query->high_sum);
    return bound(factors, _mm512_mul_ps(high_scale, high), query);
  }
  multiply(block, group_count, planes, 2, totals);
  const __m512 high = without_offset(totals[0], query->high_sum);
  const __m512 low = without_offset(totals[1], query->low_sum);
  const __m512 d = _mm512_fmadd_ps(_mm512_set1_ps(query->low_scale), low,
                                   _mm512_mul_ps(high_scale, high));
  return bound(factors, d, query);
}

TARGET void JOIN(bound_codes, SET)(const uint8_t *blocks, size_t block_count, size_t group_count,
                                   const vk_code_query *query, const uint16_t *live,
                                   float *lowers, float *uppers) {
  const size_t length = vk_code_block_length(group_count);
  const __m512 none = _mm512_set1_ps(__builtin_nanf(""));
  for (size_t b = 0; b < block_count; b++, lowers += LANES, uppers += LANES) {
    const __mmask16 lanes = live == NULL ? 0xFFFF : live[b];
    bounds found = {none, none};
    if (lanes != 0) found = bound_block(blocks + b * length, group_count, query);
    const __m512 lower = _mm512_sub_ps(found.estimate, found.margin);
    const __m512 upper = _mm512_add_ps(found.estimate, found.margin);
    _mm512_storeu_ps(lowers, _mm512_mask_mov_ps(none, lanes, lower));
    _mm512_storeu_ps(uppers, _mm512_mask_mov_ps(none, lanes, upper));
  }
}

// Writes what of one block reaches the thresholds, and returns how many hits there are then.
TARGET __attribute__((always_inline)) static inline size_t compare(
    size_t number, const float *factors, const __m512i *totals, const vk_code_query *queries,
    const int count, const float *thresholds, vk_code_hit *hits, size_t found) {
  for (int q = 0; q < count; q++) {
    const __m512 d = _mm512_mul_ps(_mm512_set1_ps(queries[q].high_scale),
                                   without_offset(totals[q], queries[q].high_sum));
    const bounds row = bound(factors, d, &queries[q]);
    const __mmask16 lanes = _mm512_cmp_ps_mask(_mm512_add_ps(row.estimate, row.margin),
                                               _mm512_set1_ps(thresholds[q]), _CMP_GE_OQ);
    if (lanes != 0)
      hits[found++] = (vk_code_hit){(uint32_t)number, (uint16_t)q, (uint16_t)lanes};
  }
  return found;
}

// The tile of `count` queries, a constant when this is inlined.
TARGET __attribute__((always_inline)) static inline size_t tile(
    const uint8_t *blocks, size_t block_count, size_t group_count, const vk_code_query *queries,
    const int count, const float *thresholds, vk_code_hit *hits) {
  const size_t length = vk_code_block_length(group_count);
  const uint8_t *factors = blocks + group_count * 64;
  const int8_t *planes[TILE];
  for (int q = 0; q < count; q++) planes[q] = queries[q].high;
  __m512i totals[2 * TILE];
  size_t found = 0, b = 0;
  for (; b + 2 <= block_count; b += 2) {
    multiply_pair(blocks + b * length, length, group_count, planes, count, totals);
    for (size_t i = 0; i < 2; i++)
      found = compare(b + i, (const float *)(const void *)(factors + (b + i) * length),
                      totals + i * (size_t)count, queries, count, thresholds, hits, found);
  }
  if (b < block_count) {
    multiply(blocks + b * length, group_count, planes, count, totals);
    found = compare(b, (const float *)(const void *)(factors + b * length), totals, queries, count,
                    thresholds, hits, found);
  }
  return found;
}

TARGET size_t JOIN(tile_codes, SET)(const uint8_t *blocks, size_t block_count, size_t group_count,
                                    const vk_code_query *queries, size_t query_count,
                                    const float *thresholds, vk_code_hit *hits) {
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
    default: return 0;
  }
}
