package codec

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"
)

var deflateCoding = &Coding{
	Name:   "deflate",
	Doc:    "RFC 1950 (zlib), or raw RFC 1951 as some servers send it; written as zlib",
	layers: layersOf("deflate", func() decoder { return new(deflateDecoder) }),
	encoders: &sync.Pool{New: func() any {
		w, _ := zlib.NewWriterLevel(io.Discard, zlib.BestSpeed) // fails for unknown levels only
		return w
	}},
}

// deflateDecoder reads both forms, each with a decoder of its own that is made when it
// is first needed.
type deflateDecoder struct {
	zlib, raw io.ReadCloser
	form      io.Reader // the one in use
	src       *bufio.Reader
	ended     bool
}

func (d *deflateDecoder) reset(src *bufio.Reader, _ Limits) (err error) {
	d.src, d.ended = src, false
	head, err := src.Peek(2) // the shortest raw body has two bytes, a zlib header too
	if err != nil {
		return cut(err)
	}
	switch {
	case zlibHeader(head) && d.zlib == nil:
		d.zlib, err = zlib.NewReader(src)
		d.form = d.zlib
	case zlibHeader(head):
		err = d.zlib.(zlib.Resetter).Reset(src, nil)
		d.form = d.zlib
	case d.raw == nil:
		d.raw = flate.NewReader(src)
		d.form = d.raw
	default:
		err = d.raw.(flate.Resetter).Reset(src, nil)
		d.form = d.raw
	}
	return err
}

// zlibHeader reports whether head begins a zlib stream (RFC 1950 §2.2). A raw one that
// looks the same would begin with a stored block whose padding is not zero, which no
// known encoder writes.
func zlibHeader(head []byte) bool {
	return head[0]&0x0f == 8 && head[0]>>4 <= 7 && (uint(head[0])<<8|uint(head[1]))%31 == 0
}

func (d *deflateDecoder) Read(p []byte) (int, error) {
	if !d.ended {
		n, err := d.form.Read(p)
		if err != io.EOF {
			return n, err
		}
		d.ended = true
		if n > 0 {
			return n, nil
		}
	}
	if _, err := d.src.Peek(1); err != nil {
		return 0, err
	}
	return 0, errTrailing
}
