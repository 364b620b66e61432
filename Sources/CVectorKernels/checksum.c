// CRC-32C. With SSE4.2 or ARM's CRC one instruction folds eight bytes; without, a table of 16 entries
// folds four bits at a time, which is slow and small: it only runs where the instruction is missing.

#include "Dispatch.h"

#include <string.h>

static uint32_t crc32c_scalar(uint32_t crc, const uint8_t *bytes, size_t count) {
  static const uint32_t nibble[16] = {
      0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
      0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
      0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  for (size_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    crc = (crc >> 4) ^ nibble[crc & 15];
    crc = (crc >> 4) ^ nibble[crc & 15];
  }
  return crc;
}

#if VK_X86
#include <nmmintrin.h>

VK_TARGET_SSE42 static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *bytes, size_t count) {
  uint64_t sum = crc;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof word);
    sum = _mm_crc32_u64(sum, word);
  }
  uint32_t rest = (uint32_t)sum;
  for (; i < count; i++) rest = _mm_crc32_u8(rest, bytes[i]);
  return rest;
}
#elif VK_ARM
#include <arm_acle.h>

VK_TARGET_CRC static uint32_t crc32c_crc(uint32_t crc, const uint8_t *bytes, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof word);
    crc = __crc32cd(crc, word);
  }
  for (; i < count; i++) crc = __crc32cb(crc, bytes[i]);
  return crc;
}
#endif

uint32_t vk_crc32c(vk_instruction_set set, uint32_t crc, const uint8_t *bytes, size_t count) {
  if (set == vk_instruction_set_scalar) return ~crc32c_scalar(~crc, bytes, count);
#if VK_X86
  // Every processor with AVX2 has SSE4.2.
  return ~crc32c_sse42(~crc, bytes, count);
#elif VK_ARM
  return ~crc32c_crc(~crc, bytes, count);
#else
  return ~crc32c_scalar(~crc, bytes, count);
#endif
}
