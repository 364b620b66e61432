# The kernels against their oracle, in plain C, on this machine and on others that are emulated.
#
#   make kernels  every instruction set of this machine
#   make neon     the sets of ARM: cross-built, run under qemu-user
#   make avx512   the sets of AVX-512: booted without an operating system in Bochs, about a minute

CLANG ?= clang
KERNELS := Sources/CVectorKernels
KERNEL_BUILD := .build/kernels
KERNEL_SOURCES := $(filter-out $(KERNELS)/blas.c,$(wildcard $(KERNELS)/*.c $(KERNELS)/*/*.c)) \
                  $(wildcard Tests/CrossKernels/*.c)
KERNEL_INPUTS := $(KERNEL_SOURCES) Tests/CrossKernels/check.h $(KERNELS)/Dispatch.h \
                 $(KERNELS)/include/CVectorKernels.h
KERNEL_FLAGS := -O2 -std=gnu23 -Wall -Wextra -Werror -I$(KERNELS)/include
NEON_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
AVX512_PACKAGES := bochs bochsbios binutils gcc musl-dev
BOCHS := Tests/CrossKernels/Bochs
MUSL := /usr/lib/x86_64-linux-musl
AVX512_OBJECTS := $(KERNEL_BUILD)/start.o $(KERNEL_BUILD)/system.o
BARE_FLAGS := -mgeneral-regs-only -mno-red-zone -ffreestanding -fno-stack-protector -fno-pic

.PHONY: kernels neon neon-packages avx512 avx512-packages

neon-packages:
	$(call install,$(NEON_PACKAGES))

avx512-packages:
	$(call install,$(AVX512_PACKAGES))

kernels: $(KERNEL_BUILD)/native
	$<

neon: $(KERNEL_BUILD)/aarch64
	qemu-aarch64 $< scalar neon neon_dotprod

$(KERNEL_BUILD)/native: $(KERNEL_INPUTS)
	@mkdir -p $(@D)
	$(CLANG) $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@

# Clang finds the cross compiler's start files and linker by itself, but not the C library's headers.
$(KERNEL_BUILD)/aarch64: $(KERNEL_INPUTS) | neon-packages
	@mkdir -p $(@D)
	$(CLANG) --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -static \
	  $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@

# Debian's Bochs has a debugger, which is told to continue. Bochs ends with an error also when the
# program asks it to end, so the last line of the program decides.
avx512: $(KERNEL_BUILD)/avx512.img
	@rm -f $<.lock; echo c > $(KERNEL_BUILD)/continue
	@timeout 900 bochs -q -rc $(KERNEL_BUILD)/continue -f $(BOCHS)/bochsrc "log: $(KERNEL_BUILD)/bochs.log" \
	  "ata0-master: type=disk, mode=flat, path=$<, cylinders=10, heads=16, spt=63" \
	  < /dev/null > $(KERNEL_BUILD)/avx512.txt 2>&1 || true
	@rm -f $<.lock; sed -n '/ctxt): jmpf/,/^end/{//!p}' $(KERNEL_BUILD)/avx512.txt
	@grep -q '^end 0$$' $(KERNEL_BUILD)/avx512.txt || { tail $(KERNEL_BUILD)/avx512.txt; exit 1; }

# The program with a C library whose every wish is a syscall, of which Bochs/system.c fulfils some.
$(KERNEL_BUILD)/avx512.img: $(KERNEL_INPUTS) $(wildcard $(BOCHS)/*) | avx512-packages
	@mkdir -p $(@D)
	$(CLANG) -c -O2 -Wall -Wextra -Werror $(BARE_FLAGS) $(BOCHS)/system.c -o $(@D)/system.o
	$(CLANG) -c $(BOCHS)/start.S -o $(@D)/start.o
	$(CLANG) $(KERNEL_FLAGS) -mfma -fno-pic -nostdlibinc -isystem /usr/include/x86_64-linux-musl \
	  -static -nostdlib --ld-path=/usr/bin/ld.bfd -Wl,-T,$(BOCHS)/program.ld -Wl,--no-warn-rwx-segments \
	  $(MUSL)/crt1.o $(MUSL)/crti.o $(AVX512_OBJECTS) $(KERNEL_SOURCES) -L$(MUSL) -lm -lc \
	  $$(gcc -print-libgcc-file-name) $(MUSL)/crtn.o -o $(@D)/avx512
	objcopy -O binary $(@D)/avx512 $(@D)/avx512.bin
	$(CLANG) -c -DCHUNKS=$$(( ($$(stat -c %s $(@D)/avx512.bin) + 32767) / 32768 )) $(BOCHS)/boot.S \
	  -o $(@D)/boot.o
	ld.bfd -Ttext=0x7c00 -e boot --oformat binary $(@D)/boot.o -o $(@D)/boot.bin
	cat $(@D)/boot.bin $(@D)/avx512.bin > $@
	truncate -s 5160960 $@
