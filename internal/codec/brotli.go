package codec

import (
	"bufio"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
)

var brotliCoding = &Coding{
	Name:   "br",
	Doc:    "RFC 7932",
	layers: layersOf("br", func() decoder { return new(brotliDecoder) }),
	encoders: &sync.Pool{New: func() any {
		return brotli.NewWriterOptions(io.Discard, brotli.WriterOptions{Quality: 1, LGWin: 18})
	}},
}

// brotliDecoder is the library's reader, which refuses bytes behind the end itself.
type brotliDecoder struct{ brotli.Reader }

func (d *brotliDecoder) reset(src *bufio.Reader, _ Limits) error { return d.Reset(src) }
