package exam_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// coding is a content coding as an API and a client write and read it.
type coding struct {
	name   string // of Content-Encoding; empty for none
	encode func(text []byte) ([]byte, error)
	decode func(text []byte) ([]byte, error)
}

var codings = []coding{
	{"", same, same},
	{"gzip", packed(func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }),
		unpacked(func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })},
	{"deflate", packed(func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }),
		unpacked(func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })},
	{"br", packed(toBrotli), unpacked(fromBrotli)},
	{"zstd", packed(func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) }),
		unpacked(func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) })},
	{"gzip, br", packed(func(w io.Writer) (io.WriteCloser, error) { return newPair(w) }),
		unpacked(func(r io.Reader) (io.Reader, error) { return gzip.NewReader(brotli.NewReader(r)) })},
}

func same(text []byte) ([]byte, error) { return text, nil }

func toBrotli(w io.Writer) (io.WriteCloser, error) {
	return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 3, LGWin: 16}), nil
}
func fromBrotli(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }

func packed(open func(io.Writer) (io.WriteCloser, error)) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		var out bytes.Buffer
		w, err := open(&out)
		if err == nil {
			_, err = w.Write(text)
		}
		if err == nil {
			err = w.Close()
		}
		return out.Bytes(), err
	}
}

// unpacked reads to the end: what is cut off or has something behind it fails.
func unpacked(open func(io.Reader) (io.Reader, error)) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		r, err := open(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
}

// pair is gzip in brotli.
type pair struct {
	*gzip.Writer
	outer io.Closer
}

func newPair(w io.Writer) (io.WriteCloser, error) {
	outer, err := toBrotli(w)
	return pair{gzip.NewWriter(outer), outer}, err
}

func (p pair) Close() error {
	if err := p.Writer.Close(); err != nil {
		return err
	}
	return p.outer.Close()
}
