// The operating system of the emulated machine: just what the checks need of one.

#include <stdint.h>

enum { ENOSYS = 38 };

static void put(uint16_t port, uint8_t byte) {
  __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

// Bochs prints what is written to port 0xE9.
static int64_t write_bytes(const uint8_t *bytes, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) put(0xE9, bytes[i]);
  return (int64_t)count;
}

typedef struct {
  const uint8_t *bytes;
  uint64_t count;
} part;

static int64_t write_parts(const part *parts, uint64_t count) {
  int64_t sum = 0;
  for (uint64_t i = 0; i < count; i++) sum += write_bytes(parts[i].bytes, parts[i].count);
  return sum;
}

// Memory is handed out once and never taken back.
static int64_t map(uint64_t count) {
  static uint64_t next = 0x400000;
  const uint64_t start = next;
  next += (count + 0xFFF) & ~0xFFFull;
  return (int64_t)start;
}

// Forbids the page at the address: its page of 2 MiB becomes 512 small ones.
static int64_t forbid(uint64_t address) {
  static uint64_t tables[8][512] __attribute__((aligned(4096)));
  static int used;
  uint64_t *large = (uint64_t *)0x3000 + (address >> 21);
  if (*large & 0x80) {
    if (used == 8) return -1;
    uint64_t *table = tables[used++];
    for (uint64_t i = 0; i < 512; i++) table[i] = (address >> 21 << 21) + (i << 12) + 3;
    *large = (uint64_t)table + 3;
  }
  ((uint64_t *)(*large & ~0xFFFull))[address >> 12 & 511] = 0;
  __asm__ volatile("movq %%cr3, %%rax; movq %%rax, %%cr3"  : : : "rax", "memory");
  return 0;
}

static int64_t set_thread_pointer(uint64_t address) {
  const uint32_t low = (uint32_t)address, high = (uint32_t)(address >> 32);
  __asm__ volatile("wrmsr" : : "c"(0xC0000100), "a"(low), "d"(high));
  return 0;
}

// Says how the program ended, then asks Bochs to end.
static void end(uint64_t status) {
  const uint8_t text[] = {'e', 'n', 'd', ' ', (uint8_t)('0' + status % 10), '\n'};
  write_bytes(text, sizeof text);
  for (const char *word = "Shutdown"; *word != 0; word++) put(0x8900, (uint8_t)*word);
  for (;;) __asm__ volatile("hlt");
}

// What the C library asks for, by its number on Linux.
int64_t answer(uint64_t number, uint64_t first, uint64_t second, uint64_t third) {
  switch (number) {
    case 1: return write_bytes((const uint8_t *)second, third);
    case 9: return map(second);
    case 10: return forbid(first);
    case 20: return write_parts((const part *)second, third);
    case 158: return set_thread_pointer(second);
    case 218: return 1;
    case 60:
    case 231: end(first); return 0;
    default: return -ENOSYS;
  }
}
