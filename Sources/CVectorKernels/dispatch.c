#include "Dispatch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

bool vk_supports(vk_instruction_set set) {
  switch (set) {
    case vk_instruction_set_scalar:
      return true;
    case vk_instruction_set_avx2:
#if VK_X86
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
      return false;
#endif
  }
}

static vk_instruction_set detect(void) {
  const char *wanted = getenv("RECOLLECT_INSTRUCTION_SET");
  if (wanted != NULL && strcmp(wanted, "scalar") == 0) return vk_instruction_set_scalar;
  return vk_supports(vk_instruction_set_avx2) ? vk_instruction_set_avx2
                                              : vk_instruction_set_scalar;
}

vk_instruction_set vk_detected_instruction_set(void) {
  // -1: not yet looked. Several threads may look at once; they all find the same.
  static _Atomic int32_t detected = -1;
  int32_t set = atomic_load_explicit(&detected, memory_order_relaxed);
  if (set < 0) {
    set = (int32_t)detect();
    atomic_store_explicit(&detected, set, memory_order_relaxed);
  }
  return (vk_instruction_set)set;
}

#if VK_X86
#define DISPATCH(set, call_avx2, call_scalar)     \
  do {                                            \
    switch (set) {                                \
      case vk_instruction_set_avx2: call_avx2;    \
      case vk_instruction_set_scalar: call_scalar; \
    }                                             \
  } while (0)
#else
#define DISPATCH(set, call_avx2, call_scalar) \
  do {                                        \
    (void)(set);                              \
    call_scalar;                              \
  } while (0)
#endif

void vk_inner_product_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                               size_t dimension, const float *query, float *scores) {
  DISPATCH(set, return inner_product_f32_rows_avx2(rows, row_count, dimension, query, scores),
           return inner_product_f32_rows_scalar(rows, row_count, dimension, query, scores));
}

void vk_squared_distance_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                                  size_t dimension, const float *query, float *distances) {
  DISPATCH(set,
           return squared_distance_f32_rows_avx2(rows, row_count, dimension, query, distances),
           return squared_distance_f32_rows_scalar(rows, row_count, dimension, query, distances));
}

size_t vk_select_at_least_f32(vk_instruction_set set, const float *scores, size_t count,
                              float threshold, uint32_t *positions) {
  DISPATCH(set, return select_at_least_f32_avx2(scores, count, threshold, positions),
           return select_at_least_f32_scalar(scores, count, threshold, positions));
}

float vk_code_plane(vk_instruction_set set, const float *vector, size_t dimension, int8_t *plane,
                    float *rest) {
  DISPATCH(set, return code_plane_avx2(vector, dimension, plane, rest),
           return code_plane_scalar(vector, dimension, plane, rest));
}

void vk_bound_codes(vk_instruction_set set, const uint8_t *blocks, size_t block_count,
                    size_t group_count, const vk_code_query *query, const uint16_t *live,
                    float *lowers, float *uppers) {
  DISPATCH(
      set,
      return bound_codes_avx2(blocks, block_count, group_count, query, live, lowers, uppers),
      return bound_codes_scalar(blocks, block_count, group_count, query, live, lowers, uppers));
}

size_t vk_tile_codes(vk_instruction_set set, const uint8_t *blocks, size_t block_count,
                     size_t group_count, const vk_code_query *queries, size_t query_count,
                     const float *thresholds, vk_code_hit *hits) {
  DISPATCH(set,
           return tile_codes_avx2(blocks, block_count, group_count, queries, query_count,
                                  thresholds, hits),
           return tile_codes_scalar(blocks, block_count, group_count, queries, query_count,
                                    thresholds, hits));
}

void vk_add_bias_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                          const float *bias) {
  DISPATCH(set, return add_bias_f32_rows_avx2(rows, row_count, dimension, bias),
           return add_bias_f32_rows_scalar(rows, row_count, dimension, bias));
}

void vk_bias_gelu_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                           const float *bias) {
  DISPATCH(set, return bias_gelu_f32_rows_avx2(rows, row_count, dimension, bias),
           return bias_gelu_f32_rows_scalar(rows, row_count, dimension, bias));
}

void vk_softmax_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                         float scale) {
  DISPATCH(set, return softmax_f32_rows_avx2(rows, row_count, dimension, scale),
           return softmax_f32_rows_scalar(rows, row_count, dimension, scale));
}

void vk_bias_layer_norm_f32_rows(vk_instruction_set set, float *rows, size_t row_count,
                                 size_t dimension, const float *bias, const float *gain,
                                 const float *shift, float epsilon) {
  DISPATCH(set,
           return bias_layer_norm_f32_rows_avx2(rows, row_count, dimension, bias, gain, shift,
                                                epsilon),
           return bias_layer_norm_f32_rows_scalar(rows, row_count, dimension, bias, gain, shift,
                                                  epsilon));
}
