package codec

import (
	"bufio"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

var zstdCoding = &Coding{
	Name:   "zstd",
	Doc:    "RFC 8878, without dictionaries",
	magic:  "\x28\xb5\x2f\xfd",
	layers: layersOf("zstd", func() decoder { return new(zstdDecoder) }),
	encoders: &sync.Pool{New: func() any {
		w, _ := zstd.NewWriter(io.Discard, // fails for impossible options only
			zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(1), // no goroutines: an encoder may be dropped
			zstd.WithWindowSize(256<<10),
			zstd.WithLowerEncoderMem(true))
		return w
	}},
}

// zstdDecoder decodes block by block in the caller's goroutine, with none of its own.
type zstdDecoder struct {
	z      *zstd.Decoder
	window int
}

func (d *zstdDecoder) reset(src *bufio.Reader, l Limits) (err error) {
	window := zstd.WithDecoderMaxWindow(uint64(l.Window))
	switch {
	case d.z == nil:
		d.z, err = zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), window)
	case d.window != l.Window:
		err = d.z.ResetWithOptions(src, window)
	default:
		err = d.z.Reset(src)
	}
	d.window = l.Window
	return err
}

func (d *zstdDecoder) Read(p []byte) (int, error) {
	n, err := d.z.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = &LimitError{What: "zstd window", Limit: int64(d.window)}
	}
	return n, err
}
