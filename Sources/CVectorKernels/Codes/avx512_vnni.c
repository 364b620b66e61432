// AVX-512 VNNI: `vpdpbusd` multiplies the 64 bytes of a group with a plane's four elements and adds
// the products up for each of the sixteen lanes, in 32 bits, without rounding or saturation.
//
// The instruction takes four to five cycles and one or two begin in each, so one block has two sums
// for each plane, which take turns over the groups. A tile is two blocks × up to six queries: twelve
// sums, two registers of rows, one of a query; eight loads for twelve products, as Zen 4 begins one
// of each in a cycle.

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>

#define SET avx512_vnni
#define TARGET VK_TARGET_AVX512_VNNI

TARGET static inline __m512i broadcast(const int8_t *plane, size_t group) {
  int32_t four;
  __builtin_memcpy(&four, plane + 4 * group, sizeof four);
  return _mm512_set1_epi32(four);
}

// One group, as a term of the sum number `chain` of each plane.
#define ADD_GROUP(group, chain)                                                       \
  do {                                                                                \
    const __m512i x = _mm512_loadu_si512(codes + 64 * (group));                       \
    _Pragma("unroll") for (int p = 0; p < count; p++) sums[p][chain] =                \
        _mm512_dpbusd_epi32(sums[p][chain], x, broadcast(planes[p], group));          \
  } while (0)

TARGET __attribute__((always_inline)) static inline void multiply(
    const uint8_t *codes, size_t group_count, const int8_t *const *planes, const int count,
    __m512i *totals) {
  enum { CHAINS = 2 };
  __m512i sums[VK_CODE_TILE][CHAINS];
#pragma unroll
  for (int p = 0; p < count; p++) sums[p][0] = sums[p][1] = _mm512_setzero_si512();
  size_t g = 0;
  for (; g + CHAINS <= group_count; g += CHAINS) {
    ADD_GROUP(g, 0);
    ADD_GROUP(g + 1, 1);
  }
  if (g < group_count) ADD_GROUP(g, 0);
#pragma unroll
  for (int p = 0; p < count; p++) totals[p] = _mm512_add_epi32(sums[p][0], sums[p][1]);
}

TARGET __attribute__((always_inline)) static inline void multiply_pair(
    const uint8_t *codes, size_t length, size_t group_count, const int8_t *const *planes,
    const int count, __m512i *totals) {
  __m512i sums[2 * VK_CODE_TILE];
#pragma unroll
  for (int p = 0; p < 2 * count; p++) sums[p] = _mm512_setzero_si512();
  for (size_t g = 0; g < group_count; g++) {
    const __m512i first = _mm512_loadu_si512(codes + 64 * g);
    const __m512i second = _mm512_loadu_si512(codes + length + 64 * g);
#pragma unroll
    for (int p = 0; p < count; p++) {
      const __m512i q = broadcast(planes[p], g);
      sums[p] = _mm512_dpbusd_epi32(sums[p], first, q);
      sums[count + p] = _mm512_dpbusd_epi32(sums[count + p], second, q);
    }
  }
#pragma unroll
  for (int p = 0; p < 2 * count; p++) totals[p] = sums[p];
}

#include "Blocks512.h"

#endif
