// The private half of the grammar: `<operation>_<instruction set>`.

#ifndef C_VECTOR_KERNELS_DISPATCH_H
#define C_VECTOR_KERNELS_DISPATCH_H

#include "CVectorKernels.h"

#if defined(__x86_64__)
#define VK_X86 1
#define VK_TARGET_AVX2 __attribute__((target("avx2,fma")))
#define VK_TARGET_SSE42 __attribute__((target("sse4.2")))
#endif

// Bytes of a block of codes: the groups, then three factors for each lane.
static inline size_t vk_code_block_length(size_t group_count) {
  return group_count * VK_CODE_LANES * VK_CODE_GROUP + 3 * VK_CODE_LANES * sizeof(float);
}

void inner_product_f32_rows_scalar(const float *rows, size_t row_count, size_t dimension,
                                   const float *query, float *scores);
void squared_distance_f32_rows_scalar(const float *rows, size_t row_count, size_t dimension,
                                      const float *query, float *distances);
size_t select_at_least_f32_scalar(const float *scores, size_t count, float threshold,
                                  uint32_t *positions);
float code_plane_scalar(const float *vector, size_t dimension, int8_t *plane, float *rest);
void bound_codes_scalar(const uint8_t *blocks, size_t block_count, size_t group_count,
                        const vk_code_query *query, const uint16_t *live, float *lowers,
                        float *uppers);
size_t tile_codes_scalar(const uint8_t *blocks, size_t block_count, size_t group_count,
                         const vk_code_query *queries, size_t query_count,
                         const float *thresholds, vk_code_hit *hits);
void add_bias_f32_rows_scalar(float *rows, size_t row_count, size_t dimension,
                              const float *bias);
void bias_gelu_f32_rows_scalar(float *rows, size_t row_count, size_t dimension,
                               const float *bias);
void softmax_f32_rows_scalar(float *rows, size_t row_count, size_t dimension, float scale);
void bias_layer_norm_f32_rows_scalar(float *rows, size_t row_count, size_t dimension,
                                     const float *bias, const float *gain, const float *shift,
                                     float epsilon);

#if VK_X86
void inner_product_f32_rows_avx2(const float *rows, size_t row_count, size_t dimension,
                                 const float *query, float *scores);
void squared_distance_f32_rows_avx2(const float *rows, size_t row_count, size_t dimension,
                                    const float *query, float *distances);
size_t select_at_least_f32_avx2(const float *scores, size_t count, float threshold,
                                uint32_t *positions);
float code_plane_avx2(const float *vector, size_t dimension, int8_t *plane, float *rest);
void bound_codes_avx2(const uint8_t *blocks, size_t block_count, size_t group_count,
                        const vk_code_query *query, const uint16_t *live, float *lowers,
                        float *uppers);
size_t tile_codes_avx2(const uint8_t *blocks, size_t block_count, size_t group_count,
                         const vk_code_query *queries, size_t query_count,
                         const float *thresholds, vk_code_hit *hits);
void add_bias_f32_rows_avx2(float *rows, size_t row_count, size_t dimension,
                            const float *bias);
void bias_gelu_f32_rows_avx2(float *rows, size_t row_count, size_t dimension,
                             const float *bias);
void softmax_f32_rows_avx2(float *rows, size_t row_count, size_t dimension, float scale);
void bias_layer_norm_f32_rows_avx2(float *rows, size_t row_count, size_t dimension,
                                   const float *bias, const float *gain, const float *shift,
                                   float epsilon);
#endif

#endif
