// AVX-512 without dot products of bytes: what AVX2 does, with a block's group of 64 bytes in one
// register. That the sixteen bits never overflow is a property of the query's planes (see
// `vk_code_plane`).

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>

#define SET avx512
#define TARGET VK_TARGET_AVX512

TARGET static inline __m512i broadcast(const int8_t *plane, size_t group) {
  int32_t four;
  __builtin_memcpy(&four, plane + 4 * group, sizeof four);
  return _mm512_set1_epi32(four);
}

TARGET __attribute__((always_inline)) static inline void multiply(
    const uint8_t *codes, size_t group_count, const int8_t *const *planes, const int count,
    __m512i *totals) {
  const __m512i ones = _mm512_set1_epi16(1);
#pragma unroll
  for (int p = 0; p < count; p++) totals[p] = _mm512_setzero_si512();
  for (size_t start = 0; start < group_count; start += VK_CODE_WINDOW) {
    const size_t end =
        start + VK_CODE_WINDOW < group_count ? start + VK_CODE_WINDOW : group_count;
    __m512i sums[VK_CODE_TILE];
#pragma unroll
    for (int p = 0; p < count; p++) sums[p] = _mm512_setzero_si512();
    for (size_t g = start; g < end; g++) {
      const __m512i x = _mm512_loadu_si512(codes + 64 * g);
#pragma unroll
      for (int p = 0; p < count; p++) {
        const __m512i products = _mm512_maddubs_epi16(x, broadcast(planes[p], g));
        sums[p] = _mm512_add_epi16(sums[p], products);
      }
    }
#pragma unroll
    for (int p = 0; p < count; p++)
      totals[p] = _mm512_add_epi32(totals[p], _mm512_madd_epi16(sums[p], ones));
  }
}

TARGET __attribute__((always_inline)) static inline void multiply_pair(
    const uint8_t *codes, size_t length, size_t group_count, const int8_t *const *planes,
    const int count, __m512i *totals) {
  multiply(codes, group_count, planes, count, totals);
  multiply(codes + length, group_count, planes, count, totals + count);
}

#include "Blocks512.h"

#endif
