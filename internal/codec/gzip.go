package codec

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

var gzipCoding = &Coding{
	Name:    "gzip",
	Doc:     "RFC 1952; several members are one body, padding behind them is refused",
	aliases: []string{"x-gzip"}, // RFC 9110 §8.4.1.3
	magic:   "\x1f\x8b\x08",
	layers:  layersOf("gzip", func() decoder { return new(gzipDecoder) }),
	encoders: &sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // fails for unknown levels only
		return w
	}},
}

// gzipDecoder goes from member to member itself: the library's own way would hold a
// member's last bytes back until the next one begins, which on a live stream is late.
type gzipDecoder struct {
	z     gzip.Reader
	src   *bufio.Reader
	ended bool // the member
}

func (d *gzipDecoder) reset(src *bufio.Reader, _ Limits) error {
	d.src, d.ended = src, false
	if err := d.z.Reset(src); err != nil {
		return cut(err)
	}
	d.z.Multistream(false)
	return nil
}

func (d *gzipDecoder) Read(p []byte) (int, error) {
	for {
		if d.ended {
			if _, err := d.src.Peek(1); err != nil {
				return 0, err
			}
			if err := d.reset(d.src, Limits{}); err != nil {
				return 0, err
			}
		}
		n, err := d.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		d.ended = true
		if n > 0 {
			return n, nil
		}
	}
}
