// The public entries: the kernel of the set that the caller names.

#include "Dispatch.h"

// DISPATCH_CODES is for kernels of which each set has its own, DISPATCH for those that sets which
// differ by dot products of bytes share.
#if VK_X86
#define DISPATCH_CODES(set, operation, ...)                                             \
  do {                                                                                  \
    switch (set) {                                                                      \
      case vk_instruction_set_avx512_vnni: return operation##_avx512_vnni(__VA_ARGS__); \
      case vk_instruction_set_avx512: return operation##_avx512(__VA_ARGS__);           \
      case vk_instruction_set_avx2: return operation##_avx2(__VA_ARGS__);               \
      default: return operation##_scalar(__VA_ARGS__);                                  \
    }                                                                                   \
  } while (0)
#define DISPATCH(set, operation, ...)                                         \
  do {                                                                        \
    switch (set) {                                                            \
      case vk_instruction_set_avx512_vnni:                                    \
      case vk_instruction_set_avx512: return operation##_avx512(__VA_ARGS__); \
      case vk_instruction_set_avx2: return operation##_avx2(__VA_ARGS__);     \
      default: return operation##_scalar(__VA_ARGS__);                        \
    }                                                                         \
  } while (0)
#elif VK_ARM
#define DISPATCH_CODES(set, operation, ...)                                               \
  do {                                                                                    \
    switch (set) {                                                                        \
      case vk_instruction_set_neon_dotprod: return operation##_neon_dotprod(__VA_ARGS__); \
      case vk_instruction_set_neon: return operation##_neon(__VA_ARGS__);                 \
      default: return operation##_scalar(__VA_ARGS__);                                    \
    }                                                                                     \
  } while (0)
#define DISPATCH(set, operation, ...)                                     \
  do {                                                                    \
    switch (set) {                                                        \
      case vk_instruction_set_neon_dotprod:                               \
      case vk_instruction_set_neon: return operation##_neon(__VA_ARGS__); \
      default: return operation##_scalar(__VA_ARGS__);                    \
    }                                                                     \
  } while (0)
#else
#define DISPATCH_CODES(set, operation, ...) \
  do {                                      \
    (void)(set);                            \
    return operation##_scalar(__VA_ARGS__); \
  } while (0)
#define DISPATCH DISPATCH_CODES
#endif

void vk_inner_product_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                               size_t dimension, const float *query, float *scores) {
  DISPATCH(set, inner_product_f32_rows, rows, row_count, dimension, query, scores);
}

void vk_squared_distance_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                                  size_t dimension, const float *query, float *distances) {
  DISPATCH(set, squared_distance_f32_rows, rows, row_count, dimension, query, distances);
}

size_t vk_select_at_least_f32(vk_instruction_set set, const float *scores, size_t count,
                              float threshold, uint32_t *positions) {
  DISPATCH(set, select_at_least_f32, scores, count, threshold, positions);
}

float vk_code_plane(vk_instruction_set set, const float *vector, size_t dimension, int8_t *plane,
                    float *rest) {
  DISPATCH_CODES(set, code_plane, vector, dimension, plane, rest);
}

void vk_bound_codes(vk_instruction_set set, const uint8_t *blocks, size_t block_count,
                    size_t group_count, const vk_code_query *query, const uint16_t *live,
                    float *lowers, float *uppers) {
  DISPATCH_CODES(set, bound_codes, blocks, block_count, group_count, query, live, lowers, uppers);
}

size_t vk_tile_codes(vk_instruction_set set, const uint8_t *blocks, size_t block_count,
                     size_t group_count, const vk_code_query *queries, size_t query_count,
                     const float *thresholds, vk_code_hit *hits) {
  DISPATCH_CODES(set, tile_codes, blocks, block_count, group_count, queries, query_count,
                 thresholds, hits);
}

void vk_add_bias_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                          const float *bias) {
  DISPATCH(set, add_bias_f32_rows, rows, row_count, dimension, bias);
}

void vk_bias_gelu_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                           const float *bias) {
  DISPATCH(set, bias_gelu_f32_rows, rows, row_count, dimension, bias);
}

void vk_softmax_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                         float scale) {
  DISPATCH(set, softmax_f32_rows, rows, row_count, dimension, scale);
}

void vk_bias_layer_norm_f32_rows(vk_instruction_set set, float *rows, size_t row_count,
                                 size_t dimension, const float *bias, const float *gain,
                                 const float *shift, float epsilon) {
  DISPATCH(set, bias_layer_norm_f32_rows, rows, row_count, dimension, bias, gain, shift, epsilon);
}

void vk_sha256_blocks(vk_instruction_set set, uint32_t state[8], const uint8_t *bytes,
                      size_t block_count) {
#if VK_X86 || VK_ARM
  if (set != vk_instruction_set_scalar && supports_sha256())
    return sha256_blocks_hardware(state, bytes, block_count);
#else
  (void)set;
#endif
  sha256_blocks_scalar(state, bytes, block_count);
}
