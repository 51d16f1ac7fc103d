package split_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/internal/codec/split"
)

// framed is one gRPC message on the wire.
func framed(flag byte, message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(message)))) + message
}

// packed compresses a message.
func packed(coding, message string) string {
	chain, err := codec.ParseChain([]string{coding})
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	w := chain.NewWriter(&b)
	w.Write([]byte(message))
	w.Close()
	return b.String()
}

type grpcStream struct {
	name, body string
	want       []run
	fails      bool
}

func grpcStreams() []grpcStream {
	zipped := framed(1, packed("gzip", "compressed"))
	return []grpcStream{
		{"nothing", "", nil, false},
		{"one", framed(0, "abc"), []run{{split.Frame, 0, "\x00\x00\x00\x00\x03"}, {split.Sized, 1, "abc"}}, false},
		{"empty ones", framed(0, "") + framed(1, ""), []run{{split.Frame, 0, "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"}}, false},
		{"two", framed(0, "ab") + framed(0, "cd"), []run{
			{split.Frame, 0, "\x00\x00\x00\x00\x02"}, {split.Sized, 1, "ab"},
			{split.Frame, 0, "\x00\x00\x00\x00\x02"}, {split.Sized, 2, "cd"},
		}, false},
		{"compressed", framed(0, "a") + zipped + framed(0, "b"), []run{
			{split.Frame, 0, "\x00\x00\x00\x00\x01"}, {split.Sized, 1, "a"},
			{split.Packed, 2, zipped},
			{split.Frame, 0, "\x00\x00\x00\x00\x01"}, {split.Sized, 3, "b"},
		}, false},
		{"cut in a prefix", framed(0, "abc") + "\x00\x00", nil, true},
		{"cut behind a prefix", "\x00\x00\x00\x00\x01", nil, true},
		{"cut in a message", framed(0, "abc")[:7], nil, true},
		{"cut in a compressed message", zipped[:12], nil, true},
		{"trailers of another protocol", framed(0x80, "grpc-status: 0"), nil, true},
		{"unknown flag", framed(4, "abc"), nil, true},
		{"text", "not gRPC at all", nil, true},
	}
}

func TestGRPC(t *testing.T) {
	for _, test := range grpcStreams() {
		got, err := takeApart(t, sampleBody("grpc"), []byte(test.body))
		var wrong *codec.FormatError
		if errors.As(err, &wrong) != test.fails || (err != nil) != test.fails {
			t.Errorf("%s: error %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, got.Runs); err == nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestGRPCRelatives(t *testing.T) {
	for _, test := range []struct {
		contentType, encoding, body string
		texts                       int
		fails                       bool
	}{
		{"application/grpc-web+proto", "", framed(0, "a") + framed(0x80, "grpc-status:0\r\n"), 2, false},
		{"application/grpc-web", "gzip", framed(0x81, packed("gzip", "grpc-status:0\r\n")), 1, false},
		{"application/connect+json", "", framed(0, "{}") + framed(2, "{}"), 2, false},
		{"application/connect+json", "", framed(0x80, "{}"), 0, true},
		{"application/grpc-web-text", "", "", 0, false},
		{"application/grpc-web-text", "", "AAAA", 0, true},
	} {
		got, err := takeApart(t, split.Body{ContentType: test.contentType, GRPCEncoding: test.encoding}, []byte(test.body))
		var wrong *codec.FormatError
		if errors.As(err, &wrong) != test.fails || (err != nil) != test.fails || len(got.Last) != test.texts {
			t.Errorf("%s %q: error %v, %d texts, want %d", test.contentType, test.body, err, len(got.Last), test.texts)
		}
	}
}

func TestGRPCEncodings(t *testing.T) {
	for _, encoding := range []string{"gzip", "deflate", "zstd"} {
		body := split.Body{ContentType: "application/grpc", GRPCEncoding: encoding}
		opened := 0
		s := body.NewSplitter(func(p split.Part) error {
			content, err := p.Envelope.Open(p.Data)
			if err != nil || string(content) != "the message" {
				t.Errorf("%s: opened %q, error %v", encoding, content, err)
			}
			closed := p.Envelope.Close([]byte("before"), []byte("another"))
			rest, ok := bytes.CutPrefix(closed, []byte("before\x01"))
			if !ok || int(binary.BigEndian.Uint32(rest)) != len(rest)-4 {
				t.Errorf("%s: closed %q", encoding, closed)
			}
			if content, err = p.Envelope.Open(closed[len("before"):]); err != nil || string(content) != "another" {
				t.Errorf("%s: opened %q again, error %v", encoding, content, err)
			}
			opened++
			return nil
		})
		if err := s.Write([]byte(framed(1, packed(encoding, "the message")))); err != nil || opened != 1 {
			t.Errorf("%s: error %v, %d messages", encoding, err, opened)
		}
	}
	for encoding, want := range map[string]error{
		"":         new(codec.FormatError),
		"identity": new(codec.FormatError),
		"snappy":   new(codec.UnknownCodingError),
	} {
		body := split.Body{ContentType: "application/grpc", GRPCEncoding: encoding}
		if _, err := takeApart(t, body, []byte(framed(0, "plain"))); err != nil {
			t.Errorf("%q: uncompressed message: error %v", encoding, err)
		}
		_, err := takeApart(t, body, []byte(framed(1, "x")))
		if !sameType(err, want) {
			t.Errorf("%q: compressed message: error %v, want a %T", encoding, err, want)
		}
	}
}

func TestGRPCLimits(t *testing.T) {
	const limit = 4 << 20
	body := sampleBody("grpc")
	_, err := takeApart(t, body, []byte("\x01\x00\x40\x00\x01"))
	if !sameType(err, new(codec.LimitError)) {
		t.Errorf("a compressed message of 4 MiB and a byte: error %v", err)
	}
	for size, fails := range map[int]bool{limit: false, limit + 1: true} {
		s := body.NewSplitter(func(p split.Part) error {
			content, err := p.Envelope.Open(p.Data)
			if err == nil && len(content) != size {
				t.Errorf("opened %d bytes, want %d", len(content), size)
			}
			return err
		})
		message := make([]byte, size)
		rnd := rand.NewChaCha8([32]byte{})
		for i := 0; i < size; i += 8 { // so that the limit of the ratio is not met first
			message[i] = byte(rnd.Uint64())
		}
		err := s.Write([]byte(framed(1, packed("gzip", string(message)))))
		if fails != sameType(err, new(codec.LimitError)) || !fails && err != nil {
			t.Errorf("a message of %d bytes: error %v", size, err)
		}
	}
}

// checkEnvelope opens a packed message and, if that is possible, closes it again.
func checkEnvelope(t testing.TB, p split.Part) {
	t.Helper()
	content, err := p.Envelope.Open(p.Data)
	if err != nil {
		return
	}
	again, err := p.Envelope.Open(p.Envelope.Close(nil, content))
	if err != nil || !bytes.Equal(again, content) {
		t.Errorf("a message of %d bytes becomes one of %d, error %v", len(content), len(again), err)
	}
}

// sameType reports whether err is one of want's type.
func sameType(err, want error) bool {
	switch want.(type) {
	case *codec.FormatError:
		_, ok := errors.AsType[*codec.FormatError](err)
		return ok
	case *codec.LimitError:
		_, ok := errors.AsType[*codec.LimitError](err)
		return ok
	case *codec.UnknownCodingError:
		_, ok := errors.AsType[*codec.UnknownCodingError](err)
		return ok
	}
	return false
}
