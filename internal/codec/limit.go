package codec

import "cmp"

// maxDepth is how many codings a body may have one on another. Real ones have one;
// two come from a gateway that compresses what is compressed already.
const maxDepth = 3

// freeBytes may be decoded before the ratio counts: a short body of one repeated
// letter is no bomb.
const freeBytes = 1 << 20

// Limits bound what decoding may cost. Zero or negative fields mean the defaults.
type Limits struct {
	// Ratio is how many decoded bytes each encoded byte of the body may become, in
	// every coding of a chain, once 1 MiB is decoded. Default 200: text reaches 5 to
	// 30, and deflate cannot pass 1,032.
	Ratio int

	// Depth is how many codings may lie one on another. Default 3; more than 3 is 3.
	Depth int

	// Window is how many bytes of history a zstd decoder may keep for one body.
	// Default 8 MiB, which RFC 9659 §3 asks of every peer; less than 1 KiB is 1 KiB.
	// The others have their bound by design: gzip and deflate 32 KiB, br 16 MiB.
	Window int
}

// defaults gives l with the fields that are not set filled in.
func (l Limits) defaults() Limits {
	return Limits{
		Ratio:  cmp.Or(max(l.Ratio, 0), 200),
		Depth:  min(cmp.Or(max(l.Depth, 0), maxDepth), maxDepth),
		Window: max(cmp.Or(max(l.Window, 0), 8<<20), 1<<10),
	}
}

// exceeded reports whether decoded bytes are too many for as many encoded ones.
func (l Limits) exceeded(decoded, encoded int64) bool {
	return decoded > freeBytes && (decoded-1)/int64(l.Ratio) >= encoded // decoded > Ratio·encoded, without its overflow
}
