// The kernels of codes on NEON, around the product of a block and planes, which is the only part in
// which its two sets differ. Who includes this has defined SET and TARGET, and
//   multiply(codes, group_count, planes, count, totals)
// for a constant count: sixteen lanes of products with the codes, in four registers for each plane.

#include <arm_neon.h>

#pragma STDC FP_CONTRACT OFF

enum { LANES = VK_CODE_LANES, TILE = VK_CODE_TILE };

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

typedef struct {
  float32x4_t lower, upper;
} bounds;

// The bounds of four lanes, of which `factors` is the first.
static inline bounds bound(const float *factors, float32x4_t d, const vk_code_query *query) {
  const float32x4_t scale = vld1q_f32(factors), error = vld1q_f32(factors + LANES),
                    norm = vld1q_f32(factors + 2 * LANES);
  const float32x4_t weighted = vmulq_f32(vdupq_n_f32(-query->norm_weight), norm);
  const float32x4_t estimate =
      vfmaq_f32(vfmaq_f32(vdupq_n_f32(query->constant), scale, d), weighted, norm);
  const float32x4_t of_norm = vfmaq_f32(vdupq_n_f32(query->norm_factor), norm,
                                        vdupq_n_f32(query->square_factor));
  const float32x4_t margin = vfmaq_f32(vfmaq_f32(vdupq_n_f32(query->slack), norm, of_norm), error,
                                       vdupq_n_f32(query->error_factor));
  return (bounds){vsubq_f32(estimate, margin), vaddq_f32(estimate, margin)};
}

static inline float32x4_t scaled(float scale, int32x4_t total) {
  return vmulq_f32(vdupq_n_f32(scale), vcvtq_f32_s32(total));
}

// found: four times four lanes.
TARGET static inline void bound_block(const uint8_t *block, size_t group_count,
                                      const vk_code_query *query, bounds *found) {
  const int8_t *planes[2] = {query->high, query->low};
  const float *factors = (const float *)(const void *)(block + group_count * 64);
  int32x4_t totals[8];
  if (query->low == NULL) {
    multiply(block, group_count, planes, 1, totals);
  } else {
    multiply(block, group_count, planes, 2, totals);
  }
  for (int part = 0; part < 4; part++) {
    float32x4_t d = scaled(query->high_scale, totals[part]);
    if (query->low != NULL)
      d = vfmaq_f32(d, vdupq_n_f32(query->low_scale), vcvtq_f32_s32(totals[4 + part]));
    found[part] = bound(factors + 4 * part, d, query);
  }
}

// All bits of the lanes of a part that are set.
static inline uint32x4_t lanes_of(unsigned set, int part) {
  const uint32x4_t bits = {1, 2, 4, 8};
  return vtstq_u32(vdupq_n_u32(set >> (4 * part)), bits);
}

TARGET void JOIN(bound_codes, SET)(const uint8_t *blocks, size_t block_count, size_t group_count,
                                   const vk_code_query *query, const uint16_t *live,
                                   float *lowers, float *uppers) {
  const size_t length = vk_code_block_length(group_count);
  const float32x4_t none = vdupq_n_f32(__builtin_nanf(""));
  for (size_t b = 0; b < block_count; b++, lowers += LANES, uppers += LANES) {
    const unsigned lanes = live == NULL ? 0xFFFF : live[b];
    bounds found[4] = {{none, none}, {none, none}, {none, none}, {none, none}};
    if (lanes != 0) bound_block(blocks + b * length, group_count, query, found);
    for (int part = 0; part < 4; part++) {
      const uint32x4_t alive = lanes_of(lanes, part);
      vst1q_f32(lowers + 4 * part, vbslq_f32(alive, found[part].lower, none));
      vst1q_f32(uppers + 4 * part, vbslq_f32(alive, found[part].upper, none));
    }
  }
}

// The tile of `count` queries, a constant when this is inlined.
TARGET __attribute__((always_inline)) static inline size_t tile(
    const uint8_t *blocks, size_t block_count, size_t group_count, const vk_code_query *queries,
    const int count, const float *thresholds, vk_code_hit *hits) {
  const size_t length = vk_code_block_length(group_count);
  const uint32x4_t bits = {1, 2, 4, 8};
  const int8_t *planes[TILE];
  for (int q = 0; q < count; q++) planes[q] = queries[q].high;
  size_t found = 0;
  for (size_t b = 0; b < block_count; b++) {
    const uint8_t *block = blocks + b * length;
    const float *factors = (const float *)(const void *)(block + group_count * 64);
    int32x4_t totals[4 * TILE];
    multiply(block, group_count, planes, count, totals);
    for (int q = 0; q < count; q++) {
      const float32x4_t threshold = vdupq_n_f32(thresholds[q]);
      unsigned lanes = 0;
      for (int part = 0; part < 4; part++) {
        const float32x4_t d = scaled(queries[q].high_scale, totals[4 * q + part]);
        const bounds row = bound(factors + 4 * part, d, &queries[q]);
        const uint32x4_t reached = vcgeq_f32(row.upper, threshold);
        lanes |= vaddvq_u32(vandq_u32(reached, bits)) << (4 * part);
      }
      if (lanes != 0) hits[found++] = (vk_code_hit){(uint32_t)b, (uint16_t)q, (uint16_t)lanes};
    }
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
