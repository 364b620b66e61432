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
//   * nothing else is contracted, and nothing is flushed to zero: the calling thread must not have
//     switched that on, as programs linked with "fast math" do.

#ifndef C_VECTOR_KERNELS_H
#define C_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The instruction sets that a kernel can be asked for. `scalar` is the oracle of the others.
typedef enum __attribute__((enum_extensibility(closed))) vk_instruction_set : int32_t {
  vk_instruction_set_scalar = 0,
  vk_instruction_set_avx2 = 1,          // AVX2 with FMA
  vk_instruction_set_avx512 = 2,        // AVX-512 F, BW, DQ and VL
  vk_instruction_set_avx512_vnni = 3,   // the same with dot products of bytes
  vk_instruction_set_neon = 4,          // NEON with CRC32
  vk_instruction_set_neon_dotprod = 5,  // the same with dot products of bytes
} vk_instruction_set;

// Whether this machine can run kernels of the given set.
bool vk_supports(vk_instruction_set set);

// The name of a set: what follows `vk_instruction_set_` above.
const char *vk_name(vk_instruction_set set);

// The best set this machine can run. The environment variable RECOLLECT_INSTRUCTION_SET, read once,
// names another one; a set the machine lacks is passed over.
vk_instruction_set vk_detected_instruction_set(void);

// scores[i] = canonical inner product of row i and the query, for 0 <= i < row_count.
// `rows` is row_count x dimension, row-major, without gaps. dimension >= 1. No overlap.
void vk_inner_product_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                               size_t dimension, const float *query, float *scores);

// distances[i] = canonical sum of squared differences of row i and the query. Shapes as above.
void vk_squared_distance_f32_rows(vk_instruction_set set, const float *rows, size_t row_count,
                                  size_t dimension, const float *query, float *distances);

// Codes: rows of one byte a dimension, in blocks of sixteen rows (lanes).
//
// A block is group_count x [16 lanes][4 dimensions] bytes, where a group is four dimensions (those
// beyond the last are 0), then for each lane three factors: 16 scales, 16 errors, 16 norms, all
// float. A byte is the code c plus 128, c in -127...127. Of a row x they say
//   |x - scale * c| <= error,  |x| <= norm <= |x| (1 + 2^-22),  |scale * c| <= norm (1 + 2^-19),
// with |.| the Euclidean norm. Blocks begin at multiples of 64 bytes.
enum {
  VK_CODE_LANES = 16,
  VK_CODE_GROUP = 4,
  VK_CODE_WINDOW = 8,  // groups whose products some sets add up in sixteen bits
  VK_CODE_TILE = 6,    // queries of a tile, at most
};

// Writes one row into a lane of a block and leaves the other lanes as they are. The squared norm of
// the row is at most 1e30.
void vk_encode_row(const float *row, size_t dimension, uint8_t *block, size_t lane);

// Whether kernels of the set multiply codes with any bytes. The others add products up in sixteen
// bits and only multiply with planes that were made for them, or for another of their kind.
bool vk_takes_whole_bytes(vk_instruction_set set);

// plane[j] = round(vector[j] / scale), zeros up to a multiple of four, and rest = vector - scale *
// plane, each element to the nearest float; it may lie where the vector does. Returns the scale,
// which is 0, like the plane, for a vector that is too short. Where the set takes whole bytes, the
// largest element becomes 127. Elsewhere, in each window of VK_CODE_WINDOW groups, the positive
// elements of the plane at dimensions 0 and 1 modulo 4 add up to at most 128, and so do those at 2
// and 3, and the negative ones: so a sum of their products with bytes never leaves sixteen bits.
float vk_code_plane(vk_instruction_set set, const float *vector, size_t dimension, int8_t *plane,
                    float *rest);

// The sum of a plane's elements.
int32_t vk_code_plane_sum(const int8_t *plane, size_t count);

// A query as codes are compared with it: one plane or two, and the factors of the bounds. With
// d = scale * <c, high> + low_scale * <c, low> for the codes c of a row,
//   estimate = constant + row_scale * d - norm_weight * norm^2
//   margin = error * error_factor + norm * (norm * square_factor + norm_factor) + slack
// and the bounds are estimate -/+ margin, in fp32 by these operations in this order, with fused
// multiply-adds.
typedef struct vk_code_query {
  const int8_t *high;
  const int8_t *low;  // none: one plane
  float high_scale, low_scale;
  int32_t high_sum, low_sum;  // of the plane's elements
  float constant, norm_weight;
  float error_factor, norm_factor, square_factor, slack;
} vk_code_query;

// lowers[16 b + lane] and uppers[...] = the bounds of the rows of block b. Lanes that are not set in
// live[b] become NaN; without `live` all are set. Blocks without a set lane are not read.
void vk_bound_codes(vk_instruction_set set, const uint8_t *blocks, size_t block_count,
                    size_t group_count, const vk_code_query *query, const uint16_t *live,
                    float *lowers, float *uppers);

// Rows of a block that can reach the threshold of a query.
typedef struct vk_code_hit {
  uint32_t block;
  uint16_t query, lanes;
} vk_code_hit;

// Finds for each block and each of at most VK_CODE_TILE queries of one plane the lanes whose upper
// bound is >= thresholds[query], set in `live` or not. Writes the hits by block, then query, and
// returns how many there are; there is room for block_count * query_count.
size_t vk_tile_codes(vk_instruction_set set, const uint8_t *blocks, size_t block_count,
                     size_t group_count, const vk_code_query *queries, size_t query_count,
                     const float *thresholds, vk_code_hit *hits);

// Looks once more at what was found by prefixes: keeps of each hit the lanes whose upper bound by the
// codes of `blocks` is >= thresholds[query], and of the hits those that keep any. `hits` are sorted by
// block, at most VK_CODE_TILE of one block, each of another query. Returns how many are left.
size_t vk_narrow_hits(vk_instruction_set set, const uint8_t *blocks, size_t group_count,
                      const vk_code_query *queries, const float *thresholds, vk_code_hit *hits,
                      size_t hit_count);

// Writes the positions of all scores >= threshold to `positions`, ascending, and returns how many.
// `positions` has room for `count` entries. A NaN is never selected. count < 2^32.
size_t vk_select_at_least_f32(vk_instruction_set set, const float *scores, size_t count,
                              float threshold, uint32_t *positions);

// Sum of squares in fp64, in ascending order over sixteen interleaved accumulators.
// Infinite or NaN exactly when some element is.
double vk_squared_norm_f64(const float *row, size_t dimension);

// quotients[j] = row[j] / divisor, divided in fp64 and rounded once. No overlap.
void vk_divide_f32(const float *row, size_t dimension, double divisor, float *quotients);

// Asks for memory that will be read soon. Any address will do.
static inline void vk_expect(const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i += 64) __builtin_prefetch((const char *)bytes + i);
}

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

// Continues a SHA-256 with block_count blocks of 64 bytes; padding is the caller's. Sets other than
// `scalar` use the machine's instructions for it, where it has some.
void vk_sha256_blocks(vk_instruction_set set, uint32_t state[8], const uint8_t *bytes,
                      size_t block_count);

// c = alpha * op(a) * op(b) + beta * c, all row-major, through the platform's BLAS on one thread.
// op(a) is m x k, op(b) is k x n, c is m x n; `transpose_x` says that x is stored transposed;
// ld* are the distances between the starts of stored rows, in elements.
void vk_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
              const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
              size_t ldc);

#endif
