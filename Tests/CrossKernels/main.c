// Compares every kernel of every instruction set that this machine runs with the scalar oracle.
//
// The tests of the package do so too, but only where Swift runs. This program is plain C: it is also
// built for ARM and run in an emulator. It ends with 1 when something differed, and with 2 when a
// set that was named as an argument cannot run here.

#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

#include "../../Sources/CVectorKernels/Dispatch.h"

vk_instruction_set set;
long comparisons, failures;

void *guarded(int number, size_t count, size_t gap) {
  static uint8_t *ends[8];
  if (ends[number] == NULL) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *start = mmap(NULL, GUARDED + page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + GUARDED, page, PROT_NONE) != 0) abort();
    ends[number] = start + GUARDED;
  }
  if (count + gap > GUARDED) abort();
  return ends[number] - gap - count;
}

uint64_t next_random(void) {
  static uint64_t state = 1;
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

float next_float(void) { return (float)((double)(next_random() >> 11) * 0x1p-52 - 1); }

float next_special(void) {
  static const float special[] = {0,     -0.0f, 0x1p-149f,  -0x1p-149f, 0x1p-126f, -0x1p-127f,
                                  1e15f, -1e15f, 1.0000001f, 1,          3e-20f,    -3e-20f};
  const uint64_t choice = next_random() % 24;
  return choice < 12 ? special[choice] : next_float();
}

// The name of a set chooses it where the machine has it, and only there.
static void check_choice(void) {
  const vk_instruction_set best = best_instruction_set(NULL);
  EXPECT(vk_supports(best), "the best set is not supported");
  const vk_instruction_set wanted = best_instruction_set(vk_name(set));
  EXPECT(wanted == (vk_supports(set) ? set : best), "chosen by name: %s", vk_name(wanted));
  EXPECT(best_instruction_set("none such") == best, "an unknown name changed the choice");
}

// Whether the machine runs the set; a difference is counted.
static bool check(vk_instruction_set candidate) {
  set = candidate;
  comparisons = 0;
  check_choice();
  if (!vk_supports(set)) return false;
  check_rows();
  check_selection();
  check_activations();
  check_digests();
  check_codes();
  printf("%-13s run: %ld comparisons\n", vk_name(set), comparisons);
  return true;
}

int main(int count, char **names) {
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  bool missing = false;
  for (int32_t code = 0; code <= vk_instruction_set_neon_dotprod; code++) {
    const char *name = vk_name((vk_instruction_set)code);
    bool demanded = false;
    for (int i = 1; i < count; i++) demanded |= strcmp(names[i], name) == 0;
    if (count > 1 && !demanded) continue;
    if (!check((vk_instruction_set)code)) {
      printf("%-13s not run: this machine lacks it\n", name);
      missing |= demanded;
    }
  }
  if (failures > 0) printf("%ld comparisons found a difference\n", failures);
  return failures > 0 ? 1 : missing ? 2 : 0;
}
