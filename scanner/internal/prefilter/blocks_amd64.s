//go:build amd64 && !purego

#include "textflag.h"

// The tables at DX are 64 bytes for each position: 32 for low halves, 32 for high
// ones. Those of the first set of buckets stand in front, those of the second
// behind them, from SET on. Those of the first set are kept in Y0 to Y7.
#define SET 256

// HALVES loads the 16 bytes at off(SI) into both lanes and splits them into their
// low halves (Y13) and high halves (Y14). Y15 has 0x0f in every byte.
#define HALVES(off) \
	VBROADCASTI128 off(SI), Y13 \
	VPSRLW $4, Y13, Y14 \
	VPAND Y15, Y13, Y13 \
	VPAND Y15, Y14, Y14

// KEEP ANDs into acc what the tables low and high allow.
#define KEEP(low, high, acc) \
	VPSHUFB Y13, low, Y9 \
	VPAND Y9, acc, acc \
	VPSHUFB Y14, high, Y10 \
	VPAND Y10, acc, acc

// KEEPMEM is KEEP with the tables at at(DX).
#define KEEPMEM(at, acc) \
	VMOVDQU at(DX), Y9 \
	VMOVDQU at+32(DX), Y10 \
	KEEP(Y9, Y10, acc)

// LOOK16 sets a bit of out for each of the 16 bytes at off(SI) where no bucket is
// left, of the first set in Y12 and the second in Y8.
#define LOOK16(off, out) \
	VPCMPEQB Y12, Y12, Y12 \
	VPCMPEQB Y8, Y8, Y8 \
	HALVES(off) \
	KEEP(Y0, Y1, Y12) \
	KEEPMEM(SET, Y8) \
	HALVES(off+1) \
	KEEP(Y2, Y3, Y12) \
	KEEPMEM(SET+64, Y8) \
	HALVES(off+2) \
	KEEP(Y4, Y5, Y12) \
	KEEPMEM(SET+128, Y8) \
	HALVES(off+3) \
	KEEP(Y6, Y7, Y12) \
	KEEPMEM(SET+192, Y8) \
	VPOR Y8, Y12, Y12 \
	VEXTRACTI128 $1, Y12, X9 \
	VPOR X9, X12, X12 \
	VPXOR X9, X9, X9 \
	VPCMPEQB X9, X12, X12 \
	VPMOVMSKB X12, out

// func markAVX2(data *byte, n int, nibbles *byte, marks *uint64)
TEXT ·markAVX2(SB), NOSPLIT, $0-32
	MOVQ data+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ nibbles+16(FP), DX
	MOVQ marks+24(FP), DI
	VMOVDQU 0(DX), Y0
	VMOVDQU 32(DX), Y1
	VMOVDQU 64(DX), Y2
	VMOVDQU 96(DX), Y3
	VMOVDQU 128(DX), Y4
	VMOVDQU 160(DX), Y5
	VMOVDQU 192(DX), Y6
	VMOVDQU 224(DX), Y7
	MOVQ $0x0f0f0f0f0f0f0f0f, AX
	MOVQ AX, X15
	VPBROADCASTQ X15, Y15
	SHRQ $5, CX
	JZ done

loop:
	LOOK16(0, AX)
	LOOK16(16, BX)
	SHLL $16, BX
	ORL AX, BX
	NOTL BX
	MOVL BX, (DI)
	ADDQ $32, SI
	ADDQ $4, DI
	DECQ CX
	JNZ loop

done:
	VZEROUPPER
	RET
