// The oracle: the canonical score written down plainly. `fmaf` is one rounding on every machine.

#include <math.h>

#include "../Dispatch.h"

#pragma STDC FP_CONTRACT OFF

enum { LANES = 16 };

static float reduce(float lanes[LANES]) {
  for (size_t half = LANES / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; j++) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

void inner_product_f32_rows_scalar(const float *rows, size_t row_count, size_t dimension,
                                   const float *query, float *scores) {
  for (size_t i = 0; i < row_count; i++) {
    const float *row = rows + i * dimension;
    float lanes[LANES] = {0};
    for (size_t start = 0; start < dimension; start += LANES) {
      for (size_t j = 0; j < LANES; j++) {
        const bool inside = start + j < dimension;
        const float x = inside ? row[start + j] : 0, q = inside ? query[start + j] : 0;
        lanes[j] = fmaf(x, q, lanes[j]);
      }
    }
    scores[i] = reduce(lanes);
  }
}

void squared_distance_f32_rows_scalar(const float *rows, size_t row_count, size_t dimension,
                                      const float *query, float *distances) {
  for (size_t i = 0; i < row_count; i++) {
    const float *row = rows + i * dimension;
    float lanes[LANES] = {0};
    for (size_t start = 0; start < dimension; start += LANES) {
      for (size_t j = 0; j < LANES; j++) {
        const bool inside = start + j < dimension;
        const float difference = inside ? row[start + j] - query[start + j] : 0;
        lanes[j] = fmaf(difference, difference, lanes[j]);
      }
    }
    distances[i] = reduce(lanes);
  }
}

size_t select_at_least_f32_scalar(const float *scores, size_t count, float threshold,
                                  uint32_t *positions) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    if (scores[i] >= threshold) positions[found++] = (uint32_t)i;
  }
  return found;
}
