// The private half of the grammar: `<operation>_<instruction set>`.

#ifndef C_VECTOR_KERNELS_DISPATCH_H
#define C_VECTOR_KERNELS_DISPATCH_H

#include "CVectorKernels.h"

#if defined(__x86_64__)
#define VK_X86 1
#define VK_TARGET_AVX2 __attribute__((target("avx2,fma")))
#define VK_TARGET_AVX512 \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#define VK_TARGET_AVX512_VNNI \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define VK_TARGET_SSE42 __attribute__((target("sse4.2")))
#define VK_TARGET_SHA __attribute__((target("sha,sse4.1")))
#elif defined(__aarch64__)
// NEON itself is part of the base of this architecture.
#define VK_ARM 1
#define VK_TARGET_CRC __attribute__((target("crc")))
#define VK_TARGET_DOTPROD __attribute__((target("dotprod")))
#define VK_TARGET_SHA __attribute__((target("sha2")))
#endif

// The best set of this machine, or the wanted one (its name, or NULL) where the machine has it.
vk_instruction_set best_instruction_set(const char *wanted);

// Whether this machine has instructions for SHA-256, which no set implies.
bool supports_sha256(void);
extern const uint32_t sha256_constants[64];
void sha256_blocks_scalar(uint32_t state[8], const uint8_t *bytes, size_t block_count);
#if VK_X86 || VK_ARM
void sha256_blocks_hardware(uint32_t state[8], const uint8_t *bytes, size_t block_count);
#endif

// Bytes of a block of codes: the groups, then three factors for each lane.
static inline size_t vk_code_block_length(size_t group_count) {
  return group_count * VK_CODE_LANES * VK_CODE_GROUP + 3 * VK_CODE_LANES * sizeof(float);
}

// The kernels that gain from dot products of bytes: every set has its own.
#define VK_DECLARE_CODE_KERNELS(SET)                                                              \
  float code_plane_##SET(const float *vector, size_t dimension, int8_t *plane, float *rest);      \
  void bound_codes_##SET(const uint8_t *blocks, size_t block_count, size_t group_count,           \
                         const vk_code_query *query, const uint16_t *live, float *lowers,         \
                         float *uppers);                                                          \
  size_t tile_codes_##SET(const uint8_t *blocks, size_t block_count, size_t group_count,          \
                          const vk_code_query *queries, size_t query_count,                       \
                          const float *thresholds, vk_code_hit *hits);

// The kernels that do not: sets that differ by such products share them.
#define VK_DECLARE_KERNELS(SET)                                                                   \
  void inner_product_f32_rows_##SET(const float *rows, size_t row_count, size_t dimension,        \
                                    const float *query, float *scores);                           \
  void squared_distance_f32_rows_##SET(const float *rows, size_t row_count, size_t dimension,     \
                                       const float *query, float *distances);                     \
  size_t select_at_least_f32_##SET(const float *scores, size_t count, float threshold,            \
                                   uint32_t *positions);                                          \
  void add_bias_f32_rows_##SET(float *rows, size_t row_count, size_t dimension,                   \
                               const float *bias);                                                \
  void bias_gelu_f32_rows_##SET(float *rows, size_t row_count, size_t dimension,                  \
                                const float *bias);                                               \
  void softmax_f32_rows_##SET(float *rows, size_t row_count, size_t dimension, float scale);      \
  void bias_layer_norm_f32_rows_##SET(float *rows, size_t row_count, size_t dimension,            \
                                      const float *bias, const float *gain, const float *shift,   \
                                      float epsilon);

VK_DECLARE_KERNELS(scalar)
VK_DECLARE_CODE_KERNELS(scalar)
#if VK_X86
VK_DECLARE_KERNELS(avx2)
VK_DECLARE_CODE_KERNELS(avx2)
VK_DECLARE_KERNELS(avx512)
VK_DECLARE_CODE_KERNELS(avx512)
VK_DECLARE_CODE_KERNELS(avx512_vnni)
#elif VK_ARM
VK_DECLARE_KERNELS(neon)
VK_DECLARE_CODE_KERNELS(neon)
VK_DECLARE_CODE_KERNELS(neon_dotprod)
#endif

#endif
