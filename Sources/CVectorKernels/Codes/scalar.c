// The oracle of the bounds, written down plainly.

#include <math.h>

#include "../Dispatch.h"

#pragma STDC FP_CONTRACT OFF

enum { LANES = VK_CODE_LANES, GROUP = VK_CODE_GROUP };

static int32_t product(const uint8_t *codes, size_t group_count, size_t lane, const int8_t *plane) {
  int32_t sum = 0;
  for (size_t g = 0; g < group_count; g++) {
    for (size_t j = 0; j < GROUP; j++) {
      const int32_t code = (int32_t)codes[(g * LANES + lane) * GROUP + j] - 128;
      sum += code * plane[g * GROUP + j];
    }
  }
  return sum;
}

typedef struct {
  float lower, upper;
} bounds;

static bounds bound(const uint8_t *block, size_t group_count, size_t lane,
                    const vk_code_query *query) {
  const float *factors = (const float *)(const void *)(block + group_count * LANES * GROUP);
  const float scale = factors[lane], error = factors[LANES + lane], norm = factors[2 * LANES + lane];
  float d = query->high_scale * (float)product(block, group_count, lane, query->high);
  if (query->low != NULL) {
    d = fmaf(query->low_scale, (float)product(block, group_count, lane, query->low), d);
  }
  const float estimate =
      fmaf(-query->norm_weight * norm, norm, fmaf(scale, d, query->constant));
  const float of_norm = fmaf(norm, query->square_factor, query->norm_factor);
  const float margin = fmaf(error, query->error_factor, fmaf(norm, of_norm, query->slack));
  return (bounds){estimate - margin, estimate + margin};
}

void bound_codes_scalar(const uint8_t *blocks, size_t block_count, size_t group_count,
                        const vk_code_query *query, const uint16_t *live, float *lowers,
                        float *uppers) {
  const size_t length = vk_code_block_length(group_count);
  for (size_t b = 0; b < block_count; b++) {
    for (size_t lane = 0; lane < LANES; lane++) {
      const bool is_live = live == NULL || (live[b] >> lane & 1) != 0;
      const bounds found =
          is_live ? bound(blocks + b * length, group_count, lane, query) : (bounds){NAN, NAN};
      lowers[b * LANES + lane] = found.lower;
      uppers[b * LANES + lane] = found.upper;
    }
  }
}

size_t tile_codes_scalar(const uint8_t *blocks, size_t block_count, size_t group_count,
                         const vk_code_query *queries, size_t query_count,
                         const float *thresholds, vk_code_hit *hits) {
  const size_t length = vk_code_block_length(group_count);
  size_t found = 0;
  for (size_t b = 0; b < block_count; b++) {
    for (size_t q = 0; q < query_count; q++) {
      unsigned lanes = 0;
      for (size_t lane = 0; lane < LANES; lane++) {
        const bounds row = bound(blocks + b * length, group_count, lane, &queries[q]);
        if (row.upper >= thresholds[q]) lanes |= 1u << lane;
      }
      if (lanes != 0) hits[found++] = (vk_code_hit){(uint32_t)b, (uint16_t)q, (uint16_t)lanes};
    }
  }
  return found;
}
