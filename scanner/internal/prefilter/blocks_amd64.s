//go:build amd64 && !purego

#include "textflag.h"

// HALVES loads the 16 bytes at off(SI) into both lanes and splits them into their
// low halves (Y13) and high halves (Y14). Y15 has 0x0f in every byte.
#define HALVES(off) \
	VBROADCASTI128 off(SI), Y13 \
	VPSRLW $4, Y13, Y14 \
	VPAND Y15, Y13, Y13 \
	VPAND Y15, Y14, Y14

// LOOK ANDs into Y12 the buckets that the bytes at off(SI) allow.
#define LOOK(off, low, high) \
	HALVES(off) \
	VPSHUFB Y13, low, Y13 \
	VPSHUFB Y14, high, Y14 \
	VPAND Y13, Y12, Y12 \
	VPAND Y14, Y12, Y12

// LOOK16 sets a bit of out for each of the 16 bytes at off(SI) where no bucket is
// left.
#define LOOK16(off, out) \
	HALVES(off) \
	VPSHUFB Y13, Y0, Y12 \
	VPSHUFB Y14, Y1, Y14 \
	VPAND Y14, Y12, Y12 \
	LOOK(off+1, Y2, Y3) \
	LOOK(off+2, Y4, Y5) \
	LOOK(off+3, Y6, Y7) \
	LOOK(off+4, Y8, Y9) \
	LOOK(off+5, Y10, Y11) \
	VEXTRACTI128 $1, Y12, X13 \
	VPOR X13, X12, X12 \
	VPXOR X13, X13, X13 \
	VPCMPEQB X13, X12, X12 \
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
	VMOVDQU 256(DX), Y8
	VMOVDQU 288(DX), Y9
	VMOVDQU 320(DX), Y10
	VMOVDQU 352(DX), Y11
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
