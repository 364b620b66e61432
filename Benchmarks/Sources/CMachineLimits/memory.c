// Reading from caches and memory.

#include "rates.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

typedef struct {
  const char *bytes;
  size_t count;
} block;

static size_t last_huge_page_bytes = 0;

size_t ml_huge_page_bytes(void) { return last_huge_page_bytes; }

// A line of 64 bytes a step: whole registers where there are any, eight sums side by side.
typedef uint64_t lane __attribute__((vector_size(32), aligned(32)));

#if ML_X86
#define ML_TARGET __attribute__((target("avx2")))
#else
#define ML_TARGET
#endif

ML_TARGET static uint64_t sum_of_lanes(const block *block) {
  lane sums[8] = {{0}};
  const lane *lanes = (const lane *)(const void *)block->bytes;
  for (size_t i = 0; i + 8 <= block->count / sizeof(lane); i += 8) {
    for (size_t j = 0; j < 8; j++) sums[j] |= lanes[i + j];
  }
  lane sum = {0};
  for (size_t j = 0; j < 8; j++) sum |= sums[j];
  return sum[0] | sum[1] | sum[2] | sum[3];
}

static uint64_t read_repeatedly(void *context, size_t times) {
  uint64_t sum = 0;
  for (size_t i = 0; i < times; i++) {
    sum += sum_of_lanes(context);
    // Whatever was read may have changed, as far as the compiler can know.
    __asm__ volatile("" ::: "memory");
  }
  return sum;
}

// The huge pages of the mapping that has this address.
static size_t huge_pages_at(const void *address) {
  FILE *file = fopen("/proc/self/smaps", "r");
  if (file == NULL) return 0;
  char line[512];
  size_t found = 0;
  int inside = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    unsigned long first, last;
    size_t kilobytes;
    if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
      inside = (uintptr_t)address >= first && (uintptr_t)address < last;
    } else if (inside && sscanf(line, "AnonHugePages: %zu kB", &kilobytes) == 1) {
      found = kilobytes * 1024;
    }
  }
  fclose(file);
  return found;
}

// Zeroed pages would all be one page of zeros: each is written to.
static block block_of(size_t count, bool huge_pages) {
  char *bytes = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) return (block){NULL, 0};
#if defined(MADV_HUGEPAGE)
  madvise(bytes, count, huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
  (void)huge_pages;
#endif
  memset(bytes, 1, count);
  last_huge_page_bytes = huge_pages_at(bytes);
  return (block){bytes, count};
}

ml_rates ml_bytes_read(size_t bytes, bool huge_pages) {
  block block = block_of(bytes, huge_pages);
  if (block.bytes == NULL) return (ml_rates){0, 0, 0};
  const ml_rates rates = ml_measure(read_repeatedly, &block, (double)(bytes / 256 * 256));
  munmap((void *)block.bytes, bytes);
  return rates;
}

typedef struct {
  block block;
  size_t times;
  uint64_t sum;
  atomic_bool *begun;
} reader;

static void *read_when_begun(void *context) {
  reader *reader = context;
  while (!atomic_load(reader->begun)) {
  }
  reader->sum = read_repeatedly(&reader->block, reader->times);
  return NULL;
}

// The time until the last has read its block so many times.
static double rate_of(reader readers[], size_t threads) {
  pthread_t ids[threads];
  atomic_bool begun = false;
  size_t started = 0;
  double bytes = 0;
  for (; started < threads; started++) {
    readers[started].begun = &begun;
    if (pthread_create(&ids[started], NULL, read_when_begun, &readers[started]) != 0) break;
    bytes += (double)readers[started].times * (double)readers[started].block.count;
  }
  const double start = ml_seconds();
  atomic_store(&begun, true);
  for (size_t i = 0; i < started; i++) pthread_join(ids[i], NULL);
  return started == threads ? bytes / (ml_seconds() - start) : 0;
}

ml_rates ml_bytes_read_by_threads(size_t bytes, size_t threads) {
  if (threads == 0 || threads > 256) return (ml_rates){0, 0, 0};
  reader readers[threads];
  bool complete = true;
  for (size_t i = 0; i < threads; i++) {
    readers[i] = (reader){block_of(bytes, true), 2, 0, NULL};
    complete = complete && readers[i].block.bytes != NULL;
  }
  double rates[ml_repetitions] = {0};
  for (int i = 0; complete && i < ml_repetitions; i++) rates[i] = rate_of(readers, threads);
  for (size_t i = 0; i < threads; i++) {
    if (readers[i].block.bytes != NULL) munmap((void *)readers[i].block.bytes, bytes);
  }
  return ml_summary(rates);
}
