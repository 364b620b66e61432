// SHA-256 by the SHA extensions of x86: four rounds for each register of the schedule. The state is
// kept as the instructions want it, {A, B, E, F} and {C, D, G, H} from the highest element down; two
// rounds turn the first into the second. Seven times as fast as plain C (measured on Zen).

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>

VK_TARGET_SHA void sha256_blocks_hardware(uint32_t state[8], const uint8_t *bytes,
                                          size_t block_count) {
  const __m128i big_endian = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  __m128i abef = _mm_setr_epi32((int)state[5], (int)state[4], (int)state[1], (int)state[0]);
  __m128i cdgh = _mm_setr_epi32((int)state[7], (int)state[6], (int)state[3], (int)state[2]);
  for (; block_count > 0; block_count--, bytes += 64) {
    const __m128i first_abef = abef, first_cdgh = cdgh;
    __m128i w[4];  // The words of the last sixteen rounds: group i is w[i % 4].
    for (int i = 0; i < 4; i++)
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * i)),
                              big_endian);
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      if (i >= 4) {
        const __m128i w2 = w[(i + 2) % 4], w3 = w[(i + 3) % 4];
        const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
                                          _mm_alignr_epi8(w3, w2, 4));
        w[i % 4] = _mm_sha256msg2_epu32(sum, w3);
      }
      const __m128i k =
          _mm_loadu_si128((const __m128i *)(const void *)(sha256_constants + 4 * i));
      const __m128i wk = _mm_add_epi32(w[i % 4], k);
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0E));
    }
    abef = _mm_add_epi32(abef, first_abef);
    cdgh = _mm_add_epi32(cdgh, first_cdgh);
  }
  state[0] = (uint32_t)_mm_extract_epi32(abef, 3), state[1] = (uint32_t)_mm_extract_epi32(abef, 2);
  state[4] = (uint32_t)_mm_extract_epi32(abef, 1), state[5] = (uint32_t)_mm_extract_epi32(abef, 0);
  state[2] = (uint32_t)_mm_extract_epi32(cdgh, 3), state[3] = (uint32_t)_mm_extract_epi32(cdgh, 2);
  state[6] = (uint32_t)_mm_extract_epi32(cdgh, 1), state[7] = (uint32_t)_mm_extract_epi32(cdgh, 0);
}

#endif
