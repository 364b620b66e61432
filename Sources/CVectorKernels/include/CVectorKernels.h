// The kernels of Recollect: scores of blocks of rows, selection, checksums, the elementwise parts
// of a transformer, and the BLAS shim.
//
// Every function is total over the domain its comment states; sizes are checked by the Swift side
// (`VectorKernels`), this side trusts them. Nothing here allocates, and the only state is the
// instruction set that was detected.
//
// The canonical fp32 score. All final scores of the engine come from the two `..._f32_rows`
// functions below, which are equal bit for bit on every instruction set:
//   * sixteen accumulators, all starting at +0; lane j sums the dimensions congruent to j modulo 16,
//     in ascending order, by explicit fused multiply-add;
//   * the row and the query are continued with zeros up to a multiple of sixteen dimensions;
//   * the lanes are added as a fixed tree: j with j+8, then j with j+4, j+2, j+1;
//   * nothing else is contracted, and nothing is flushed to zero.

#ifndef C_VECTOR_KERNELS_H
#define C_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The instruction sets that a kernel can be asked for. `scalar` is the oracle of the others.
typedef enum __attribute__((enum_extensibility(closed))) vk_instruction_set : int32_t {
  vk_instruction_set_scalar = 0,
  vk_instruction_set_avx2 = 1,  // AVX2 with FMA
} vk_instruction_set;

// Whether this machine can run kernels of the given set.
bool vk_supports(vk_instruction_set set);

// The best set this machine can run. The environment variable RECOLLECT_INSTRUCTION_SET
// (`scalar`, `avx2`), read once, names another one; a set the machine lacks is passed over.
vk_instruction_set vk_detected_instruction_set(void);

// scores[i] = canonical inner product of row i and the query, for 0 <= i < row_count.
// `rows` is row_count x dimension, row-major, without gaps. dimension >= 1. No overlap.
void vk_inner_product_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                               size_t dimension, const float *query, float *scores);

// distances[i] = canonical sum of squared differences of row i and the query. Shapes as above.
void vk_squared_distance_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                                  size_t dimension, const float *query, float *distances);

// Writes the positions of all scores >= threshold to `positions`, ascending, and returns how many.
// `positions` has room for `count` entries. A NaN is never selected. count < 2^32.
size_t vk_select_at_least_f32(vk_instruction_set set, const float *scores, size_t count,
                              float threshold, uint32_t *positions);

// Sum of squares in fp64, in ascending order over four interleaved accumulators.
// Infinite or NaN exactly when some element is.
double vk_squared_norm_f64(const float *row, size_t dimension);

// CRC-32C (Castagnoli, reflected, 0x82F63B78) of `bytes`, continuing from `crc` (0 at the start).
uint32_t vk_crc32c(vk_instruction_set set, uint32_t crc, const uint8_t *bytes, size_t count);

// The elementwise parts of a transformer, in place, on `rows`: row_count x dimension, row-major,
// without gaps, dimension >= 1. Unlike scores they are accurate but not equal bit for bit: the sets
// agree to about 1e-6 of the result, erf to 1e-6 absolute. A `bias`, `gain` or `shift` is one row.

// x = x + bias.
void vk_add_bias_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                          const float *bias);

// x = gelu(x + bias), gelu(x) = x (1 + erf(x / sqrt 2)) / 2.
void vk_bias_gelu_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                           const float *bias);

// Each row becomes softmax(scale * row). scale > 0; all elements are finite.
void vk_softmax_f32_rows(vk_instruction_set set, float *rows, size_t row_count, size_t dimension,
                         float scale);

// y = x + bias; x = (y - mean(y)) / sqrt(variance(y) + epsilon) * gain + shift.
void vk_bias_layer_norm_f32_rows(vk_instruction_set set, float *rows, size_t row_count,
                                 size_t dimension, const float *bias, const float *gain,
                                 const float *shift, float epsilon);

// Continues a SHA-256 with block_count blocks of 64 bytes; padding is the caller's.
void vk_sha256_blocks(uint32_t state[8], const uint8_t *bytes, size_t block_count);

// c = alpha * op(a) * op(b) + beta * c, all row-major, through the platform's BLAS on one thread.
// op(a) is m x k, op(b) is k x n, c is m x n; `transpose_x` says that x is stored transposed;
// ld* are the distances between the starts of stored rows, in elements.
void vk_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
              const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
              size_t ldc);

#endif
