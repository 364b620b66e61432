# The kernels against their oracle, in plain C, on this machine and on others that are emulated.
#
#   make kernels  every instruction set of this machine
#   make neon     the sets of ARM: cross-built, run under qemu-user

CLANG ?= clang
KERNELS := Sources/CVectorKernels
KERNEL_BUILD := .build/kernels
KERNEL_SOURCES := $(filter-out $(KERNELS)/blas.c,$(wildcard $(KERNELS)/*.c $(KERNELS)/*/*.c)) \
                  $(wildcard Tests/CrossKernels/*.c)
KERNEL_INPUTS := $(KERNEL_SOURCES) Tests/CrossKernels/check.h $(KERNELS)/Dispatch.h \
                 $(KERNELS)/include/CVectorKernels.h
KERNEL_FLAGS := -O2 -std=gnu23 -Wall -Wextra -Werror -I$(KERNELS)/include
NEON_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

.PHONY: kernels neon

kernels: $(KERNEL_BUILD)/native
	$<

neon: $(KERNEL_BUILD)/aarch64
	qemu-aarch64 $< scalar neon neon_dotprod

$(KERNEL_BUILD)/native: $(KERNEL_INPUTS)
	@mkdir -p $(@D)
	$(CLANG) $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@

# Clang finds the cross compiler's start files and linker by itself, but not the C library's headers.
$(KERNEL_BUILD)/aarch64: PACKAGES := $(NEON_PACKAGES)
$(KERNEL_BUILD)/aarch64: $(KERNEL_INPUTS) | packages
	@mkdir -p $(@D)
	$(CLANG) --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -static \
	  $(KERNEL_FLAGS) $(KERNEL_SOURCES) -lm -o $@
