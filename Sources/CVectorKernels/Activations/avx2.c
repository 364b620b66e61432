// AVX2 + FMA. Eight elements at a time; a last step of fewer reads and writes through a mask.
//
// exp: x = n ln 2 + r with |r| <= ln 2 / 2, the Taylor polynomial of degree 7 for e^r (its
// remainder, r^8 / 8!, is below a tenth of a rounding) and n put into the exponent. Arguments are
// at most 0 here and are held above -87, where 2^n is still a normal number: what is smaller counts
// as 1e-38.
//
// erfc: Abramowitz and Stegun 7.1.26, absolute error 1.5e-7, one division and one exp. Taking erfc
// of |x| and mirroring it avoids the cancellation of 1 + erf(x) for negative x.

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>
#include <math.h>

VK_TARGET_AVX2 static inline __m256i mask_of(size_t rest) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)rest), lanes);
}

VK_TARGET_AVX2 static inline float sum_of(__m256 eight) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

VK_TARGET_AVX2 static inline float largest_of(__m256 eight) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// e^x for x <= 0.
VK_TARGET_AVX2 static inline __m256 exp_of(__m256 x) {
  // The operand order keeps a NaN: max returns its second operand when one is not a number.
  x = _mm256_max_ps(_mm256_set1_ps(-87.0f), x);
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts: the first has few enough bits that n times it is exact.
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.62e4p-1f), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.7f7d1cp-20f), r);
  __m256 y = _mm256_set1_ps(1.0f / 5040);
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f / 720));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f / 120));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f / 24));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f / 6));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(0.5f));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f));
  const __m256i exponent = _mm256_slli_epi32(
      _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(y, _mm256_castsi256_ps(exponent));
}

// x Φ(x), where Φ(x) = erfc(-x / √2) / 2.
VK_TARGET_AVX2 static inline __m256 gelu_of(__m256 x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  const __m256 z = _mm256_mul_ps(_mm256_andnot_ps(sign, x), _mm256_set1_ps(0.70710678f));
  const __m256 one = _mm256_set1_ps(1.0f);
  const __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(z, _mm256_set1_ps(0.3275911f), one));
  __m256 y = _mm256_set1_ps(1.061405429f);
  y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(-1.453152027f));
  y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(1.421413741f));
  y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(-0.284496736f));
  y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(0.254829592f));
  y = _mm256_mul_ps(_mm256_mul_ps(y, t), exp_of(_mm256_fnmadd_ps(z, z, _mm256_setzero_ps())));
  const __m256 half = _mm256_mul_ps(y, _mm256_set1_ps(0.5f));
  const __m256 phi = _mm256_blendv_ps(_mm256_sub_ps(one, half), half, x);
  return _mm256_mul_ps(x, phi);
}

// Runs BODY for each group of eight elements of a row: `x` is read before and written after.
#define FOR_EACH_EIGHT(row, dimension, BODY)               \
  do {                                                     \
    size_t j = 0;                                          \
    for (; j + 8 <= (dimension); j += 8) {                 \
      __m256 x = _mm256_loadu_ps((row) + j);               \
      BODY(_mm256_loadu_ps)                                \
      _mm256_storeu_ps((row) + j, x);                      \
    }                                                      \
    if (j < (dimension)) {                                 \
      const __m256i mask = mask_of((dimension) - j);       \
      __m256 x = _mm256_maskload_ps((row) + j, mask);      \
      BODY(LOAD_MASKED)                                    \
      _mm256_maskstore_ps((row) + j, mask, x);             \
    }                                                      \
  } while (0)
#define LOAD_MASKED(address) _mm256_maskload_ps(address, mask)

VK_TARGET_AVX2 void add_bias_f32_rows_avx2(float *rows, size_t row_count, size_t dimension,
                                           const float *bias) {
#define BODY(LOAD) x = _mm256_add_ps(x, LOAD(bias + j));
  for (size_t i = 0; i < row_count; i++) FOR_EACH_EIGHT(rows + i * dimension, dimension, BODY);
#undef BODY
}

VK_TARGET_AVX2 void bias_gelu_f32_rows_avx2(float *rows, size_t row_count, size_t dimension,
                                            const float *bias) {
#define BODY(LOAD) x = gelu_of(_mm256_add_ps(x, LOAD(bias + j)));
  for (size_t i = 0; i < row_count; i++) FOR_EACH_EIGHT(rows + i * dimension, dimension, BODY);
#undef BODY
}

VK_TARGET_AVX2 void softmax_f32_rows_avx2(float *rows, size_t row_count, size_t dimension,
                                          float scale) {
  const size_t rest = dimension % 8, whole = dimension - rest;
  const __m256i mask = mask_of(rest);
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    __m256 most = _mm256_set1_ps(row[0]);
    for (size_t j = 0; j < whole; j += 8) most = _mm256_max_ps(most, _mm256_loadu_ps(row + j));
    float largest = largest_of(most);
    for (size_t j = whole; j < dimension; j++) largest = row[j] > largest ? row[j] : largest;
    const __m256 top = _mm256_set1_ps(largest), factor = _mm256_set1_ps(scale);
    __m256 sum = _mm256_setzero_ps();
    for (size_t j = 0; j < whole; j += 8) {
      const __m256 y = exp_of(
          _mm256_mul_ps(factor, _mm256_sub_ps(_mm256_loadu_ps(row + j), top)));
      _mm256_storeu_ps(row + j, y);
      sum = _mm256_add_ps(sum, y);
    }
    if (rest > 0) {
      const __m256 x = _mm256_sub_ps(_mm256_maskload_ps(row + whole, mask), top);
      // The lanes beyond the row are the exponentials of -largest: they are cleared.
      const __m256 y = _mm256_and_ps(
          exp_of(_mm256_mul_ps(factor, _mm256_and_ps(x, _mm256_castsi256_ps(mask)))),
          _mm256_castsi256_ps(mask));
      _mm256_maskstore_ps(row + whole, mask, y);
      sum = _mm256_add_ps(sum, y);
    }
    const __m256 inverse = _mm256_set1_ps(1 / sum_of(sum));
#define BODY(LOAD) x = _mm256_mul_ps(x, inverse);
    FOR_EACH_EIGHT(row, dimension, BODY);
#undef BODY
  }
}

VK_TARGET_AVX2 void bias_layer_norm_f32_rows_avx2(float *rows, size_t row_count, size_t dimension,
                                                  const float *bias, const float *gain,
                                                  const float *shift, float epsilon) {
  const size_t rest = dimension % 8, whole = dimension - rest;
  const __m256i mask = mask_of(rest);
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    __m256 sum = _mm256_setzero_ps();
#define BODY(LOAD)                          \
  x = _mm256_add_ps(x, LOAD(bias + j));     \
  sum = _mm256_add_ps(sum, x);
    FOR_EACH_EIGHT(row, dimension, BODY);
#undef BODY
    const __m256 mean = _mm256_set1_ps(sum_of(sum) / (float)dimension);
    __m256 squares = _mm256_setzero_ps();
    for (size_t j = 0; j < whole; j += 8) {
      const __m256 d = _mm256_sub_ps(_mm256_loadu_ps(row + j), mean);
      squares = _mm256_fmadd_ps(d, d, squares);
    }
    if (rest > 0) {
      const __m256 d = _mm256_and_ps(_mm256_sub_ps(_mm256_maskload_ps(row + whole, mask), mean),
                                     _mm256_castsi256_ps(mask));
      squares = _mm256_fmadd_ps(d, d, squares);
    }
    const __m256 inverse =
        _mm256_set1_ps(1 / sqrtf(sum_of(squares) / (float)dimension + epsilon));
#define BODY(LOAD)                                              \
  x = _mm256_mul_ps(_mm256_sub_ps(x, mean), inverse);           \
  x = _mm256_fmadd_ps(x, LOAD(gain + j), LOAD(shift + j));
    FOR_EACH_EIGHT(row, dimension, BODY);
#undef BODY
  }
}

#endif
