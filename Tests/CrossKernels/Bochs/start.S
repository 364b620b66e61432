// What lies at 0x10000: prepares the instruction syscall, as which the C library asks for what an
// operating system does, and begins the C library as an operating system would.

  .section .begin, "ax"
  .globl begin
begin:
  fninit
  leaq __bss_start(%rip), %rdi
  leaq _end(%rip), %rcx
  subq %rdi, %rcx
  xorl %eax, %eax
  rep stosb
  movl $0xC0000081, %ecx   // STAR: the code of the system is that of the program.
  xorl %eax, %eax
  movl $8, %edx
  wrmsr
  movl $0xC0000082, %ecx   // LSTAR: where to go.
  leaq entry(%rip), %rax
  movq %rax, %rdx
  shrq $32, %rdx
  wrmsr
  movl $0xC0000084, %ecx   // The direction flag is cleared on the way.
  movl $0x400, %eax
  xorl %edx, %edx
  wrmsr
  movl $0x400000, %esp
  pushq $0                 // The vector of what the system tells: nothing but its end,
  pushq $0
  pushq $0                 // no environment,
  pushq $0
  leaq second(%rip), %rax
  pushq %rax
  leaq first(%rip), %rax
  pushq %rax
  leaq name(%rip), %rax
  pushq %rax
  pushq $3                 // and the program's name with two arguments.
  xorl %ebp, %ebp
  jmp _start

// The number is in rax, the arguments in rdi, rsi, rdx, r10, r8, r9; rcx is where to return. On a
// stack of its own: the caller uses 128 bytes below its stack pointer.
entry:
  movq %rsp, caller(%rip)
  leaq stack_end(%rip), %rsp
  pushq %rcx
  pushq %r11
  pushq %rdi
  pushq %rsi
  pushq %rdx
  pushq %r10
  pushq %r8
  pushq %r9
  movq %rdx, %rcx
  movq %rsi, %rdx
  movq %rdi, %rsi
  movq %rax, %rdi
  call answer
  popq %r9
  popq %r8
  popq %r10
  popq %rdx
  popq %rsi
  popq %rdi
  popq %r11
  popq %rcx
  movq caller(%rip), %rsp
  jmpq *%rcx

  .section .rodata
name:
  .asciz "kernels"
first:
  .asciz "avx512"
second:
  .asciz "avx512_vnni"

  .bss
  .balign 16
caller:
  .quad 0
  .balign 16
stack:
  .skip 8192
stack_end:

  .section .note.GNU-stack, "", @progbits
