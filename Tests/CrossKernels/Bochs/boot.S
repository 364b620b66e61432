// The first sector of the disk: reads the program behind it to 0x10000, maps the first gigabyte to
// itself, goes straight into 64-bit mode with AVX-512 enabled, and jumps to the program.
//
// CHUNKS is how many times 32 KiB the program takes.

  .code16
  .globl boot
boot:
  ljmp $0, $1f
1:
  cli
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7c00, %sp
  movw $CHUNKS, %cx
2:
  pushw %cx
  movb $0x42, %ah
  movb $0x80, %dl
  movw $packet, %si
  int $0x13
  popw %cx
  jc stop
  addw $0x800, packet + 6  // The next 32 KiB of memory,
  addl $64, packet + 8     // and of the disk.
  decw %cx
  jnz 2b
  inb $0x92, %al           // The twenty-first address line.
  orb $2, %al
  outb %al, $0x92
// Page tables at 0x1000: two entries that lead to 512 pages of 2 MiB.
  movw $0x1000, %di
  xorl %eax, %eax
  movw $0x3000 / 4, %cx
  cld
  rep stosl
  movl $0x2003, 0x1000
  movl $0x3003, 0x2000
  movw $0x3000, %di
  movl $0x83, %eax
  movw $512, %cx
3:
  movl %eax, (%di)
  addl $0x200000, %eax
  addw $8, %di
  loop 3b
  movl $0x1000, %eax
  movl %eax, %cr3
  movl $0x40620, %eax      // Physical addresses, SSE, its exceptions, XSAVE.
  movl %eax, %cr4
  movl $0xC0000080, %ecx
  movl $0x101, %eax        // 64-bit mode, and the instruction syscall.
  xorl %edx, %edx
  wrmsr
  lgdt descriptors
  movl $0x80000023, %eax   // Paging, native errors, the monitor of the coprocessor, protection.
  movl %eax, %cr0
  ljmp $8, $4f
stop:
  hlt
  jmp stop

  .code64
4:
  movw $16, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  xorl %ecx, %ecx
  movl $0xE7, %eax         // The registers of x87, SSE, AVX and AVX-512.
  xorl %edx, %edx
  xsetbv
  movl $0x10000, %eax
  jmpq *%rax

  .balign 8
packet:
  .byte 16, 0
  .word 64
  .word 0, 0x1000
  .quad 1
table:
  .quad 0
  .quad 0x00AF9A000000FFFF
  .quad 0x00CF92000000FFFF
descriptors:
  .word . - table - 1
  .long table
  .org 510
  .word 0xAA55
