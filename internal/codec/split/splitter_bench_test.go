package split_test

import (
	"testing"

	"github.com/stanch-dev/stanch/internal/codec/split"
)

func BenchmarkSplitter(b *testing.B) {
	for _, test := range []struct{ format, input string }{
		{"plain", long(32 << 10)},
		{"sse", stream(`data: {"id":"c-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":"%s"},"logprobs":null,"finish_reason":null}]}` + "\n\n")},
		{"multipart", lines("--b1", `Content-Disposition: form-data; name="a"`, "Content-Type: image/png", "", long(32<<10), "--b1", "")},
		{"grpc", framed(0, long(1000))},
	} {
		b.Run(test.format, func(b *testing.B) {
			s := sampleBody(test.format).NewSplitter(func(split.Part) error { return nil })
			p := []byte(test.input)
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Write(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sampleBody("plain").NewSplitter(func(split.Part) error { return nil })
		}
	})
}
