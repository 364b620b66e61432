// Which instruction sets this machine has, and which of them is used.

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "Dispatch.h"

#if VK_X86
#include <cpuid.h>
#elif VK_ARM && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#if VK_X86

// Also asks whether the system keeps the registers of the set over a switch of threads.
static bool has_avx512(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool vk_supports(vk_instruction_set set) {
  switch (set) {
    case vk_instruction_set_scalar: return true;
    case vk_instruction_set_avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case vk_instruction_set_avx512: return has_avx512();
    case vk_instruction_set_avx512_vnni:
      return has_avx512() && __builtin_cpu_supports("avx512vnni");
    case vk_instruction_set_neon:
    case vk_instruction_set_neon_dotprod: return false;
  }
}

bool supports_sha256(void) {
  // Leaf 7, EBX, bit 29. Its kernel also shuffles bytes, which every processor with it can.
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) != 0 &&
         __builtin_cpu_supports("sse4.1");
}

#elif VK_ARM

#if defined(__linux__)
static bool has(unsigned long feature) { return (getauxval(AT_HWCAP) & feature) != 0; }
static bool has_crc32(void) { return has(HWCAP_CRC32); }
static bool has_dotprod(void) { return has(HWCAP_ASIMDDP); }
bool supports_sha256(void) { return has(HWCAP_SHA2); }
#else
// Every processor of Apple that runs these systems has them.
static bool has_crc32(void) { return true; }
static bool has_dotprod(void) { return true; }
bool supports_sha256(void) { return true; }
#endif

bool vk_supports(vk_instruction_set set) {
  switch (set) {
    case vk_instruction_set_scalar: return true;
    case vk_instruction_set_neon: return has_crc32();
    case vk_instruction_set_neon_dotprod: return has_crc32() && has_dotprod();
    case vk_instruction_set_avx2:
    case vk_instruction_set_avx512:
    case vk_instruction_set_avx512_vnni: return false;
  }
}

#else

bool vk_supports(vk_instruction_set set) { return set == vk_instruction_set_scalar; }
bool supports_sha256(void) { return false; }

#endif

// The best first. No machine has sets of both families.
static const struct {
  vk_instruction_set set;
  const char *name;
} sets[] = {
    {vk_instruction_set_avx512_vnni, "avx512_vnni"},
    {vk_instruction_set_avx512, "avx512"},
    {vk_instruction_set_avx2, "avx2"},
    {vk_instruction_set_neon_dotprod, "neon_dotprod"},
    {vk_instruction_set_neon, "neon"},
    {vk_instruction_set_scalar, "scalar"},
};
enum { SET_COUNT = sizeof sets / sizeof sets[0] };

const char *vk_name(vk_instruction_set set) {
  for (size_t i = 0; i < SET_COUNT; i++) {
    if (sets[i].set == set) return sets[i].name;
  }
  return "";
}

vk_instruction_set best_instruction_set(const char *wanted) {
  for (size_t i = 0; wanted != NULL && i < SET_COUNT; i++) {
    if (strcmp(wanted, sets[i].name) == 0 && vk_supports(sets[i].set)) return sets[i].set;
  }
  for (size_t i = 0; i < SET_COUNT; i++) {
    if (vk_supports(sets[i].set)) return sets[i].set;
  }
  return vk_instruction_set_scalar;
}

vk_instruction_set vk_detected_instruction_set(void) {
  // -1: not yet looked. Several threads may look at once; they all find the same.
  static _Atomic int32_t detected = -1;
  int32_t set = atomic_load_explicit(&detected, memory_order_relaxed);
  if (set < 0) {
    set = (int32_t)best_instruction_set(getenv("RECOLLECT_INSTRUCTION_SET"));
    atomic_store_explicit(&detected, set, memory_order_relaxed);
  }
  return (vk_instruction_set)set;
}
