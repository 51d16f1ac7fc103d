//go:build amd64 && !purego

#include "textflag.h"

// The bit of each high nibble in a row. From 8 on it need only differ from zero:
// VPSHUFB gives a byte with the top bit set an empty row.
DATA highBits<>+0(SB)/8, $0x8040201008040201
DATA highBits<>+8(SB)/8, $0x0101010101010101
GLOBL highBits<>(SB), RODATA|NOPTR, $16

DATA lowNibbles<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL lowNibbles<>(SB), RODATA|NOPTR, $8

// func classifyAVX2(dst *uint64, data *byte, words int, rows *[16]byte)
TEXT ·classifyAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ words+16(FP), CX
	MOVQ rows+24(FP), AX
	VBROADCASTI128 (AX), Y0
	VBROADCASTI128 highBits<>(SB), Y1
	VPBROADCASTQ lowNibbles<>(SB), Y2

word:
	VMOVDQU (SI), Y3
	VMOVDQU 32(SI), Y4
	VPSRLW $4, Y3, Y5
	VPSRLW $4, Y4, Y6
	VPAND Y2, Y5, Y5
	VPAND Y2, Y6, Y6
	VPSHUFB Y3, Y0, Y3 // the rows of the low nibbles
	VPSHUFB Y4, Y0, Y4
	VPSHUFB Y5, Y1, Y5 // the bits of the high nibbles
	VPSHUFB Y6, Y1, Y6
	VPAND Y5, Y3, Y3
	VPAND Y6, Y4, Y4
	VPCMPEQB Y5, Y3, Y3
	VPCMPEQB Y6, Y4, Y4
	VPMOVMSKB Y3, AX
	VPMOVMSKB Y4, DX
	SHLQ $32, DX
	ORQ AX, DX
	MOVQ DX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ word
	VZEROUPPER
	RET
