// NEON. The sixteen lanes of the canonical score live in four registers; a last step of fewer than
// sixteen dimensions is taken on copies that are continued with zeros.
//
// One row after another, for the reasons given beside the AVX2 kernels; four chains of fused
// multiply-adds keep two of the usual two to four units busy within a row.

#include "../Dispatch.h"

#if VK_ARM

#include <arm_neon.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

typedef struct {
  float32x4_t part[4];
} lanes;

static inline float reduce(lanes sum) {
  const float32x4_t low = vaddq_f32(sum.part[0], sum.part[2]);   // 0…3 with 8…11
  const float32x4_t high = vaddq_f32(sum.part[1], sum.part[3]);  // 4…7 with 12…15
  const float32x4_t four = vaddq_f32(low, high);
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

// One step of one accumulator for each operation: the row, the query, the sum so far.
static inline float32x4_t step_inner_product(float32x4_t x, float32x4_t q, float32x4_t sum) {
  return vfmaq_f32(sum, x, q);
}

static inline float32x4_t step_squared_distance(float32x4_t x, float32x4_t q, float32x4_t sum) {
  const float32x4_t difference = vsubq_f32(x, q);
  return vfmaq_f32(sum, difference, difference);
}

#define DEFINE_ROWS(OPERATION)                                                              \
  static inline lanes OPERATION##_sixteen(const float *x, const float *q, lanes sum) {      \
    for (int part = 0; part < 4; part++)                                                    \
      sum.part[part] = step_##OPERATION(vld1q_f32(x + 4 * part), vld1q_f32(q + 4 * part),   \
                                        sum.part[part]);                                    \
    return sum;                                                                             \
  }                                                                                         \
  static inline float OPERATION##_row(const float *row, size_t dimension,                   \
                                      const float *query) {                                 \
    const float32x4_t zero = vdupq_n_f32(0);                                                \
    lanes sum = {{zero, zero, zero, zero}};                                                 \
    size_t start = 0;                                                                       \
    for (; start + 16 <= dimension; start += 16)                                            \
      sum = OPERATION##_sixteen(row + start, query + start, sum);                           \
    if (start < dimension) {                                                                \
      float x[16] = {0}, q[16] = {0};                                                       \
      memcpy(x, row + start, (dimension - start) * sizeof(float));                          \
      memcpy(q, query + start, (dimension - start) * sizeof(float));                        \
      sum = OPERATION##_sixteen(x, q, sum);                                                 \
    }                                                                                       \
    return reduce(sum);                                                                     \
  }                                                                                         \
  void OPERATION##_f32_rows_neon(const float *rows, size_t row_count, size_t dimension,     \
                                 const float *query, float *out) {                          \
    for (size_t i = 0; i < row_count; i++)                                                  \
      out[i] = OPERATION##_row(rows + i * dimension, dimension, query);                     \
  }

DEFINE_ROWS(inner_product)
DEFINE_ROWS(squared_distance)

size_t select_at_least_f32_neon(const float *scores, size_t count, float threshold,
                                uint32_t *positions) {
  const float32x4_t limit = vdupq_n_f32(threshold);
  const uint32x4_t bits = {1, 2, 4, 8};
  size_t found = 0, i = 0;
  for (; i + 4 <= count; i += 4) {
    const uint32x4_t reached = vcgeq_f32(vld1q_f32(scores + i), limit);
    unsigned set = vaddvq_u32(vandq_u32(reached, bits));
    while (set != 0) {
      positions[found++] = (uint32_t)(i + (size_t)__builtin_ctz(set));
      set &= set - 1;
    }
  }
  for (; i < count; i++) {
    if (scores[i] >= threshold) positions[found++] = (uint32_t)i;
  }
  return found;
}

#endif
